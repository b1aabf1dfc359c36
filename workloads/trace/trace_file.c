#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A frame cannot be much longer than what it holds. */
#define FRAME_BYTES_MAX (TRACE_CHUNK_RAW_BYTES + TRACE_CHUNK_RAW_BYTES / 128)

int trace_file_no_memory(const struct trace_file *f, struct err *err)
{
    return err_set(err, ENOMEM, "%s: no memory to read it", f->path);
}

int trace_file_damaged(const struct trace_file *f, uint64_t at, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "%s: damaged trace: %s (at byte %lu)", f->path, what, at);
}

static int headless(const struct trace_file *f, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "%s: trace cut off: the file ends after %lu bytes, inside %s",
                   f->path, f->n_bytes, what);
}

static int read_at(const struct trace_file *f, uint64_t at, void *out, size_t n, struct err *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(f->fd, (char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read %s", f->path);
        if (got == 0)
            return err_set(err, EINVAL, "%s: became shorter while it was read", f->path);
        done += (size_t)got;
    }
    return 0;
}

static bool ends(const char *text, size_t n)
{
    return memchr(text, '\0', n) != NULL;
}

static int check_header(const struct trace_file *f, struct err *err)
{
    const struct trace_header *h = &f->header;
    if (h->n_threads == 0 || h->n_threads > TRACE_THREADS_MAX || h->text_bytes == 0 ||
        h->text_bytes > TRACE_TEXT_MAX || h->clock >= TRACE_CLOCKS || h->source >= TRACE_SOURCES ||
        (h->flags & ~TRACE_FLAGS_KNOWN) || !ends(h->system, sizeof(h->system)) ||
        !ends(h->cpu, sizeof(h->cpu)) || !ends(h->allocator, sizeof(h->allocator)))
        return trace_file_damaged(f, 0, "its header holds impossible numbers", err);
    if (f->n_bytes < sizeof(*h) + h->text_bytes)
        return headless(f, "the program's name", err);
    return 0;
}

static int read_text(struct trace_file *f, struct err *err)
{
    uint32_t n = f->header.text_bytes;
    f->text = malloc(n);
    if (!f->text)
        return trace_file_no_memory(f, err);
    int rc = read_at(f, sizeof(f->header), f->text, n, err);
    if (rc == 0 && f->text[n - 1] != '\0')
        rc = trace_file_damaged(f, sizeof(f->header), "the program's name does not end", err);
    f->chunks_begin = f->chunks_end = sizeof(f->header) + n;
    return rc;
}

static int read_header(struct trace_file *f, struct err *err)
{
    uint32_t begin[3]; /* magic, version: the same in every version */
    if (f->n_bytes < sizeof(f->header.magic))
        return err_set(err, EINVAL, "%s is not a trace (%lu bytes)", f->path, f->n_bytes);
    int rc = read_at(f, 0, &f->header.magic, sizeof(f->header.magic), err);
    if (rc < 0)
        return rc;
    if (f->header.magic != TRACE_MAGIC)
        return err_set(err, EINVAL, "%s is not a trace", f->path);
    if (f->n_bytes < sizeof(begin))
        return headless(f, "its header", err);
    rc = read_at(f, 0, begin, sizeof(begin), err);
    if (rc < 0)
        return rc;
    if (begin[2] != TRACE_VERSION)
        return err_set(err, EINVAL,
                       "%s: trace of version %u; this program reads version %u: record it again",
                       f->path, begin[2], TRACE_VERSION);
    if (f->n_bytes < sizeof(f->header))
        return headless(f, "its header", err);
    rc = read_at(f, 0, &f->header, sizeof(f->header), err);
    if (rc == 0)
        rc = check_header(f, err);
    return rc == 0 ? read_text(f, err) : rc;
}

static int read_frame(struct trace_file *f, uint64_t at, uint32_t n, struct err *err)
{
    if (n > f->frame_room) {
        free(f->frame);
        f->frame = malloc(n);
        f->frame_room = f->frame ? n : 0;
        if (!f->frame)
            return trace_file_no_memory(f, err);
    }
    return read_at(f, at, f->frame, n, err);
}

static int check_chunk(const struct trace_file *f, const struct trace_chunk *c, uint64_t at,
                       uint64_t checksum, struct err *err)
{
    if (c->checksum != trace_checksum(checksum, c, offsetof(struct trace_chunk, checksum)))
        return trace_file_damaged(
            f, at, "the checksum of a chunk does not match what stands before it", err);
    if (c->n_events == 0 || c->n_events > TRACE_CHUNK_EVENTS ||
        c->raw_bytes > TRACE_CHUNK_RAW_BYTES || c->frame_bytes > FRAME_BYTES_MAX)
        return trace_file_damaged(f, at, "a chunk of impossible length", err);
    return 0;
}

/* From `at`, the end of the last complete chunk, on there is not enough for what begins there. */
static void set_cut(struct trace_file *f, uint64_t at, const char *inside)
{
    f->is_cut = true;
    f->cut = (struct trace_cut){.used_bytes = at, .file_bytes = f->n_bytes, .inside = inside};
}

static int check_footer(struct trace_file *f, uint64_t n_chunks, uint64_t checksum, struct err *err)
{
    const struct trace_footer *footer = &f->footer;
    uint64_t at = f->chunks_end;
    checksum = trace_checksum(checksum, footer, offsetof(struct trace_footer, checksum));
    if (f->n_bytes != at + sizeof(*footer))
        return trace_file_damaged(f, at + sizeof(*footer), "something follows the footer", err);
    if (checksum != footer->checksum)
        return trace_file_damaged(f, at, "its checksum does not match", err);
    if (n_chunks != footer->n_chunks)
        return trace_file_damaged(f, at, "its footer counts other chunks than there are", err);
    if (footer->totals.exit_how >= TRACE_EXITS)
        return trace_file_damaged(f, at, "its footer holds impossible numbers", err);
    return 0;
}

/* What begins at `at`, as far as it is there: a chunk, the footer, or neither. */
static int read_magic(const struct trace_file *f, uint64_t at, bool *is_footer, struct err *err)
{
    static const uint32_t chunk = TRACE_CHUNK_MAGIC;
    static const uint64_t footer = TRACE_FOOTER_MAGIC;
    uint64_t magic = 0, left = f->n_bytes - at;
    size_t n = left < sizeof(magic) ? left : sizeof(magic);
    int rc = read_at(f, at, &magic, n, err);
    if (rc < 0)
        return rc;
    *is_footer = n > 0 && memcmp(&magic, &footer, n) == 0;
    if (!*is_footer && memcmp(&magic, &chunk, n < sizeof(chunk) ? n : sizeof(chunk)) != 0)
        return trace_file_damaged(f, at, "neither a chunk nor the footer begins here", err);
    return 0;
}

static int read_footer(struct trace_file *f, uint64_t n_chunks, uint64_t checksum, struct err *err)
{
    if (f->n_bytes - f->chunks_end < sizeof(f->footer)) {
        set_cut(f, f->chunks_end, "its footer");
        return 0;
    }
    int rc = read_at(f, f->chunks_end, &f->footer, sizeof(f->footer), err);
    return rc == 0 ? check_footer(f, n_chunks, checksum, err) : rc;
}

/* A chunk, added to the checksum and f->chunks_end; f->is_cut when it is not complete. */
static int scan_chunk(struct trace_file *f, uint64_t *checksum, struct err *err)
{
    struct trace_chunk c;
    uint64_t at = f->chunks_end, left = f->n_bytes - at;
    if (left < sizeof(c)) {
        set_cut(f, at, left ? "a chunk" : "the next chunk or its footer");
        return 0;
    }
    int rc = read_at(f, at, &c, sizeof(c), err);
    if (rc == 0)
        rc = check_chunk(f, &c, at, *checksum, err);
    if (rc < 0)
        return rc;
    if (left - sizeof(c) < c.frame_bytes) {
        set_cut(f, at, "a chunk");
        return 0;
    }
    rc = read_frame(f, at + sizeof(c), c.frame_bytes, err);
    if (rc < 0)
        return rc;
    *checksum = trace_checksum(*checksum, &c, sizeof(c));
    *checksum = trace_checksum(*checksum, f->frame, c.frame_bytes);
    if (c.raw_bytes > f->most_raw_bytes)
        f->most_raw_bytes = c.raw_bytes;
    if (c.frame_bytes > f->most_frame_bytes)
        f->most_frame_bytes = c.frame_bytes;
    if (c.n_events > f->most_events)
        f->most_events = c.n_events;
    f->chunks_end = at + sizeof(c) + c.frame_bytes;
    return 0;
}

/* From chunk to chunk without unpacking them. */
static int scan_chunks(struct trace_file *f, struct err *err)
{
    uint64_t n_chunks = 0;
    uint64_t checksum = trace_checksum(TRACE_CHECKSUM_START, &f->header, sizeof(f->header));
    checksum = trace_checksum(checksum, f->text, f->header.text_bytes);
    while (!f->is_cut) {
        bool is_footer;
        int rc = read_magic(f, f->chunks_end, &is_footer, err);
        if (rc == 0 && is_footer)
            return read_footer(f, n_chunks, checksum, err);
        if (rc == 0)
            rc = scan_chunk(f, &checksum, err);
        if (rc < 0)
            return rc;
        n_chunks++;
    }
    return 0;
}

int trace_file_open(struct trace_file *f, const char *path, struct err *err)
{
    struct stat st;
    f->fd = -1;
    f->path = strdup(path);
    if (!f->path)
        return err_set(err, ENOMEM, "%s: no memory to read it", path);
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return err_set_errno(err, errno, "cannot open trace %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a trace: not a regular file", path);
    f->n_bytes = (uint64_t)st.st_size;
    int rc = read_header(f, err);
    return rc == 0 ? scan_chunks(f, err) : rc;
}

void trace_file_release(struct trace_file *f)
{
    if (f->path && f->fd >= 0)
        close(f->fd);
    free(f->frame);
    free(f->text);
    free(f->path);
    *f = (struct trace_file){.fd = -1};
}

int trace_file_chunk(struct trace_file *f, uint64_t at, struct trace_chunk *chunk, struct err *err)
{
    int rc = read_at(f, at, chunk, sizeof(*chunk), err);
    if (rc < 0)
        return rc;
    if (chunk->magic != TRACE_CHUNK_MAGIC || chunk->n_events > f->most_events ||
        chunk->raw_bytes > f->most_raw_bytes || chunk->frame_bytes > f->most_frame_bytes)
        return err_set(err, EINVAL, "%s: changed while it was read", f->path);
    return read_frame(f, at + sizeof(*chunk), chunk->frame_bytes, err);
}
