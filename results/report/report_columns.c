/* What the columns of the long tables are called, and how the numbers in them come about. */
#include "histogram.h"
#include "report.h"
#include "survey.h"

static_assert(TRIAL_LIVE_UNKNOWN == SURVEY_UNKNOWN, "one number is unknown everywhere");
static_assert(TRIAL_UNKNOWN == SURVEY_UNKNOWN, "one number is unknown everywhere");

#define SERIES(field) \
    { \
        .name = #field, .offset = offsetof(struct trial_sample, field) \
    }

const struct report_series report_series[] = {
    SERIES(t_ns), SERIES(ops), SERIES(rss_bytes), SERIES(live_bytes), SERIES(address_bytes), {0},
};

const struct report_quantile report_quantiles[] = {
    {"p50_ns", 500000}, {"p90_ns", 900000}, {"p99_ns", 990000}, {"p99_9_ns", 999000}, {0},
};

uint64_t report_latency_quantile(const struct survey_latency *l, const struct report_quantile *q)
{
    struct histogram h = {0};
    histogram_add(&h, l);
    return histogram_quantile(&h, q->millionths).ns;
}
