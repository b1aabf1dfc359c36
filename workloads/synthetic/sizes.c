#include "sizes.h"

#include <errno.h>
#include <math.h>

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

/* A doubling of the sizes, or all of them: what is even inside. */
struct step {
    double weight, low, high;
};

static unsigned n_steps(const struct sizes *s)
{
    return s->shape == SIZES_EVEN ? 1 : s->n_doublings;
}

static struct step step_of(const struct sizes *s, unsigned k)
{
    if (s->shape == SIZES_EVEN)
        return (struct step){1, (double)s->min, (double)s->max};
    bool last = k == s->n_doublings - 1;
    double low = (double)(s->min << k);
    double weight =
        s->shape == SIZES_PARETO ? ldexp(1, last ? -(int)k : -(int)k - 1) : 1.0 / s->n_doublings;
    return (struct step){weight, low, last ? (double)s->max : 2 * low - 1};
}

/* Of the smaller of two even draws from 0..n-1; P(at least j) = ((n - j) / n)^2. */
static double linear_mean(double n)
{
    return (n - 1) * (2 * n - 1) / (6 * n);
}

static double linear_variance(double n)
{
    double squares = (2 * n - 1) * (2 * n - 1) * (n - 1) / (6 * n) - (n - 1) * (n - 1) / 2;
    return squares - linear_mean(n) * linear_mean(n);
}

static double clamp_share(double share)
{
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

double sizes_mean(const struct sizes *s)
{
    if (s->shape == SIZES_LINEAR)
        return (double)s->min + linear_mean((double)(s->max - s->min + 1));
    double sum = 0;
    for (unsigned k = 0; k < n_steps(s); k++) {
        struct step step = step_of(s, k);
        sum += step.weight * (step.low + step.high) / 2;
    }
    return sum;
}

double sizes_variance(const struct sizes *s)
{
    if (s->shape == SIZES_LINEAR)
        return linear_variance((double)(s->max - s->min + 1));
    double mean = sizes_mean(s);
    double sum = 0;
    for (unsigned k = 0; k < n_steps(s); k++) {
        struct step step = step_of(s, k);
        double n = step.high - step.low + 1;
        double off = (step.low + step.high) / 2 - mean;
        /* of a discrete uniform, and of its middle */
        sum += step.weight * ((n * n - 1) / 12 + off * off);
    }
    return sum;
}

double sizes_share_below_in(const struct sizes *s, unsigned k, uint64_t bytes)
{
    struct step step = step_of(s, k);
    return clamp_share(((double)bytes - step.low) / (step.high - step.low + 1));
}

double sizes_share_below(const struct sizes *s, uint64_t bytes)
{
    if (s->shape == SIZES_LINEAR) {
        double n = (double)(s->max - s->min + 1);
        double above = 1 - clamp_share(((double)bytes - (double)s->min) / n);
        return 1 - above * above;
    }
    double sum = 0;
    for (unsigned k = 0; k < n_steps(s); k++)
        sum += step_of(s, k).weight * sizes_share_below_in(s, k, bytes);
    return sum;
}
