#include "certain.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "resample.h"
#include "student.h"

/* Of the logarithms of the values that count. */
struct sample {
    unsigned n;
    double mean, variance; /* of the mean */
};

static struct sample sample_of(const double *values, unsigned n)
{
    struct sample s = {0};
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++)
        if (resampled_is_measured(values[i])) {
            sum += log(values[i]);
            s.n++;
        }
    s.mean = s.n ? sum / s.n : 0;
    for (unsigned i = 0; i < n; i++)
        if (resampled_is_measured(values[i])) {
            double d = log(values[i]) - s.mean;
            squares += d * d;
        }
    s.variance = s.n > 1 ? squares / (s.n - 1) / s.n : 0;
    return s;
}

static double chance(double difference, double variance, unsigned degrees, enum side side)
{
    double beyond = side == SIDE_ABOVE ? difference : -difference;
    if (variance <= 0)
        return beyond > 0 ? 0 : 1;
    double t = beyond / sqrt(variance), half = student_two_tails(t, degrees) / 2;
    return t > 0 ? half : 1 - half;
}

double certain_paired(const double *ratios, unsigned n, double bound, enum side side)
{
    struct sample s = sample_of(ratios, n);
    return s.n < 2 ? 1 : chance(s.mean - log(bound), s.variance, s.n - 1, side);
}

double certain_unpaired(const struct certain_sample *a, const struct certain_sample *b,
                        double bound, enum side side)
{
    struct sample sa = sample_of(a->values, a->n), sb = sample_of(b->values, b->n);
    unsigned least = sa.n < sb.n ? sa.n : sb.n;
    if (least < 2)
        return 1;
    return chance(sb.mean - sa.mean - log(bound), sa.variance + sb.variance, least - 1, side);
}

struct ranked {
    double chance;
    unsigned index;
};

static int compare_ranked(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->chance, y = ((const struct ranked *)b)->chance;
    return (x > y) - (x < y);
}

int certain_holm(const double *chances, unsigned n, double alpha, bool *is_certain, struct err *err)
{
    struct ranked *order = calloc((size_t)n + 1, sizeof(*order));
    if (!order)
        return err_set(err, ENOMEM, "no memory for the statistics of %u comparisons", n);
    for (unsigned i = 0; i < n; i++) {
        order[i] = (struct ranked){.chance = chances[i], .index = i};
        is_certain[i] = false;
    }
    qsort(order, n, sizeof(*order), compare_ranked);
    for (unsigned i = 0; i < n && order[i].chance <= alpha / (n - i); i++)
        is_certain[order[i].index] = true;
    free(order);
    return 0;
}
