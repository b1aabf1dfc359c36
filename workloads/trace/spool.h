/*
 * The spool: the file through which the recorder, inside the recorded program, hands raw events to
 * the converter that runs after the program's end. Both come from one build; it lives as long as
 * one recording. It is mapped shared by the program, so that what was written stays when the
 * program dies.
 *
 *      header (a unit) | chunk | chunk | ...
 *
 * Chunks begin at multiples of SPOOL_UNIT_BYTES and belong to one thread; a thread's chunks stand
 * in the order in which it filled them. An event is valid when its `what` is not 0, which is stored
 * last. A unit without a chunk's magic where one is expected was claimed and never used.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>

#include "bits.h"

#define SPOOL_MAGIC       0x006c6f6f70736e61ull
#define SPOOL_CHUNK_MAGIC 0x6b6e7568636c6f70ull
#define SPOOL_UNIT_BYTES  16384u
#define SPOOL_CHUNK_BYTES \
    (1u << 20) /* the largest; a thread's first is one unit, then twice the last */

#define SPOOL_ENV "ARENABENCH_RECORD_SPOOL"

enum spool_kind {
    SPOOL_NOTHING,       /* left out */
    SPOOL_MALLOC,        /* address, size; stamped after the call, as all that return an object */
    SPOOL_CALLOC,        /* address, size */
    SPOOL_ALIGNED,       /* address, log2 of the alignment, size */
    SPOOL_FREE,          /* address; stamped before the call */
    SPOOL_REALLOC_OLD,   /* address; stamped before the call. The next event tells its end: */
    SPOOL_REALLOC_NEW,   /* address, size; without an OLD before it: realloc of NULL */
    SPOOL_REALLOC_KEPT,  /* the call failed: the object is what it was */
    SPOOL_REALLOC_FREED, /* realloc to 0 bytes ended the object */
    SPOOL_SPAWN,         /* number of the new thread, before its creation */
    SPOOL_SPAWN_VOID,    /* number: its creation failed */
    SPOOL_START,         /* pthread_t of this thread */
    SPOOL_JOIN,          /* pthread_t of the joined thread, after the join */
    SPOOL_END,           /* of this thread; frees may follow */
    SPOOL_REALLOC_IN,    /* the converter's word for a REALLOC_NEW without an OLD */
    SPOOL_KINDS
};

/*
 * `what`: kind in bits 56..61, log2 of the alignment in 48..55, address or number in 0..47. The
 * converter puts its own numbers in place of addresses, and SPOOL_GIVE on the last event of a holder.
 */
struct spool_event {
    uint64_t stamp;
    _Atomic uint64_t what;
    uint64_t size;
};
static_assert(sizeof(struct spool_event) == 24, "three words");

#define SPOOL_VALUE_BITS 48
#define SPOOL_VALUE_MASK (((uint64_t)1 << SPOOL_VALUE_BITS) - 1)
#define SPOOL_GIVE       ((uint64_t)1 << 63)

static inline uint64_t spool_what(enum spool_kind kind, unsigned align_log2, uint64_t value)
{
    return (uint64_t)kind << 56 | (uint64_t)align_log2 << SPOOL_VALUE_BITS |
           (value & SPOOL_VALUE_MASK);
}

static inline enum spool_kind spool_what_kind(uint64_t what)
{
    return (enum spool_kind)(what >> 56 & 0x3f);
}

static inline unsigned spool_what_align_log2(uint64_t what)
{
    return (unsigned)(what >> SPOOL_VALUE_BITS & 0xff);
}

struct spool_header {
    uint64_t magic;
    uint64_t limit_bytes; /* of the file; by the runner */
    uint32_t clock;       /* enum trace_clock; the runner's wish, then the recorder's choice */
    uint32_t loaded;      /* 1: the recorder took the spool */
    uint64_t start_stamp; /* both clocks at one moment, when it did */
    uint64_t start_ns;
    _Atomic uint64_t claimed_bytes; /* where the next chunk begins */
    _Atomic uint64_t lost_events;   /* found no room */
    _Atomic uint64_t
        lost_stamp; /* of the first of them; UINT64_MAX: none. No event after it counts */
    _Atomic uint32_t n_threads; /* numbers given out; 0 is the program's main thread */
};
static_assert(sizeof(struct spool_header) <= SPOOL_UNIT_BYTES, "the header has a unit");

struct spool_chunk {
    uint64_t magic;
    uint32_t thread;
    uint32_t bytes; /* of the chunk, header included */
    /* What a new thread is to run: its creator has no other memory to leave it in. */
    void *(*start)(void *);
    int (*start_c11)(void *);
    void *argument;
    uint64_t reserved;
    struct spool_event events[];
};
static_assert(sizeof(struct spool_chunk) == 48, "events begin aligned");

static inline size_t spool_chunk_capacity(size_t chunk_bytes)
{
    return (chunk_bytes - sizeof(struct spool_chunk)) / sizeof(struct spool_event);
}
