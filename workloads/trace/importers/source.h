/*
 * The bytes of an input file, unpacked on the way when the file is gzip, bzip2, xz or zstd, or a zip or tar
 * archive with one file in it. Read from the beginning to the end, by lines or by bytes. One thread at a time.
 */
#pragma once

#include <sys/types.h>

#include "err.h"

#define SOURCE_LINE_MAX (1u << 20) /* bytes of a line */

struct source;

/* 0 or a negative errno with *out NULL. Only regular files, because importers read them twice. */
int source_open(struct source **out, const char *path, struct err *err) MUST_CHECK;
/* NULL is allowed. */
void source_close(struct source *s);

/*
 * What comes next, without taking it: up to `n` bytes, fewer only at the end. *bytes stays valid until the next
 * call. The number of bytes, or a negative errno.
 */
ssize_t source_peek(struct source *s, const char **bytes, size_t n, struct err *err) MUST_CHECK;

/*
 * The next line without its end ("\n" or "\r\n"), ended by a 0 byte, the caller's to change until the next call.
 * 1, 0 at the end, or a negative errno: a line over SOURCE_LINE_MAX or with a 0 byte in it is an error.
 */
int source_line(struct source *s, char **line, struct err *err) MUST_CHECK;

/* The next `n` bytes; returns how many there were: fewer than `n` only at the end. Or a negative errno. */
ssize_t source_take(struct source *s, void *out, size_t n, struct err *err) MUST_CHECK;

/* The number of the last line, from 1; of the byte that comes next, from 0. */
uint64_t source_line_number(const struct source *s);
uint64_t source_position(const struct source *s);

/* "FILE:LINE: ..." as an -EINVAL. */
int source_bad(const struct source *s, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *source_path(const struct source *s);

/* How far it is read: 0 to 1, of the file's own bytes. */
double source_share(const struct source *s);
