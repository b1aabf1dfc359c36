#include "plan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "plan_memory.h"
#include "replace.h"
#include "text.h"

static int open_file(const char *path, uint64_t *n_bytes, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(err, EINVAL, "%s is not a regular file", path);
    }
    *n_bytes = (uint64_t)st.st_size;
    return fd;
}

int plan_file_is_plan(const char *path, struct err *err)
{
    uint64_t n_bytes, magic = 0;
    int fd = open_file(path, &n_bytes, err);
    if (fd < 0)
        return fd;
    ssize_t got = pread(fd, &magic, sizeof(magic), 0);
    close(fd);
    if (got < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    return magic == PLAN_MAGIC;
}

/* A piece at a time, so that a plan larger than memory can be copied, too. */
enum { PIECE = 1 << 20 };

static int read_whole(int from, void *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t piece = n - done < PIECE ? n - done : PIECE;
        ssize_t got = pread(from, (char *)to + done, piece, (off_t)done);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        os_forget(to, done, done + (size_t)got);
        done += (size_t)got;
    }
    return 0;
}

static int fill_and_seal(int from, int *fd, struct plan *draft, size_t n_bytes,
                         const struct plan **plan, struct err *err)
{
    int rc = read_whole(from, draft, n_bytes);
    if (rc == 0)
        return plan_memory_seal(fd, draft, n_bytes, plan, err);
    os_unmap(draft, n_bytes);
    close(*fd);
    return err_set_errno(err, -rc, "cannot be read");
}

/* Where a plan in a file is to lie when it is executed; what is no plan is refused later. */
static enum plan_place place_of(int fd)
{
    struct plan header;
    bool streamed = pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
                    header.flags & PLAN_STREAMED;
    return streamed ? PLAN_ON_DISK : PLAN_IN_MEMORY;
}

int plan_file_read(const char *path, int *fd, const struct plan **plan, struct err *err)
{
    uint64_t n_bytes;
    struct plan *draft;
    int from = open_file(path, &n_bytes, err);
    if (from < 0)
        return from;
    int rc = n_bytes < sizeof(*draft) ? err_set(err, EINVAL, "too short for a plan")
                                      : plan_memory_make(n_bytes, place_of(from), fd, &draft, err);
    if (rc == 0)
        rc = fill_and_seal(from, fd, draft, n_bytes, plan, err);
    if (rc < 0)
        err_prefix(err, "%s", path);
    close(from);
    return rc;
}

static int write_whole(FILE *out, const struct plan *plan)
{
    size_t done = 0, n = plan->n_bytes, written = 1;
    for (; done < n && written > 0; done += written) {
        const char *from = (const char *)plan + done;
        written = fwrite(from, 1, n - done < PIECE ? n - done : PIECE, out);
        os_forget(plan, done, done + written);
    }
    int closed = fclose(out);
    return done == n && closed == 0 ? 0 : -errno;
}

int plan_file_write(const char *path, const struct plan *plan, struct err *err)
{
    char draft[PATH_MAX];
    int rc = output_replaceable(path, err);
    if (rc < 0)
        return rc;
    text_format(draft, sizeof(draft), "%s.%d", path, (int)getpid());
    FILE *out = fopen(draft, "wxe");
    if (!out)
        return err_set_errno(err, errno, "cannot write %s", draft);
    rc = write_whole(out, plan);
    if (rc == 0 && rename(draft, path) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(draft);
        return err_set_errno(err, -rc, "cannot write %s", path);
    }
    return 0;
}
