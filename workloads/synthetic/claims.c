#include <math.h>

#include "generate.h"

void generate_claim_live(const struct sizes *sizes, uint64_t n, struct workload_claims *claims)
{
    double mean = (double)n * sizes_mean(sizes);
    double spread = 4 * sqrt((double)n * sizes_variance(sizes));
    double least = (double)n * (double)sizes->min;
    double most = (double)n * (double)sizes->max;
    claims->live_min = (uint64_t)fmax(mean - spread, least);
    claims->live_max = (uint64_t)fmin(mean + spread, most);
}
