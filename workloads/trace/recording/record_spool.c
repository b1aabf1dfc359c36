#include "record_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "stamp.h"
#include "text.h"

/* A tree of more processes than that is not one that anybody wants to look at. */
#define SPOOLS_MAX 100000u

int record_spool_folder(const char *folder, const char *output, char out[PATH_MAX], struct err *err)
{
    char text[PATH_MAX];
    const char *slash = strrchr(output, '/');
    if (folder)
        text_format(text, sizeof(text), "%s", folder);
    else if (slash)
        text_format(text, sizeof(text), "%.*s", (int)(slash - output + 1), output);
    else
        text_format(text, sizeof(text), ".");
    if (!realpath(text, out))
        return err_set_errno(err, errno, "cannot write to folder %s", text);
    return 0;
}

static enum trace_clock choose_clock(const struct record_options *o)
{
    return !o->monotonic && tsc_is_sound() ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
}

static void fill_header(struct spool_header *h, const struct record_options *o,
                        enum trace_clock clock)
{
    h->limit_bytes = o->spool_bytes ? o->spool_bytes : RECORD_SPOOL_BYTES;
    h->clock = clock;
    h->tree = o->tree;
    atomic_store(&h->claimed_bytes, SPOOL_UNIT_BYTES);
    atomic_store(&h->lost_stamp, UINT64_MAX);
    atomic_store(&h->n_threads, 1);
    atomic_store(&h->n_spools, 1);
    h->magic = SPOOL_MAGIC;
}

int record_spool_make(struct record_spool *s, const struct record_options *o, struct err *err)
{
    char folder[PATH_MAX];
    int rc = record_spool_folder(o->spool_dir, o->output, folder, err);
    if (rc < 0)
        return rc;
    text_format(s->path, sizeof(s->path), "%s/.arenabench-spool-XXXXXX", folder);
    s->fd = mkostemp(s->path, O_CLOEXEC);
    if (s->fd < 0) {
        rc = err_set_errno(err, errno, "cannot write to folder %s", folder);
        s->path[0] = '\0';
        return rc;
    }
    int code = posix_fallocate(s->fd, 0, SPOOL_UNIT_BYTES);
    if (code != 0)
        return err_set_errno(err, code, "cannot write %s", s->path);
    s->header = os_map_file(s->fd, SPOOL_UNIT_BYTES, OS_READ_WRITE, OS_PLAIN);
    if (!s->header)
        return err_set_errno(err, errno, "cannot write %s", s->path);
    s->clock = choose_clock(o);
    fill_header(s->header, o, s->clock);
    return 0;
}

uint32_t record_spool_count(const struct record_spool *s)
{
    uint32_t n = s->header ? atomic_load(&s->header->n_spools) : 0;
    return n < SPOOLS_MAX ? n : SPOOLS_MAX; /* the program could write there */
}

static void path_of(const struct record_spool *s, uint32_t number, char *out, size_t n)
{
    text_format(out, n, "%s.%u", s->path, number);
}

int record_spool_open(const struct record_spool *s, uint32_t number)
{
    char path[PATH_MAX + 16];
    path_of(s, number, path, sizeof(path));
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

void record_spool_remove(struct record_spool *s)
{
    char path[PATH_MAX + 16];
    uint32_t n = record_spool_count(s);
    for (uint32_t i = 1; i < n; i++) {
        path_of(s, i, path, sizeof(path));
        unlink(path);
    }
    if (s->path[0] != '\0')
        unlink(s->path);
    /* Processes that the program left behind may have it mapped for long: that is to cost no disk. */
    off_t end = s->fd >= 0 ? lseek(s->fd, 0, SEEK_END) : 0;
    if (end > 0)
        (void)fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end);
    os_unmap(s->header, SPOOL_UNIT_BYTES);
    if (s->fd >= 0)
        close(s->fd);
    *s = (struct record_spool){.fd = -1};
}
