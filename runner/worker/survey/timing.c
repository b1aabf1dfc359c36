#include "timing.h"

#include "os.h"
#include "own.h"

/* Where the plan has so many: 200 of them are beyond the 99.9th percentile. One that is repeated has no number. */
#define WANTED_CALLS 200000u

/* A call that is timed costs the lane less than a microsecond, which no figure of a survey contains. */
enum { LEAST_PERIOD = 8, MOST_PERIOD = 64 };

static struct latency latency;

static uint64_t choose_period(const struct worker *w)
{
    bool is_repeated = (w->plan->flags & PLAN_LOOPS) && w->control->run_ns > 0;
    uint64_t period = is_repeated ? LEAST_PERIOD : w->plan->facts.calls / WANTED_CALLS;
    return period < LEAST_PERIOD ? LEAST_PERIOD : period > MOST_PERIOD ? MOST_PERIOD : period;
}

bool timing_make(struct worker *w)
{
    struct err err;
    const struct plan *plan = w->plan;
    size_t bytes = plan->n_threads * sizeof(struct timed_lane);
    struct timed_lane *timed = os_map(bytes, OS_POPULATE);
    if (!timed || !own_note(timed, bytes) ||
        latency_make(&latency, plan->n_seats, choose_period(w), &err) < 0 ||
        !own_note(latency.rows, latency_bytes(&latency)))
        return false;
    for (uint32_t t = 0; t < plan->n_threads; t++)
        latency_lane_make(&timed[t].latency, &latency, plan_threads(plan)[t].seat, t);
    w->observer->timed = timed;
    return true;
}

void timing_tell(struct survey_block *block)
{
    block->clock_ns = latency.watch.cost_ns;
    block->latency_period = (uint32_t)latency.period;
    block->n_latencies = latency_collect(&latency, block->latencies);
}

bool timing_counts(struct lane *lane)
{
    struct worker *w = lane->worker;
    if (LIKELY(atomic_load_explicit(&w->started, memory_order_relaxed)))
        return true;
    latency_skip(&w->observer->timed[lane->index].latency);
    return false;
}
