#include <math.h>

#include "generate.h"

/* Seeds of which one may lie outside. */
#define CLAIM_SEEDS 10000.0

/*
 * How far a sum of n independent numbers of one mean lies from its own at most, but for a chance of
 * exp(-l): `most` is how far one of them can.
 */
static double bernstein(double n, double variance, double most, double l)
{
    double a = most * l / 3;
    return a + sqrt(a * a + 2 * n * variance * l);
}

void generate_claim_spread(const struct generate_spread *each, uint64_t n, uint64_t draws,
                           struct workload_claims *claims)
{
    double count = (double)n;
    double mean = count * each->mean;
    double l = log(2 * CLAIM_SEEDS); /* two sides */
    double low = mean - bernstein(count, each->variance, each->mean - each->least, l);
    l += log1p((double)draws);
    double high = mean + bernstein(count, each->variance, each->most - each->mean, l);
    claims->live_min = (uint64_t)fmax(low, count * each->least);
    claims->live_max = (uint64_t)ceil(fmin(high, count * each->most));
}

void generate_claim_peak(const struct sizes *sizes, uint64_t n, uint64_t draws,
                         struct workload_claims *claims)
{
    struct generate_spread each = {
        .mean = sizes_mean(sizes),
        .variance = sizes_variance(sizes),
        .least = (double)sizes->min,
        .most = (double)sizes->max,
    };
    generate_claim_spread(&each, n, draws, claims);
}

void generate_claim_live(const struct sizes *sizes, uint64_t n, struct workload_claims *claims)
{
    generate_claim_peak(sizes, n, 0, claims);
}
