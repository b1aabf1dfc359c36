/*
 * The spool: the file through which the recorder, inside the recorded program, hands raw events to
 * the converter that runs after the program's end. Both come from one build; it lives as long as
 * one recording. It is mapped shared by the program, so that what was written stays when the
 * program dies.
 *
 *      header (a unit) | chunk | chunk | ...
 *
 * Chunks begin at multiples of SPOOL_UNIT_BYTES and belong to one thread; a thread's chunks stand
 * in the order in which it filled them. A unit without a chunk's magic where one is expected was
 * claimed and never used.
 *
 * Objects have tokens: the number of the thread that made the object (allocated or reallocated it),
 * and how many it had made before. The recorder keeps the token of each live object in a shadow of
 * the address space, so an event that ends an object names the very event that made it, whichever
 * threads they belong to, and no clock is needed to tell. Clocks say how far threads had come:
 * behind CLOCK all events are at or after its stamp, and before the next one by less than
 * a tick of the runner's (SPOOL_TICK_NS) and SPOOL_CLOCK_BYTES of events.
 *
 * A chunk's records are 16-bit units, the low two bits of the first being the form:
 *
 *      MALLOC_SHORT  bytes + 1 in bits 2..15                       malloc below 16 KiB
 *      FREE_SHORT    distance in bits 2..15                        free of one's own
 *      FREE_MEDIUM   distance in bits 2..31 of two units           likewise
 *      LONG          kind in bits 2..7, aux in 8..15, operands     everything else
 *
 * A distance is the token that the thread would give next less the object's. An operand is a number
 * in units of 15 bits, low ones first, the top bit set in all but the last; distances in operands
 * are zig-zag coded. A unit of 0 ends the chunk: the first unit of a record is stored last.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>

#include "bits.h"

#define SPOOL_MAGIC       0x326c6f6f70736e61ull
#define SPOOL_CHUNK_MAGIC 0x326e7568636c6f70ull
#define SPOOL_UNIT_BYTES  16384u
#define SPOOL_CHUNK_BYTES \
    (1u << 20) /* the largest; a thread's first is one unit, then twice the last */

#define SPOOL_ENV "ARENABENCH_RECORD_SPOOL"

#define SPOOL_TICK_NS     2000000u
#define SPOOL_CLOCK_BYTES 256u

enum spool_form { SPOOL_MALLOC_SHORT, SPOOL_FREE_SHORT, SPOOL_FREE_MEDIUM, SPOOL_LONG };
#define SPOOL_FORM_BITS  2u
#define SPOOL_SHORT_MAX  ((1u << 14) - 1)
#define SPOOL_MEDIUM_MAX ((1u << 30) - 1)

enum spool_kind {
    SPOOL_NOTHING,
    SPOOL_MALLOC,        /* bytes. Makes an object, as the next three */
    SPOOL_CALLOC,        /* bytes, the product */
    SPOOL_ALIGNED,       /* aux: log2 of the alignment; bytes */
    SPOOL_REALLOC_IN,    /* bytes; realloc of NULL */
    SPOOL_REALLOC,       /* distance, bytes. Ends an object and makes one */
    SPOOL_FREE,          /* distance; aux 0, or 1: not by a free that was seen */
    SPOOL_UNKNOWN,       /* a free of what no recorded call had returned */
    SPOOL_RESIDENT,      /* pages of the object that the next record ends */
    SPOOL_RESIDENT_LIVE, /* distance, pages: of an object that lives when the program ends */
    SPOOL_SPAWN,         /* number of the new thread, before its creation */
    SPOOL_SPAWN_VOID,    /* number: its creation failed */
    SPOOL_JOIN,          /* number of the joined thread, after the join */
    SPOOL_END,           /* of this thread; frees may follow */
    SPOOL_CLOCK,         /* stamp less the thread's last one */
    SPOOL_KINDS
};

#define SPOOL_OPERAND_BITS 15u
#define SPOOL_RECORD_BYTES 64u /* the longest and a clock, and some more */

/*
 * Objects from SPOOL_LARGE_BYTES on may be watched, which is: asked how much of them is resident; from
 * SPOOL_HUGE_BYTES on all are.
 */
#define SPOOL_LARGE_BYTES 8192u
#define SPOOL_HUGE_BYTES  65536u

/* Tokens: never 0. The top bit is the recorder's own. */
#define SPOOL_SEQUENCE_BITS 40u
#define SPOOL_THREADS_MAX   (1u << 22)

static inline uint64_t spool_first_token(uint32_t thread)
{
    return (uint64_t)thread << SPOOL_SEQUENCE_BITS | 1;
}

static inline uint32_t spool_token_thread(uint64_t token)
{
    return (uint32_t)(token >> SPOOL_SEQUENCE_BITS);
}

static inline uint64_t spool_token_sequence(uint64_t token)
{
    return token & (((uint64_t)1 << SPOOL_SEQUENCE_BITS) - 1);
}

struct spool_header {
    uint64_t magic;
    uint64_t limit_bytes;    /* of the file; by the runner */
    uint32_t clock;          /* enum trace_clock; the runner's wish, then the recorder's choice */
    uint32_t tree;           /* 1: what the program forks and executes is recorded too */
    _Atomic uint32_t loaded; /* 1: the recorder took the spool */
    uint32_t pid;
    uint64_t start_stamp; /* both clocks at one moment, when it did */
    uint64_t start_ns;
    uint32_t first_thread;  /* the main thread's number: 0, of a fork's child what came next */
    uint32_t program_bytes; /* of what follows */
    char program[4096];     /* the command line, each word ended by a 0 byte */
    char allocator[64];     /* the file that served the calls */
    /* What is written while the program runs, apart from what every call reads. */
    _Alignas(NO_SHARING_BYTES) _Atomic uint64_t claimed_bytes; /* where the next chunk begins */
    _Atomic uint64_t lost_events;                              /* found no room */
    _Atomic uint64_t inner_calls; /* came while the allocator was at work in the same thread */
    /* Of the first lost event; UINT64_MAX: none. No event after it counts. */
    _Atomic uint64_t lost_stamp;
    _Atomic uint32_t n_threads; /* numbers given out, counted from 0 */
    _Atomic uint32_t n_spools;  /* of a tree's first spool: how many there are, itself included */
    _Alignas(NO_SHARING_BYTES) _Atomic uint32_t tick; /* the runner counts; see SPOOL_TICK_NS */
};
static_assert(sizeof(struct spool_header) <= SPOOL_UNIT_BYTES, "the header has a unit");

struct spool_chunk {
    uint64_t magic;
    uint32_t thread;
    uint32_t bytes; /* of the chunk, header included */
    uint64_t stamp; /* of the first record */
    uint64_t made;  /* the token that the thread gives next */
    /* What a new thread is to run: its creator has no other memory to leave it in. */
    void *(*start)(void *);
    int (*start_c11)(void *);
    void *argument;
    uint64_t reserved;
    uint16_t units[];
};
static_assert(sizeof(struct spool_chunk) == 64, "units begin aligned");

static inline size_t spool_chunk_units(size_t chunk_bytes)
{
    return (chunk_bytes - sizeof(struct spool_chunk)) / sizeof(uint16_t);
}
