/*
 * The control block: shared memory between the runner, which makes it, and one worker for one
 * trial. The runner writes the first part before the worker starts; the worker writes the rest. Its
 * state only moves forward, and each side waits for the other by futex on it:
 *
 *   SETUP --worker: mapped, threads made--> READY --runner: bound, baseline read--> GO
 *         --worker: last thread ended--> DONE --runner: memory read--> LEAVE --worker: statistics told-->
 *   it exits
 *
 * A worker that cannot go on writes `failure` and exits with WORKER_EXIT_FAILED at any point.
 * Sizes are fixed by n_threads; nothing grows while the clock runs.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>

#include "err.h"

#define CONTROL_MAGIC   0x006c746362646e61ull
#define CONTROL_VERSION 5u

/* The worker finds its files open under these numbers. */
enum control_fds {
    CONTROL_FD_PLAN = 3,
    CONTROL_FD_CONTROL = 4,
    CONTROL_FD_STATISTICS = 5, /* struct statistics_block */
    CONTROL_FD_SURVEY = 6,     /* struct survey_block; open only when there is to be a survey */
    CONTROL_FD_COUNTERS = 7,   /* and on: one of perf_event_open(2) for each of control.counters */
    CONTROL_FDS_END = CONTROL_FD_COUNTERS + 4
};

#define CONTROL_COUNTERS ((unsigned)(CONTROL_FDS_END - CONTROL_FD_COUNTERS))

enum control_state { CONTROL_SETUP, CONTROL_READY, CONTROL_GO, CONTROL_DONE, CONTROL_LEAVE };

/* How the worker writes into an object after the call that returned it. */
enum touch {
    TOUCH_NONE,
    TOUCH_FIRST, /* the first byte */
    TOUCH_LINE,  /* the default: a byte per cache line up to TOUCH_LINE_BOUND, per page beyond */
    TOUCH_PAGE,  /* the first byte and a byte per page */
    TOUCH_ALL,   /* every byte */
    TOUCH_KINDS
};
#define TOUCH_LINE_BOUND 16384u

/* Whether the worker observes what it does: see survey.h. */
enum control_survey {
    CONTROL_NO_SURVEY,
    CONTROL_SURVEY, /* idle for some seconds behind CONTROL_DONE, until the survey is complete */
    CONTROL_SURVEY_NO_TAIL /* complete when the plan is done */
};

enum control_failure {
    FAILURE_NONE,
    FAILURE_OUT_OF_MEMORY, /* the allocator returned NULL for a request of the plan */
    FAILURE_SETUP,         /* the worker could not get what it needs itself */
};

#define WORKER_EXIT_FAILED 3

/*
 * A thread tells its progress behind the whole call at each multiple of so many words of its
 * sequence, and where a stretch of it (up to the body, a body, behind it) ends.
 */
#define CONTROL_PROGRESS_WORDS 4096u

/* Addresses at which the worker calls the malloc family: the proof of who supplies it. */
enum family {
    FAMILY_MALLOC,
    FAMILY_FREE,
    FAMILY_CALLOC,
    FAMILY_REALLOC,
    FAMILY_ALIGNED, /* posix_memalign */
    FAMILY_MEMBERS
};

/* What getrusage says of the worker. */
struct control_usage {
    uint64_t user_ns, system_ns;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
};

/*
 * What a counter of the kernel told, as in its files (PERF_FORMAT_TOTAL_TIME_*): where it had to share the
 * processor's counters with others it ran for a part of the time only. running_ns 0: it told nothing.
 */
struct control_counter {
    uint64_t value, enabled_ns, running_ns;
};

#define CONTROL_CPU_WORDS 16 /* 1024 CPUs */

/*
 * One thread of the plan. `cpus` is the runner's: where the thread is to run; all zero leaves it
 * where it is. A spawned thread binds itself on birth, because nobody outside could in time. The
 * rest is the thread's own.
 */
struct control_thread {
    uint64_t cpus[CONTROL_CPU_WORDS];
    _Alignas(NO_SHARING_BYTES) _Atomic uint32_t tid; /* 0 until it was born */
    int32_t bind_errno;        /* spawned: why it is not where it should be; 0: it is */
    _Atomic uint64_t ops_done; /* words executed over all passes and lives: see above */
    /* Of a root whose last body has ended: ops_done there; 0 before, and without a body. */
    _Atomic uint64_t words_of_bodies;
    uint64_t passes;           /* bodies completed (root), lives lived (spawned); in the clock */
    uint64_t stall_ns;         /* waited for cells, beyond a short spin, and for joins */
    uint64_t pace_ns;          /* waited for its turn: see enum plan_flags */
    uint64_t lived_ns;         /* from start to end, all lives in the clock */
    uint64_t start_ns, end_ns; /* clock_ns(); of the last life */
    uint32_t last_cpu;         /* where it ended */
    uint32_t reserved;
};
static_assert(sizeof(struct control_thread) == 256, "control blocks have a fixed layout");

struct control {
    uint64_t magic;
    uint32_t version;
    uint32_t n_threads;
    uint64_t n_bytes;
    /* By the runner. */
    uint64_t run_ns; /* repeat bodies until this long after the start; 0: one pass */
    uint32_t touch;  /* enum touch */
    uint32_t spin;   /* polls of a cell before a waiting thread sleeps; 0: threads outnumber CPUs */
    uint32_t n_nodes; /* NUMA nodes; with several, memory of a root is made where it will run */
    uint32_t warm_up; /* passes before the clock, of a plan that settles */
    _Atomic uint32_t state;           /* the futex */
    uint32_t survey;                  /* enum control_survey */
    uint64_t cpus[CONTROL_CPU_WORDS]; /* all that the worker may run on */
    /* By the worker. */
    uint64_t family[FAMILY_MEMBERS];
    uint64_t start_ns;                            /* common start of the roots */
    uint64_t end_ns;                              /* end of the last thread */
    struct control_usage at_go, at_start, at_end; /* at_start: of the clock */
    uint32_t failure;                             /* enum control_failure */
    uint32_t failed_thread;
    uint64_t failed_op;  /* index in the thread's sequence */
    char message[256];   /* one sentence with the failure */
    uint32_t n_counters; /* by the runner: that the worker finds open */
    struct control_counter counters[CONTROL_COUNTERS]; /* from at_start to at_end */
    char version_text[64]; /* as the allocator's own function reports it; "" when it has none */
    _Alignas(NO_SHARING_BYTES) struct control_thread threads[];
};
static_assert(offsetof(struct control, state) == 48, "control blocks have a fixed layout");
static_assert(offsetof(struct control, cpus) == 56, "control blocks have a fixed layout");
static_assert(offsetof(struct control, threads) == 896, "control blocks have a fixed layout");

static inline size_t control_bytes(uint32_t n_threads)
{
    return sizeof(struct control) + n_threads * sizeof(struct control_thread);
}

/* Moves the state on and wakes the other side. */
void control_set_state(struct control *c, enum control_state state);

/*
 * Waits until the state is at least `state` or `timeout_ns` have passed (UINT64_MAX: for ever).
 * Returns whether the state was reached.
 */
bool control_wait_state(struct control *c, enum control_state state, uint64_t timeout_ns);
