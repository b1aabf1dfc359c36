/*
 * A lane: one thread of the plan inside the worker, and the loop that executes its words. A lane is
 * used by one thread at a time; what it starts and joins are other lanes of the same worker.
 */
#pragma once

#include <pthread.h>

#include "control.h"
#include "handover.h"
#include "pace.h"
#include "plan.h"

/* The passes of the threads that wait for each other: all of them do the same number. */
struct pass_group {
    _Alignas(NO_SHARING_BYTES) _Atomic uint64_t word; /* see pass.c */
};

struct lane {
    struct worker *worker;
    const struct plan_thread *plan;
    const struct plan_op *ops; /* of a streamed plan: those in its window */
    uint64_t first;            /* index of ops[0] in its sequence */
    struct plan_op *window;    /* NULL: the plan is mapped */
    void **slots;
    struct control_thread *control;
    struct handover_wait wait;
    uint32_t index;
    uint64_t words_before; /* words executed before the stretch that runs now */
    pthread_t thread;
    _Atomic uint32_t born;  /* `thread` is known; the futex of who came to join it before */
    _Atomic uint32_t ended; /* it has done all of its words */
    char *stack;            /* of its thread; of a spawned one while that lives */
};

/* What a survey has in the place of the measured loop. */
struct loop_other {
    void (*run)(struct lane *lane, uint64_t from, uint64_t to);
    void (*end)(struct lane *lane); /* it has done all of its words */
};

/* Everything of a trial; made by main before the clock starts. */
struct worker {
    const struct plan *plan;
    struct control *control;
    struct lane *lanes;
    struct handover_cell *cells;
    struct pass_group *groups;  /* by thread index of the group's name */
    struct stack_pool *stacks;  /* of threads that are started while the clock runs */
    struct pace pace;           /* of a plan that is paced by order */
    uint32_t window_words;      /* of each lane, when the plan is streamed */
    _Atomic uint32_t n_arrived; /* roots at the start line */
    _Atomic uint32_t started;   /* the futex on which they wait for the last one */

    const struct loop_other *other; /* NULL: the loop is the measured one */
    struct observer *observer;      /* of a survey; else NULL */
    _Atomic uint64_t still_ns;      /* the time, since the start, in which a survey held all */
};

/*
 * Executes words [from, to) of the lane with the worker's touch policy. Fails by worker_fail only.
 */
void lane_run(struct lane *lane, uint64_t from, uint64_t to);

/* As lane_run() for a lane of a streamed plan: reads the words in windows. In stream.c. */
void lane_stream(struct lane *lane, uint64_t from, uint64_t to,
                 void (*loop)(struct lane *lane, uint64_t from, uint64_t to));

/*
 * The whole life of a root: what stands before the body and, in a plan that settles, the warm-up;
 * the start line (before all of it in other plans); the body while there is time; what stands
 * behind it.
 */
void lane_live_root(struct lane *lane);

/* Starts the lane's thread, which executes its sequence once and ends; and waits for that. */
void lane_spawn(struct lane *lane, struct lane *child);
void lane_join(struct lane *lane, struct lane *child);

/* Starts a root on a thread of its own; it announces itself and waits for the runner. */
void lane_spawn_root(struct lane *lane);
void lane_join_root(struct lane *lane);

/* Binds the calling thread to where the lane is to run, if anywhere. 0 or a positive errno. */
int lane_go_to_place(const struct lane *lane);

/*
 * Whether pass number `pass` (from 0) is to be run; the same answer for all threads of the group.
 */
bool pass_begins(struct pass_group *group, uint64_t pass, uint64_t deadline_ns);

/* Writes the failure into the control block and ends the process. `op` is the word that failed. */
_Noreturn void worker_fail(struct lane *lane, enum control_failure failure,
                           const struct plan_op *op, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The version that the allocator in this process reports of itself; "" when it reports none. */
void allocator_version(char *out, size_t n);

/* Present when the allocator is `null`: libc's own requests must not be forgotten. */
extern void arenabench_null_keep(int on) __attribute__((weak));

static inline void keep(int on)
{
    if (arenabench_null_keep)
        arenabench_null_keep(on);
}
