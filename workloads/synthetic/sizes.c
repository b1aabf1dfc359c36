#include "sizes.h"

#include <errno.h>

#include "param.h"

int sizes_check(uint64_t min, uint64_t max, struct err *err)
{
    if (min <= max)
        return 0;
    char low[PARAM_VALUE_BYTES];
    char high[PARAM_VALUE_BYTES];
    static const struct param bytes = {.unit = PARAM_BYTES};
    param_format_value(&bytes, min, low, sizeof(low));
    param_format_value(&bytes, max, high, sizeof(high));
    return err_set(err, EINVAL, "min=%s lies above max=%s", low, high);
}

/* The least and the greatest size of doubling k. */
static void bounds(const struct sizes *s, unsigned k, double *low, double *high)
{
    *low = (double)(s->min << k);
    *high = k == s->n_doublings - 1 ? (double)s->max : 2 * *low - 1;
}

double sizes_mean(const struct sizes *s)
{
    double sum = 0;
    for (unsigned k = 0; k < s->n_doublings; k++) {
        double low, high;
        bounds(s, k, &low, &high);
        sum += (low + high) / 2;
    }
    return sum / s->n_doublings;
}

double sizes_variance(const struct sizes *s)
{
    double mean = sizes_mean(s);
    double sum = 0;
    for (unsigned k = 0; k < s->n_doublings; k++) {
        double low, high;
        bounds(s, k, &low, &high);
        double n = high - low + 1;
        double off = (low + high) / 2 - mean;
        sum += (n * n - 1) / 12 + off * off; /* of a discrete uniform, and of its middle */
    }
    return sum / s->n_doublings;
}

double sizes_share_below_in(const struct sizes *s, unsigned k, uint64_t bytes)
{
    double low, high;
    bounds(s, k, &low, &high);
    double share = ((double)bytes - low) / (high - low + 1);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

double sizes_share_below(const struct sizes *s, uint64_t bytes)
{
    double sum = 0;
    for (unsigned k = 0; k < s->n_doublings; k++)
        sum += sizes_share_below_in(s, k, bytes);
    return sum / s->n_doublings;
}
