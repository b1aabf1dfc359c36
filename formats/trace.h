/*
 * A trace: what a real program asked of its allocator, thread by thread. docs/formats.md describes
 * the file for those who write a reader of their own; this header is its layout.
 *
 *      header | text (program and arguments) | chunk ... chunk | footer
 *
 * A chunk is an epoch: consecutive events of the whole program, in a header and one zstd frame.
 * What is complete of a file that was cut off is therefore the program's beginning. All numbers are
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
#define TRACE_VERSION      2u

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "structs are written as they lie in memory");

/* Limits that a reader may rely on and must hold a file to. */
#define TRACE_TEXT_MAX        65536u
#define TRACE_CHUNK_EVENTS    65536u     /* in one chunk, every kind counted */
#define TRACE_CHUNK_RAW_BYTES (4u << 20) /* its table and columns together */
#define TRACE_EVENTS_MAX      ((uint64_t)1 << 40)
#define TRACE_CELLS_MAX       UINT32_MAX
#define TRACE_THREADS_MAX     (1u << 24)
#define TRACE_SLOTS_MAX       (1u << 28) /* objects that one thread holds at once */
#define TRACE_BYTES_MAX       ((uint64_t)1 << 47)
#define TRACE_ALIGN_LOG2_MAX  40u
#define TRACE_TIME_MAX        ((uint64_t)1 << 62) /* nanoseconds from the start */

/* Objects from this size on may have an EXTENT. */
#define TRACE_EXTENT_BYTES 4096u
#define TRACE_PAGE_BYTES   4096u      /* that an EXTENT counts in, on every machine */
#define TRACE_PAGES_ALL    UINT32_MAX /* no EXTENT: how much was resident is not known */

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
    TRACE_CLOCK,      /* times: nanoseconds since the thread's last CLOCK, at first since the start;
                    positions: events of other threads since then, CLOCK and EXTENT not counted */
    TRACE_EXTENT,     /* others: pages ever resident of what the thread's next event allocates */
    TRACE_KINDS
};

/* The columns of a chunk. In its frame, a column of all threads stands before the next column. */
enum trace_column {
    TRACE_COLUMN_KINDS,  /* one byte per event */
    TRACE_COLUMN_SLOTS,  /* varint, zig-zag difference to the thread's last here (0 at first) */
    TRACE_COLUMN_SIZES,  /* varint */
    TRACE_COLUMN_OTHERS, /* varint; cells: zig-zag difference to the thread's last here of the same
                            kind (at first to the number of cells given in the chunks before) */
    TRACE_COLUMN_TIMES,  /* varint */
    TRACE_COLUMN_POSITIONS, /* varint */
    TRACE_COLUMNS
};

/* What ordered the events. NONE: there are no times, all nanoseconds are 0. */
enum trace_clock { TRACE_CLOCK_TSC, TRACE_CLOCK_MONOTONIC, TRACE_CLOCK_NONE, TRACE_CLOCKS };

enum trace_source { TRACE_RECORDED, TRACE_IMPORTED, TRACE_GENERATED, TRACE_SOURCES };

#define TRACE_ANONYMOUS   1u /* the text is the program's name alone */
#define TRACE_FLAGS_KNOWN TRACE_ANONYMOUS

struct trace_header {
    uint64_t magic;
    uint32_t version;
    uint32_t text_bytes; /* program, arguments: each ended by a 0 byte */
    uint32_t n_threads;
    uint32_t page_bytes;
    uint32_t n_cpus;
    uint16_t flags;
    uint8_t clock;      /* enum trace_clock */
    uint8_t source;     /* enum trace_source */
    uint64_t start_s;   /* of the recording, since 1970 */
    char system[88];    /* kernel and machine, for people; like those below ended by a 0 byte */
    char cpu[64];       /* model of the processor */
    char allocator[64]; /* that the program ran on */
};
static_assert(sizeof(struct trace_header) == 256, "the header has a fixed layout");

struct trace_chunk {
    uint32_t magic;
    uint32_t n_events;
    uint32_t raw_bytes; /* when unpacked */
    uint32_t frame_bytes;
    uint64_t checksum; /* FNV-1a (64 bits) over all bytes of the file before it */
};
static_assert(sizeof(struct trace_chunk) == 24, "the chunk header has a fixed layout");

/* How the program ended; the value is its exit status or the signal. */
enum trace_exit { TRACE_EXIT_UNKNOWN, TRACE_EXIT_STATUS, TRACE_EXIT_SIGNAL, TRACE_EXITS };

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
    uint32_t exit_how;      /* enum trace_exit */
    uint32_t exit_value;
};

struct trace_footer {
    uint64_t magic;
    uint64_t n_chunks;
    struct trace_totals totals;
    uint64_t checksum; /* FNV-1a (64 bits) over all bytes of the file before it */
};
static_assert(sizeof(struct trace_footer) == 8 * (3 + TRACE_KINDS + 11), "no padding");

/* An event as writers and readers of this project handle it; an EXTENT is part of its event. */
struct trace_event {
    enum trace_kind kind;
    uint32_t thread;
    uint32_t slot;      /* where the object is, was, or comes to be */
    uint32_t other;     /* cell, or thread of SPAWN and JOIN */
    uint8_t align_log2; /* ALIGNED */
    uint32_t pages;     /* allocations, REALLOC: see TRACE_EXTENT; or TRACE_PAGES_ALL */
    uint64_t bytes;     /* requested; CLOCK: nanoseconds since the thread's last CLOCK */
    union {
        uint64_t old_bytes; /* REALLOC */
        uint64_t position;  /* CLOCK: events of all threads since the thread's last CLOCK */
    };
};

/* The most pages that an EXTENT may count for `bytes`, which need not begin with a page. */
static inline uint64_t trace_pages_max(uint64_t bytes)
{
    return bytes / TRACE_PAGE_BYTES + 2;
}

/* The bytes that the EXTENT of this event is about: of a realloc what it added. */
static inline uint64_t trace_extent_bytes(const struct trace_event *e)
{
    if (e->kind != TRACE_REALLOC)
        return e->bytes;
    return e->bytes > e->old_bytes ? e->bytes - e->old_bytes : 0;
}

/* Whether events of this kind put an object into the thread's lowest free slot. */
static inline bool trace_kind_enters(enum trace_kind kind)
{
    return kind == TRACE_MALLOC || kind == TRACE_CALLOC || kind == TRACE_ALIGNED ||
           kind == TRACE_REALLOC_IN || kind == TRACE_TAKE;
}

/* Whether such events ask the allocator for bytes: those that may have an EXTENT. */
static inline bool trace_kind_allocates(enum trace_kind kind)
{
    return kind == TRACE_REALLOC || (kind != TRACE_TAKE && trace_kind_enters(kind));
}

/* "malloc", "free", ... */
const char *trace_kind_name(enum trace_kind kind);
/* "tsc", "recorded", ... */
const char *trace_clock_name(enum trace_clock clock);
const char *trace_source_name(enum trace_source source);

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
