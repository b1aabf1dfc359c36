/*
 * Whether a change is certain, where many are looked at together. Student's t tests of the logarithms of
 * ratios, one-sided: the chance of a difference like this, or one further beyond the bound, if the true
 * ratio were the bound. Pure; any thread may call.
 */
#pragma once

#include "stats.h"

enum side { SIDE_BELOW, SIDE_ABOVE }; /* of the bound, where the ratio would be bad */

/* Of n ratios; what is not positive and finite is left out. 1 for fewer than two. bound > 0. */
double certain_paired(const double *ratios, unsigned n, double bound, enum side side);

/*
 * Of the values of b to those of a that were not measured side by side: Welch's test with the degrees of freedom of the
 * smaller sample, which errs on the careful side.
 */
struct certain_sample {
    const double *values;
    unsigned n;
};
double certain_unpaired(const struct certain_sample *a, const struct certain_sample *b,
                        double bound, enum side side);

/*
 * Holm's procedure (Scandinavian Journal of Statistics 6, 1979): which of n chances are so small that with
 * probability 1 - alpha none of those that it names is named wrongly.
 */
int certain_holm(const double *chances, unsigned n, double alpha, bool *is_certain,
                 struct err *err) MUST_CHECK;
