/*
 * How long single calls take: each call is timed with the same chance, one of `period`, and counted by its kind,
 * its size, whether what it ends was another thread's, and whether a page fault fell into it.
 *
 * A seat is a table of histograms, as a rule of one thread at a time. Where threads share one, because the plan's seats
 * are no promise or because there are more than LATENCY_SEATS, its numbers still come out right: they are
 * added atomically. Memory is reserved for all histograms and occupied by those that count something.
 */
#pragma once

#include <sys/resource.h>

#include "err.h"
#include "rng.h"
#include "stopwatch.h"
#include "survey.h"

#define LATENCY_SEATS 256u /* 380 MB of address space */

struct latency {
    struct stopwatch watch;
    uint64_t period;  /* 0: nothing is timed */
    uint32_t n_seats; /* tables */
    struct survey_latency
        *rows; /* SURVEY_LATENCIES_MAX to a seat; min_ns is kept as its complement */
};

/* Of one thread at a time. */
struct latency_lane {
    uint64_t left; /* calls until the next that is timed, that one included */
    const struct latency *latency;
    struct survey_latency *rows; /* of its seat */
    struct rng rng;
};

/* One call that is timed. */
struct latency_probe {
    uint64_t faults, begin, end;
};

/* What is known of a call beyond its time. */
struct latency_call {
    enum latency_kind kind;
    uint64_t bytes; /* requested; of a free, of what it ends */
    bool is_remote;
};

/*
 * Takes some 20 ms, for the clock. -ENOMEM. latency_release() gives back what it holds.
 */
int latency_make(struct latency *l, uint32_t n_seats, uint64_t period, struct err *err) MUST_CHECK;
size_t latency_bytes(const struct latency *l); /* of address space at `rows` */
void latency_release(struct latency *l);

/*
 * Before the lane's first call. Lanes with different seeds time different calls; with the same seed, the same ones.
 */
void latency_lane_make(struct latency_lane *lane, const struct latency *l, uint32_t seat,
                       uint64_t seed);

/* Asked once before every call: whether it is to be timed. */
static ALWAYS_INLINE bool latency_is_due(struct latency_lane *lane)
{
    return UNLIKELY(--lane->left == 0);
}

/* Page faults that the calling thread has taken. */
static inline uint64_t latency_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* Right before the call and right behind it: nothing else is inside. */
static ALWAYS_INLINE struct latency_probe latency_begin(const struct latency_lane *lane)
{
    struct latency_probe probe = {.faults = latency_faults()};
    probe.begin = stopwatch_read(&lane->latency->watch);
    return probe;
}

static ALWAYS_INLINE void latency_end(const struct latency_lane *lane, struct latency_probe *probe)
{
    probe->end = stopwatch_read(&lane->latency->watch);
}

/* Counts a call that was timed, and chooses the next. Before the object is touched: its faults are not the call's. */
void latency_count(struct latency_lane *lane, const struct latency_probe *probe,
                   const struct latency_call *call);

/* Lets the call go whose turn it is, and chooses the next. */
void latency_skip(struct latency_lane *lane);

/*
 * The sums over all seats, those that counted something; returns how many. No lane counts any more.
 */
uint32_t latency_collect(const struct latency *l,
                         struct survey_latency out[SURVEY_LATENCIES_MAX]) MUST_CHECK;
