#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define BLOCK_BYTES (64 * KIB)
#define FIRST_ROOM  (256 * KIB)

struct source {
    char *path;
    int fd;
    uint64_t file_bytes;
    struct archive *archive;
    char *buffer;
    size_t begin, end, room; /* what is read and not taken yet: buffer[begin, end) */
    uint64_t taken;          /* bytes */
    uint64_t line;
    bool at_end;
};

/* No filter that runs another program, and no format that is not named in the header. */
static bool allow_formats(struct archive *a)
{
    return archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
           archive_read_support_filter_xz(a) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
           archive_read_support_format_zip(a) == ARCHIVE_OK &&
           archive_read_support_format_tar(a) == ARCHIVE_OK &&
           archive_read_support_format_empty(a) == ARCHIVE_OK &&
           archive_read_support_format_raw(a) == ARCHIVE_OK;
}

static int archive_failed(const struct source *s, struct err *err)
{
    const char *why = archive_error_string(s->archive);
    return err_set(err, EINVAL, "cannot read %s: %s", s->path, why ? why : "it is damaged");
}

/* To the next file with something in it. 1, 0 when there is none, or a negative errno. */
static int next_entry(struct source *s, struct err *err)
{
    struct archive_entry *entry;
    for (;;) {
        int rc = archive_read_next_header(s->archive, &entry);
        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
            return archive_failed(s, err);
        bool is_raw = archive_format(s->archive) == ARCHIVE_FORMAT_RAW;
        bool is_empty = archive_entry_size_is_set(entry) && archive_entry_size(entry) == 0;
        if (is_raw || (archive_entry_filetype(entry) == AE_IFREG && !is_empty))
            return 1;
    }
}

static int open_file(struct source *s, struct err *err)
{
    struct stat st;
    if (strcmp(s->path, "-") == 0)
        return err_set(err, EINVAL,
                       "an import reads its input twice: store it in a file and name that one");
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (s->fd < 0 || fstat(s->fd, &st) < 0)
        return err_set_errno(err, errno, "cannot open %s", s->path);
    if (!S_ISREG(st.st_mode))
        return err_set(
            err, EINVAL,
            "%s is not a regular file: an import reads its input twice, so store it in one",
            s->path);
    s->file_bytes = (uint64_t)st.st_size;
    return 0;
}

static int open_archive(struct source *s, struct err *err)
{
    s->archive = archive_read_new();
    if (!s->archive || !allow_formats(s->archive))
        return err_set(err, ENOMEM, "%s: no memory to read it", s->path);
    if (archive_read_open_fd(s->archive, s->fd, BLOCK_BYTES) != ARCHIVE_OK)
        return archive_failed(s, err);
    int rc = next_entry(s, err);
    s->at_end = rc == 0;
    return rc < 0 ? rc : 0;
}

int source_open(struct source **out, const char *path, struct err *err)
{
    *out = NULL;
    struct source *s = calloc(1, sizeof(*s));
    if (!s)
        return err_set(err, ENOMEM, "%s: no memory to read it", path);
    s->fd = -1;
    s->room = FIRST_ROOM;
    s->path = strdup(path);
    s->buffer = malloc(s->room);
    int rc;
    if (!s->path || !s->buffer)
        rc = err_set(err, ENOMEM, "%s: no memory to read it", path);
    else
        rc = open_file(s, err);
    if (rc == 0)
        rc = open_archive(s, err);
    if (rc < 0)
        source_close(s);
    else
        *out = s;
    return rc;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    archive_read_free(s->archive);
    if (s->fd >= 0)
        close(s->fd);
    free(s->buffer);
    free(s->path);
    free(s);
}

/* The first file of an archive is at its end; another one would be left out in silence. */
static int end_entry(struct source *s, struct err *err)
{
    s->at_end = true;
    if (archive_format(s->archive) == ARCHIVE_FORMAT_RAW)
        return 0;
    int rc = next_entry(s, err);
    if (rc > 0)
        rc =
            err_set(err, EINVAL, "%s holds several files: unpack it and name one of them", s->path);
    return rc;
}

/* Room for more behind what is there. */
static int make_room(struct source *s, struct err *err)
{
    if (s->begin > 0) {
        memmove(s->buffer, s->buffer + s->begin, s->end - s->begin);
        s->end -= s->begin;
        s->begin = 0;
    }
    if (s->end + 1 < s->room)
        return 0;
    char *buffer = realloc(s->buffer, 2 * s->room);
    if (!buffer)
        return err_set(err, ENOMEM, "%s: no memory to read it", s->path);
    s->buffer = buffer;
    s->room *= 2;
    return 0;
}

/* More bytes behind what is there. 0 or a negative errno; at the end at_end is set. */
static int fill(struct source *s, struct err *err)
{
    int rc = make_room(s, err);
    if (rc < 0)
        return rc;
    /* One byte stays free for the 0 behind a last line without an end. */
    ssize_t n = archive_read_data(s->archive, s->buffer + s->end, s->room - s->end - 1);
    if (n == 0)
        return end_entry(s, err);
    if (n < 0)
        return archive_failed(s, err);
    s->end += (size_t)n;
    return 0;
}

ssize_t source_peek(struct source *s, const char **bytes, size_t n, struct err *err)
{
    while (s->end - s->begin < n && !s->at_end) {
        int rc = fill(s, err);
        if (rc < 0)
            return rc;
    }
    *bytes = s->buffer + s->begin;
    return (ssize_t)(s->end - s->begin < n ? s->end - s->begin : n);
}

/* Gives out buffer[begin, begin + n) as a line; `skip` bytes end it. */
static int give_line(struct source *s, size_t n, size_t skip, char **line, struct err *err)
{
    *line = s->buffer + s->begin;
    s->line++;
    s->begin += n + skip;
    s->taken += n + skip;
    if (memchr(*line, '\0', n))
        return source_bad(s, err, "a 0 byte: this is no text");
    if (n > 0 && (*line)[n - 1] == '\r')
        n--;
    (*line)[n] = '\0';
    return 1;
}

int source_line(struct source *s, char **line, struct err *err)
{
    size_t seen = 0;
    for (;;) {
        size_t n = s->end - s->begin;
        char *newline = memchr(s->buffer + s->begin + seen, '\n', n - seen);
        if (newline)
            return give_line(s, (size_t)(newline - s->buffer) - s->begin, 1, line, err);
        if (s->at_end)
            return n > 0 ? give_line(s, n, 0, line, err) : 0;
        if (n > SOURCE_LINE_MAX) {
            s->line++;
            return source_bad(s, err, "a line of more than %u bytes", SOURCE_LINE_MAX);
        }
        seen = n;
        int rc = fill(s, err);
        if (rc < 0)
            return rc;
    }
}

ssize_t source_take(struct source *s, void *out, size_t n, struct err *err)
{
    const char *bytes;
    ssize_t got = source_peek(s, &bytes, n, err);
    if (got <= 0)
        return got;
    memcpy(out, bytes, (size_t)got);
    s->begin += (size_t)got;
    s->taken += (uint64_t)got;
    return got;
}

uint64_t source_line_number(const struct source *s)
{
    return s->line;
}

uint64_t source_position(const struct source *s)
{
    return s->taken;
}

const char *source_path(const struct source *s)
{
    return s->path;
}

int source_bad(const struct source *s, struct err *err, const char *format, ...)
{
    char why[ERR_BYTES];
    va_list args;
    va_start(args, format);
    text_vformat(why, sizeof(why), format, args);
    va_end(args);
    return err_set(err, EINVAL, "%s:%lu: %s", s->path, s->line, why);
}

double source_share(const struct source *s)
{
    double read = (double)archive_filter_bytes(s->archive, -1); /* may count what is read twice */
    return read < (double)s->file_bytes ? read / (double)s->file_bytes : 1.0;
}
