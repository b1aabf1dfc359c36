/* What all reports call the columns of a series and the quantiles of a latency. */
#pragma once

#include "survey.h"
#include "trial.h"

/* The columns of a series, with their units in their names; ends with a row without a name. */
struct report_series {
    const char *name;
    size_t offset; /* of a uint64_t in struct trial_sample; SURVEY_UNKNOWN is none */
};
extern const struct report_series report_series[];

static inline uint64_t report_sample_of(const struct trial_sample *sample,
                                        const struct report_series *column)
{
    return *(const uint64_t *)((const char *)sample + column->offset);
}

/* The quantiles of latency that reports show; ends with a row without a name. */
struct report_quantile {
    const char *name; /* "p50_ns" */
    uint32_t millionths;
};
extern const struct report_quantile report_quantiles[];

/* As histogram_quantile() tells it, ns. */
uint64_t report_latency_quantile(const struct survey_latency *l, const struct report_quantile *q);
