/*
 * Quantiles of timed calls, of one histogram of a survey or of several added up. Pure; any thread.
 *
 * A quantile q is the least value that at least q of all calls do not exceed. It is told as the greatest
 * value of its bucket, but not above the greatest of all: never too low, and too high by less than
 * 1/HISTOGRAM_PRECISION of itself. The least and the greatest are exact.
 */
#pragma once

#include "survey.h"

#define HISTOGRAM_PRECISION 32u

/* With fewer calls beyond it, a quantile is an anecdote of one run. */
#define HISTOGRAM_BEYOND 10u

struct histogram {
    uint64_t n, min_ns, max_ns; /* min_ns, max_ns: 0 without a call */
    uint64_t counts[LATENCY_BUCKETS];
};

/* To a histogram that began as {0}. The row passed survey_check(). */
void histogram_add(struct histogram *h, const struct survey_latency *row);

struct quantile {
    uint64_t ns;
    uint64_t beyond; /* calls behind it in the order of their times */
    bool is_sure;    /* beyond >= HISTOGRAM_BEYOND */
};

/* Of `millionths` of all calls: 500000, 990000, 999000; at most a million. All 0 without a call. */
struct quantile histogram_quantile(const struct histogram *h, uint32_t millionths);
