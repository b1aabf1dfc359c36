/*
 * A trace: what a real program asked of its allocator, thread by thread. docs/formats.md describes
 * the file for those who write a reader of their own; this header is its layout.
 *
 *      header | text (program and arguments) | chunk ... chunk | footer
 *
 * A chunk holds consecutive events of one thread: a header and one zstd frame. All numbers are
 * little-endian. No addresses: an object is named by the dense slot of the thread that holds it,
 * and slots are never written where they follow from the rule that an object which comes into a
 * thread (allocated or taken) gets its lowest free slot.
 */
#pragma once

#include <assert.h>

#include "bits.h"

#define TRACE_MAGIC        0x0063617274626e61ull /* "anbtrac" */
#define TRACE_CHUNK_MAGIC  0x6b6e6863u           /* "chnk" */
#define TRACE_FOOTER_MAGIC 0x00646e6574626e61ull /* "anbtend" */
#define TRACE_VERSION      1u

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "structs are written as they lie in memory");

/* Limits that a reader may rely on and must hold a file to. */
#define TRACE_TEXT_MAX        65536u
#define TRACE_CHUNK_EVENTS    131072u    /* events in one chunk */
#define TRACE_CHUNK_RAW_BYTES (4u << 20) /* its columns together */
#define TRACE_EVENTS_MAX      ((uint64_t)1 << 32)
#define TRACE_THREADS_MAX     (1u << 24)
#define TRACE_SLOTS_MAX       (1u << 28) /* objects that one thread holds at once */
#define TRACE_BYTES_MAX       ((uint64_t)1 << 47)
#define TRACE_ALIGN_LOG2_MAX  40u
#define TRACE_PAGES_ALL       UINT32_MAX

/* What stands in the columns for each kind; "enters" means: gets the lowest free slot. */
enum trace_kind {
    TRACE_NONE,       /* never in a file */
    TRACE_MALLOC,     /* sizes: bytes. Enters */
    TRACE_CALLOC,     /* sizes: bytes, the product. Enters */
    TRACE_ALIGNED,    /* sizes: bytes; others: log2 of the alignment. Enters */
    TRACE_FREE,       /* slots: which */
    TRACE_REALLOC,    /* slots: which; sizes: old bytes, new bytes. Keeps its slot */
    TRACE_REALLOC_IN, /* sizes: bytes; realloc of NULL. Enters */
    TRACE_GIVE,       /* slots: which; others: cell. The object leaves the thread */
    TRACE_TAKE,       /* others: cell. Enters, once the object was given into the cell */
    TRACE_SPAWN,      /* others: thread, which begins */
    TRACE_JOIN,       /* others: thread, which has ended */
    TRACE_END,        /* the thread's end as far as the program is concerned; frees may follow */
    TRACE_CLOCK, /* others: nanoseconds since the thread's last CLOCK, at first since the start */
    TRACE_KINDS
};

/* The columns of a chunk, one behind the other in its frame. */
enum trace_column {
    TRACE_COLUMN_KINDS,  /* one byte per event */
    TRACE_COLUMN_SLOTS,  /* varint, zig-zag difference to the column's last slot (0 at first) */
    TRACE_COLUMN_SIZES,  /* varint */
    TRACE_COLUMN_OTHERS, /* varint; cells: zig-zag difference to the last cell (0 at first) */
    TRACE_COLUMNS
};

enum trace_clock { TRACE_CLOCK_TSC, TRACE_CLOCK_MONOTONIC, TRACE_CLOCKS };

struct trace_header {
    uint64_t magic;
    uint32_t version;
    uint32_t text_bytes; /* program, arguments: each ended by a 0 byte */
    uint32_t n_threads;
    uint32_t page_bytes;
    uint32_t n_cpus;
    uint32_t clock;   /* enum trace_clock: what ordered the events */
    uint64_t start_s; /* of the recording, since 1970 */
    char system[88];  /* kernel and machine, for people; ended by a 0 byte */
};
static_assert(sizeof(struct trace_header) == 128, "the header has a fixed layout");

struct trace_chunk {
    uint32_t magic;
    uint32_t thread;
    uint32_t n_events;
    uint32_t frame_bytes;
    uint32_t column_bytes[TRACE_COLUMNS];
};
static_assert(sizeof(struct trace_chunk) == 32, "the chunk header has a fixed layout");

/* Facts of the recording in the order in which its events happened. */
struct trace_totals {
    uint64_t n_events[TRACE_KINDS]; /* by kind; [TRACE_NONE] is 0 */
    uint64_t n_cells;               /* hand-overs; each cell is given once and taken once */
    uint64_t remote_frees;          /* by another thread than the allocating one */
    uint64_t bytes;                 /* requested, summed over all allocations */
    uint64_t peak_live_bytes, peak_live_objects;
    uint64_t most_threads;  /* alive at once */
    uint64_t duration_ns;   /* first to last event */
    uint64_t lost_events;   /* seen by the recorder after the trace's end: no room */
    uint64_t unknown_frees; /* of pointers that no recorded call had returned; left out */
    uint64_t conflicts;     /* allocations at an address that was in use: a free was not seen */
};

struct trace_footer {
    uint64_t magic;
    uint64_t n_chunks;
    struct trace_totals totals;
    uint64_t checksum; /* FNV-1a (64 bits) over all bytes of the file before it */
};
static_assert(sizeof(struct trace_footer) == 8 * (3 + TRACE_KINDS + 10), "no padding");

/* "malloc", "free", ... */
const char *trace_kind_name(enum trace_kind kind);

#define TRACE_VARINT_BYTES 10 /* the longest */

/*
 * Seven bits a byte, low ones first, the high bit set in all but the last. Returns the bytes used.
 */
static inline size_t trace_put_varint(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

/*
 * Reads one number from [*p, end) and moves *p behind it; false when it is cut off or over 64 bits.
 */
static inline bool trace_get_varint(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = v;
            return true;
        }
    }
    return false;
}

static inline uint64_t trace_zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

static inline int64_t trace_unzigzag(uint64_t n)
{
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

#define TRACE_CHECKSUM_START 0xcbf29ce484222325ull

static inline uint64_t trace_checksum(uint64_t sum, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
    return sum;
}
