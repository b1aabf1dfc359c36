/*
 * A plan: everything that one trial will do, fixed before the clock starts.
 *
 * A plan is one flat, position-independent block of bytes: header, thread table, operations. Each
 * thread has its own sequence of 8-byte operations on its own dense slots; a slot holds one object
 * or nothing. What crosses threads goes through numbered cells, each a mailbox for one object:
 *
 *      thread 0   MALLOC slot 3, 100 bytes     thread 1   TAKE  slot 0, cell 7   (waits until full)
 *                 GIVE   slot 3, cell 7                   FREE  slot 0
 *                        (waits until empty)
 *
 * Laws of a valid plan; plan_check() names the first broken one with its thread and operation:
 *   slots     dense, below the thread's n_slots; what fills a slot finds it empty, what uses it
 *             finds it full
 *   cells     a cell has one giving thread and one taking thread, and every GIVE is taken
 *   threads   a thread that is not a root is started once and joined once, by a plan's thread
 *   waits     all threads reach their ends when cells and joins are waited for: no cycle. This
 *             holds even if all roots wait for each other before their bodies and behind them
 *   loop      bodies [loop_begin, loop_end) leave slots and cells filled as they found them
 *   pace      in a plan with PLAN_PACE_ORDER or PLAN_PACE_TIME: values do not fall within a thread,
 *             and none stands in a body. Words PACE delay a thread and change nothing else
 *   streamed  a plan with PLAN_STREAMED has no bodies
 * Under these laws the plan is a Kahn network (Kahn 1974) with bounded channels: which thread runs
 * when changes neither what is done nor whether it ends; and as one order that completes is known
 * for a body (all roots together), one is known for any number of them.
 *
 * Cost: 8 bytes per operation, two words (16 bytes or 24) where a prefix is needed.
 */
#pragma once

#include <assert.h>

#include "err.h"

#define PLAN_MAGIC      0x006e616c70626e61ull /* "anbplan" */
#define PLAN_VERSION    3u
#define PLAN_NAME_BYTES 96
#define PLAN_NO_THREAD  UINT32_MAX

/* Numbers are part of the format. */
enum plan_kind {
    PLAN_END,     /* end of the thread's sequence; always present, once, last */
    PLAN_MALLOC,  /* slot = malloc(arg) */
    PLAN_FREE,    /* free(slot) */
    PLAN_REPLACE, /* free(slot); slot = malloc(arg): two operations in one word */
    PLAN_CALLOC,  /* slot = calloc(1, arg) */
    PLAN_REALLOC, /* slot = realloc(slot, arg) */
    PLAN_ALIGNED, /* slot = aligned_alloc-like(alignment of the prefix WIDE, arg) */
    PLAN_GIVE,    /* cell arg = slot, which is empty then; waits until the cell is empty */
    PLAN_TAKE,    /* slot = cell arg, which is empty then; waits until the cell is full */
    PLAN_SPAWN,   /* start thread arg */
    PLAN_JOIN,    /* wait for the end of thread arg */
    PLAN_PHASE,   /* mark: phase arg begins here */
    PLAN_WIDE,    /* prefix: slot field = log2 of the alignment, arg = bits 32..63 of the size */
    PLAN_EXTENT,  /* prefix: touch from byte slot field * 64 on, arg pages of 4 KiB (0: all) */
    PLAN_REALLOC_NULL, /* slot = realloc(NULL, arg) */
    PLAN_PACE,         /* wait until it is the thread's turn: plan_op_pace(), see plan_flags */
    PLAN_TOUCH,        /* write the first byte of the slot's object, which has one, arg times */
    PLAN_KINDS
};

/*
 * Without PLAN_EXTENT all of a new object is touched. A REALLOC carries one, so that only what grew
 * is; so does an object of which the recorded program touched less.
 */
#define PLAN_EXTENT_UNIT 64u
#define PLAN_EXTENT_PAGE 4096u

/* kind in the low 5 bits of head, slot above; arg is a size, a cell, a thread, a phase or a
 * number of writes. */
struct plan_op {
    uint32_t head;
    uint32_t arg;
};
static_assert(sizeof(struct plan_op) == 8, "operations are read as 8-byte words");

#define PLAN_KIND_BITS 5u
#define PLAN_SLOT_MAX  ((1u << (32 - PLAN_KIND_BITS)) - 1) /* of a thread: slots are below it */
static_assert(PLAN_KINDS <= 1u << PLAN_KIND_BITS, "a kind fits its field");

static inline enum plan_kind plan_op_kind(struct plan_op op)
{
    return (enum plan_kind)(op.head & ((1u << PLAN_KIND_BITS) - 1));
}

static inline uint32_t plan_op_slot(struct plan_op op)
{
    return op.head >> PLAN_KIND_BITS;
}

static inline struct plan_op plan_op_make(enum plan_kind kind, uint32_t slot, uint32_t arg)
{
    return (struct plan_op){.head = slot << PLAN_KIND_BITS | (uint32_t)kind, .arg = arg};
}

/* The value of a word PACE: 59 bits, the high ones in the slot field. */
#define PLAN_PACE_MAX (((uint64_t)1 << 59) - 1)

static inline uint64_t plan_op_pace(struct plan_op op)
{
    return (uint64_t)plan_op_slot(op) << 32 | op.arg;
}

static inline struct plan_op plan_op_make_pace(uint64_t value)
{
    return plan_op_make(PLAN_PACE, (uint32_t)(value >> 32), (uint32_t)value);
}

enum plan_thread_flags {
    PLAN_ROOT = 1, /* started before the clock; the only kind that may loop */
};

/* Calls of the malloc family in a stretch of operations, and what they ask for. */
struct plan_count {
    uint64_t calls; /* REPLACE counts as two */
    uint64_t bytes; /* requested, summed over all allocations */
};

struct plan_thread {
    uint64_t first_op;                     /* index into the plan's operations */
    uint64_t n_ops;                        /* with PLAN_END */
    uint64_t loop_begin, loop_end;         /* of the body, relative to first_op; equal: no body */
    struct plan_count before, body, after; /* in [0, begin), [begin, end), [end, n_ops) */
    uint32_t n_slots;
    uint32_t flags;
    uint32_t group; /* threads that wait for each other, directly or not, share a group */
    uint32_t seat;  /* the least that was free when the thread began: where to place it */
};
static_assert(sizeof(struct plan_thread) == 96, "the thread table has a fixed layout");

enum plan_flags {
    PLAN_LOOPS = 1,    /* the roots' bodies may be repeated */
    PLAN_OFF_MAIN = 2, /* no root runs on the main thread of the process */
    PLAN_SETTLES = 4,  /* what stands before the bodies, and first passes of these, are a warm-up */
    /*
     * What the values of PACE are. A position is how far the recorded program had come, in events
     * of all threads: a thread waits until no thread of its group that lives and is not itself
     * waiting for another is more than pace_window behind. A time is in nanoseconds since the start
     * of the clock.
     */
    PLAN_PACE_ORDER = 8,
    PLAN_PACE_TIME = 16,
    PLAN_STREAMED = 32, /* too long to be mapped: read in windows while it is executed, once */
};

/* Facts of the whole plan, for people; filled in by plan_check(). */
struct plan_facts {
    uint64_t calls;        /* malloc family, one pass */
    uint64_t allocations;  /* of them, that return an object */
    uint64_t frees;        /* of them, that end one (REPLACE and REALLOC included) */
    uint64_t remote_frees; /* of them, by another thread than the allocating one */
    uint64_t body_frees, body_remote_frees;      /* likewise, of bodies only: what is repeated */
    uint64_t bytes;                              /* requested in all */
    uint64_t peak_live_bytes, peak_live_objects; /* in one legal order of the threads */
    uint64_t most_threads;                       /* alive at once, in that order */
    uint64_t last_pace;                          /* the greatest value of a word PACE */
};

struct plan {
    uint64_t magic;
    uint32_t version;
    uint32_t flags;
    uint64_t n_bytes; /* of the whole block */
    uint64_t n_ops;
    uint32_t n_threads, n_roots;
    uint32_t n_cells, n_groups;
    uint32_t n_phases;
    uint32_t n_seats; /* threads alive at once sit in different seats; roots have the first ones */
    uint64_t threads_offset, ops_offset; /* from the start of the block, multiples of 64 */
    uint64_t pace_window;                /* PLAN_PACE_ORDER: events, not 0 */
    struct plan_facts facts;
    char name[PLAN_NAME_BYTES]; /* workload and parameters, for messages */
};
static_assert(sizeof(struct plan) == 264, "the header has a fixed layout");

static inline const struct plan_thread *plan_threads(const struct plan *p)
{
    return (const struct plan_thread *)((const char *)p + p->threads_offset);
}

static inline const struct plan_op *plan_thread_ops(const struct plan *p, uint32_t thread)
{
    const struct plan_op *ops = (const struct plan_op *)((const char *)p + p->ops_offset);
    return ops + plan_threads(p)[thread].first_op;
}

/* Words of a sequence that whoever goes through it keeps mapped, or reads, at a time: 64 KiB. */
#define PLAN_WINDOW_WORDS 8192u

/* Calls of the malloc family by one execution of a kind: 0, 1 or 2. */
unsigned plan_kind_calls(enum plan_kind kind);

/*
 * Whether `n_bytes` at `p` are a plan of this version whose tables and sequences lie inside the
 * block. Cheap, and all that reading it safely needs. 0 or -EINVAL with the reason.
 */
int plan_check_layout(const struct plan *p, size_t n_bytes, struct err *err) MUST_CHECK;

/*
 * All laws of a plan that passed plan_check_layout(), by one symbolic execution of each thread
 * (body once). Fills in what can be derived: counts, groups, PLAN_LOOPS, facts. Time: linear in the
 * operations; memory (by mmap): 25 bytes per slot, 40 per cell. A plan that is STREAMED must be the
 * shared mapping of a file, of which 128 KiB per thread are mapped at a time. 0, -ENOMEM, or -EINVAL with the
 * broken law, the thread and the operation.
 */
int plan_check(struct plan *p, struct err *err) MUST_CHECK;
