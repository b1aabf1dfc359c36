/*
 * The records of glibc's malloc trace (branch dj/malloc of 2016, struct __malloc_trace_buffer_s), which
 * glibc-malloc-trace-utils works on: 32 bytes each in the first version, 64 in the one that begins with a magic record.
 * Little-endian, of a 64-bit machine. The order of the records is taken for that of the calls.
 */
#include <errno.h>
#include <string.h>

#include "fields.h"
#include "format.h"

enum record_type {
    RECORD_UNUSED,
    RECORD_MALLOC,
    RECORD_CALLOC,
    RECORD_FREE,
    RECORD_REALLOC,
    RECORD_MEMALIGN,
    RECORD_VALLOC,
    RECORD_PVALLOC,
    RECORD_POSIX_MEMALIGN,
    RECORD_TYPES,
    RECORD_MAGIC = 255
};

struct record {
    uint32_t thread;
    uint32_t type_and_path; /* type in the low 8 bits */
    uint64_t ptr1;          /* the old pointer; POSIX_MEMALIGN: the error code */
    uint64_t ptr2;          /* the new pointer */
    uint64_t size;
    /* From here on in the longer version only. */
    uint64_t size2; /* MEMALIGN, POSIX_MEMALIGN: alignment */
    uint64_t size3, pad[2];
};

enum { SHORT_BYTES = offsetof(struct record, size2), LONG_BYTES = sizeof(struct record) };
static_assert(SHORT_BYTES == 32 && LONG_BYTES == 64, "no padding");

enum { MAGIC_POINTER = 0x1234, PAGE_LOG2 = 12 };

struct state {
    size_t record_bytes; /* 0: nothing is read yet */
};

static enum record_type type_of(const struct record *r)
{
    return (enum record_type)(r->type_and_path & 0xff);
}

static bool is_magic(const struct record *r)
{
    return type_of(r) == RECORD_MAGIC && r->ptr1 == MAGIC_POINTER && r->size == 8;
}

/* 0 when it is neither. */
static size_t find_record_bytes(const char *bytes, size_t n)
{
    struct record first = {0};
    memcpy(&first, bytes, n < LONG_BYTES ? n : LONG_BYTES);
    if (n >= LONG_BYTES && is_magic(&first))
        return LONG_BYTES;
    return n >= SHORT_BYTES && type_of(&first) < RECORD_POSIX_MEMALIGN ? SHORT_BYTES : 0;
}

static int bad_record(struct import_reader *r, const char *why, struct err *err)
{
    return err_set(err, EINVAL, "%s: %s (in the record before byte %lu)", source_path(r->in), why,
                   source_position(r->in));
}

static void fill_aligned(struct import_event *e, const struct record *rec)
{
    uint64_t page = (uint64_t)1 << PAGE_LOG2;
    e->kind = TRACE_ALIGNED;
    e->align_log2 = PAGE_LOG2;
    if (type_of(rec) == RECORD_MEMALIGN || type_of(rec) == RECORD_POSIX_MEMALIGN)
        e->align_log2 = fields_log2(rec->size2);
    if (type_of(rec) == RECORD_PVALLOC && e->bytes <= UINT64_MAX - page)
        e->bytes = (e->bytes + page - 1) & ~(page - 1);
}

static void fill(struct import_event *e, const struct record *rec)
{
    *e = (struct import_event){.thread = rec->thread, .made = rec->ptr2, .bytes = rec->size};
    switch (type_of(rec)) {
    case RECORD_MALLOC:
        e->kind = TRACE_MALLOC;
        break;
    case RECORD_CALLOC:
        e->kind = TRACE_CALLOC;
        break;
    case RECORD_FREE:
        e->kind = TRACE_FREE;
        e->old = rec->ptr1;
        break;
    case RECORD_REALLOC:
        e->kind = TRACE_REALLOC;
        e->old = rec->ptr1;
        break;
    default:
        fill_aligned(e, rec);
    }
}

static int begin(struct import_reader *r, struct err *err)
{
    struct state *s = r->state;
    const char *bytes;
    ssize_t n = source_peek(r->in, &bytes, LONG_BYTES, err);
    if (n <= 0)
        return (int)n;
    s->record_bytes = find_record_bytes(bytes, (size_t)n);
    return s->record_bytes ? 0
                           : err_set(err, EINVAL, "%s: its first record is none of malloc's trace",
                                     source_path(r->in));
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    struct state *s = r->state;
    int rc = s->record_bytes ? 0 : begin(r, err);
    if (rc < 0 || s->record_bytes == 0)
        return rc;
    for (;;) {
        struct record rec = {0};
        ssize_t n = source_take(r->in, &rec, s->record_bytes, err);
        if (n <= 0)
            return (int)n;
        if ((size_t)n < s->record_bytes)
            return bad_record(r, "cut off inside a record", err);
        if (type_of(&rec) == RECORD_UNUSED || is_magic(&rec))
            continue;
        if (type_of(&rec) >= RECORD_TYPES)
            return bad_record(r, "a call of unknown type", err);
        fill(e, &rec);
        return 1;
    }
}

/* Every record that is there has a type; and records are full of zeros, which text has none of. */
static bool sniff(const char *bytes, size_t n)
{
    size_t each = find_record_bytes(bytes, n);
    if (each == 0 || !memchr(bytes, '\0', n))
        return false;
    for (size_t at = 0; at + each <= n; at += each) {
        struct record rec = {0};
        memcpy(&rec, bytes + at, each);
        if (type_of(&rec) >= RECORD_TYPES && !is_magic(&rec))
            return false;
    }
    return true;
}

const struct import_format format_trace_utils = {
    .name = "trace-utils",
    .summary = "records of glibc's malloc trace (glibc-malloc-trace-utils)",
    .lost =
        "times, which thread started which (the first thread starts them all), their ends, and in "
        "the version of 32 bytes alignments",
    .state_bytes = sizeof(struct state),
    .sniff = sniff,
    .next = next,
};
