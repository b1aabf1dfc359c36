/* What the columns of the long tables are called, and how the numbers in them come about. */
#include <math.h>

#include "latency_bucket.h"
#include "report.h"

static_assert(TRIAL_LIVE_UNKNOWN == SURVEY_UNKNOWN, "one number is unknown everywhere");

#define SERIES(field) \
    { \
        .name = #field, .offset = offsetof(struct trial_sample, field) \
    }

const struct report_series report_series[] = {
    SERIES(t_ns),       SERIES(ops),           SERIES(rss_bytes),
    SERIES(live_bytes), SERIES(address_bytes), {0},
};

const struct report_quantile report_quantiles[] = {
    {"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p99_9_ns", 0.999}, {0},
};

uint64_t report_latency_quantile(const struct survey_latency *l, double p)
{
    /* The rank is at least 1 and at most n, whatever rounding does to great counts. */
    double rank = ceil(p * (double)l->n);
    uint64_t wanted = rank < 1 ? 1 : rank >= (double)l->n ? l->n : (uint64_t)rank;
    uint64_t seen = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS - 1; i++) {
        seen += l->counts[i];
        if (seen < wanted)
            continue;
        uint64_t last = latency_bucket_end(i) - 1;
        return last < l->max_ns ? last : l->max_ns;
    }
    return l->max_ns;
}
