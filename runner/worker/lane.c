#include "lane.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "count.h"
#include "os.h"
#include "stack.h"
#include "usage.h"

static void announce(struct lane *lane)
{
    atomic_store_explicit(&lane->control->tid, (uint32_t)gettid(), memory_order_release);
}

static void finish(struct lane *lane)
{
    keep(1);
    lane->control->end_ns = clock_ns();
    lane->control->lived_ns += lane->control->end_ns - lane->control->start_ns;
    lane->control->last_cpu = (uint32_t)sched_getcpu();
    pace_end(lane);
    if (lane->worker->other)
        lane->worker->other->end(lane);
}

static bool has_place(const struct control_thread *c)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < CONTROL_CPU_WORDS; i++)
        any |= c->cpus[i];
    return any != 0;
}

int lane_go_to_place(const struct lane *lane)
{
    const struct control_thread *c = lane->control;
    if (!has_place(c))
        return 0;
    return syscall(SYS_sched_setaffinity, 0, sizeof(c->cpus), c->cpus) < 0 ? errno : 0;
}

/* A thread born while the clock runs: nobody outside could bind it in time. */
static void *live_spawned(void *arg)
{
    struct lane *lane = arg;
    lane->control->start_ns = clock_ns();
    lane->control->bind_errno = lane_go_to_place(lane);
    announce(lane);
    keep(0);
    lane_run(lane, 0, lane->plan->n_ops - 1);
    lane->control->passes++;
    finish(lane);
    atomic_store(&lane->ended, 1);
    return NULL;
}

/* What the warm-up did does not count. All spawned threads have ended and been joined. */
static void forget_warm_up(struct worker *w)
{
    for (uint32_t t = 0; t < w->plan->n_threads; t++) {
        struct control_thread *c = &w->control->threads[t];
        c->stall_ns = c->pace_ns = c->lived_ns = c->passes = 0;
    }
}

/* All roots wait here; the last one to arrive reads the clock for all. */
static void start_line(struct worker *w)
{
    uint32_t arrived = atomic_fetch_add(&w->n_arrived, 1) + 1;
    if (arrived == w->plan->n_roots) {
        forget_warm_up(w);
        counters_begin(w->control);
        usage_read(&w->control->at_start);
        w->control->start_ns = clock_ns();
        atomic_store(&w->started, 1);
        syscall(SYS_futex, &w->started, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    }
    while (atomic_load(&w->started) == 0)
        syscall(SYS_futex, &w->started, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void run_before(struct lane *lane)
{
    lane_run(lane, 0, lane->plan->loop_begin);
}

static void run_body(struct lane *lane)
{
    lane_run(lane, lane->plan->loop_begin, lane->plan->loop_end);
}

/* The end of the time that bodies are repeated in, in which a survey holds the threads at times. */
static uint64_t deadline_of(struct worker *w)
{
    return w->control->start_ns + w->control->run_ns + atomic_load(&w->still_ns);
}

void lane_live_root(struct lane *lane)
{
    struct worker *w = lane->worker;
    const struct plan_thread *plan = lane->plan;
    bool settles = w->plan->flags & PLAN_SETTLES;
    keep(0);
    if (settles) {
        run_before(lane);
        for (uint32_t i = 0; i < w->control->warm_up; i++)
            run_body(lane);
    }
    start_line(w);

    lane->control->start_ns = w->control->start_ns;
    if (!settles)
        run_before(lane);
    if (plan->loop_begin < plan->loop_end) {
        while (pass_begins(&w->groups[plan->group], lane->control->passes, deadline_of(w))) {
            run_body(lane);
            lane->control->passes++;
        }
        atomic_store_explicit(&lane->control->words_of_bodies, lane->words_before,
                              memory_order_relaxed);
    }
    lane_run(lane, plan->loop_end, plan->n_ops - 1);
    finish(lane);
}

static void *live_root_thread(void *arg)
{
    struct lane *lane = arg;
    announce(lane);
    control_wait_state(lane->worker->control, CONTROL_GO, UINT64_MAX);
    lane_live_root(lane);
    return NULL;
}

static void start_thread(struct lane *lane, void *(*live)(void *))
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    int rc = pthread_attr_setstack(&attr, lane->stack, STACK_BYTES);
    if (rc == 0) {
        keep(1);
        rc = pthread_create(&lane->thread, &attr, live, lane);
        keep(0);
    }
    pthread_attr_destroy(&attr);
    if (rc != 0)
        worker_fail(lane, FAILURE_SETUP, lane->ops, "cannot start thread %u: %s", lane->index,
                    strerrordesc_np(rc));
}

void lane_spawn(struct lane *lane, struct lane *child)
{
    pace_begin(child, lane);
    child->stack = stack_take(child->worker->stacks);
    start_thread(child, live_spawned);
    atomic_store(&child->born, 1);
    os_wake_one(&child->born);
}

void lane_spawn_root(struct lane *lane)
{
    start_thread(lane, live_root_thread);
}

void lane_join(struct lane *lane, struct lane *child)
{
    uint64_t begin = clock_ns();
    pace_leave(lane, &(struct pace_cause){.thread = child->index});
    while (atomic_load(&child->born) == 0) /* another thread may be about to start it */
        os_wait(&child->born, 0);
    pthread_join(child->thread, NULL);
    atomic_store(&child->born, 0);
    pace_return(lane);
    atomic_store(&child->ended, 0);
    lane->control->stall_ns += clock_ns() - begin;
    stack_give_back(child->worker->stacks, child->stack);
}

void lane_join_root(struct lane *lane)
{
    pthread_join(lane->thread, NULL);
}
