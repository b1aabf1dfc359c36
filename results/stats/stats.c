#include "stats.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "resample.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stats_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double stats_quantile(const double *ascending, size_t n, double p)
{
    double where = (double)(n - 1) * p;
    size_t below = (size_t)where;
    if (below + 1 >= n)
        return ascending[n - 1];
    return ascending[below] + (where - (double)below) * (ascending[below + 1] - ascending[below]);
}

double stats_geometric_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(values[i]);
    return exp(sum / (double)n);
}

unsigned stats_paired_ratios(const double *a, const double *b, unsigned n_blocks, double *ratios)
{
    unsigned n = 0;
    for (unsigned i = 0; i < n_blocks; i++) {
        bool paired = resampled_is_measured(a[i]) && resampled_is_measured(b[i]);
        ratios[i] = paired ? a[i] / b[i] : NAN;
        n += paired;
    }
    return n;
}

double stats_coverage(unsigned n_blocks)
{
    return n_blocks == 0 ? 0 : 1 - exp2(1 - (double)n_blocks);
}

/* Beyond which a share `tail` of the normal distribution lies: 0 < tail <= 0.5. */
static double normal_quantile(double tail)
{
    double low = 0, high = 40;
    for (unsigned i = 0; i < 64; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / M_SQRT2) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Of Student's t, by the Cornish-Fisher expansion: at a tail of 2.5 % it is 3 % off at 2, 0.1 % at 6. */
static double t_quantile(double degrees, double tail)
{
    const double z = normal_quantile(tail), z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

double stats_tail(unsigned n_blocks, unsigned n_together)
{
    double n = n_blocks, tail = (1 - STATS_CONFIDENCE) / 2 / (n_together > 1 ? n_together : 1);
    if (n_blocks < 2)
        return tail;
    return erfc(sqrt(n / (n - 1)) * t_quantile(n - 1, tail) / M_SQRT2) / 2;
}

static int count_resamples(const struct bootstrap *how, unsigned *n, struct err *err)
{
    *n = how->n_resamples ? how->n_resamples : STATS_RESAMPLES;
    if (*n > STATS_RESAMPLES_MAX)
        return err_set(err, EINVAL, "%u resamples are too many: at most %u are allowed", *n,
                       STATS_RESAMPLES_MAX);
    return 0;
}

static int no_memory(unsigned n_cells, struct err *err)
{
    return err_set(err, ENOMEM, "no memory for the statistics of %u cells", n_cells);
}

/* Of resampled means, which are reordered. */
static void take_tails(double *means, unsigned n, const struct bootstrap *how, struct interval *out)
{
    double tail = stats_tail(out->n_blocks, how->n_together);
    qsort(means, n, sizeof(*means), compare_doubles);
    out->low = stats_quantile(means, n, tail);
    out->high = stats_quantile(means, n, 1 - tail);
}

int stats_mean_interval(const struct ratio_table *table, const struct bootstrap *how,
                        struct interval *out, unsigned *n_used, struct err *err)
{
    unsigned n;
    *out = (struct interval){.estimate = NAN, .low = NAN, .high = NAN};
    int result = count_resamples(how, &n, err);
    if (result < 0)
        return result;
    struct resampled r = {0};
    double *means = calloc(n, sizeof(*means));
    if (resampled_fill(&r, table) < 0 || !means) {
        result = no_memory(table->n_cells, err);
    } else if (r.n_rows > 0) {
        struct rng rng;
        rng_seed(&rng, how->seed);
        out->estimate = resampled_mean(&r);
        for (unsigned i = 0; i < n; i++) {
            resampled_draw(&r, &rng);
            means[i] = resampled_mean(&r);
        }
        out->n_blocks = r.n_blocks;
        take_tails(means, n, how, out);
    }
    *n_used = r.n_rows;
    resampled_release(&r);
    free(means);
    return result;
}

static bool has_any(const double *values, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (resampled_is_measured(values[i]))
            return true;
    return false;
}

/* Copies of both tables, in which a cell that one of them does not have is in neither. */
static int common_cells(const struct ratio_table *a, const struct ratio_table *b, double *values[2])
{
    const struct ratio_table *tables[2] = {a, b};
    for (unsigned t = 0; t < 2; t++) {
        size_t n = (size_t)tables[t]->n_cells * tables[t]->n_blocks;
        values[t] = malloc((n + 1) * sizeof(double));
        if (!values[t])
            return -ENOMEM;
        memcpy(values[t], tables[t]->ratios, n * sizeof(double));
    }
    for (unsigned c = 0; c < a->n_cells; c++) {
        bool has[2];
        for (unsigned t = 0; t < 2; t++)
            has[t] = has_any(values[t] + (size_t)c * tables[t]->n_blocks, tables[t]->n_blocks);
        for (unsigned t = 0; t < 2 && !(has[0] && has[1]); t++)
            for (unsigned i = 0; i < tables[t]->n_blocks; i++)
                values[t][(size_t)c * tables[t]->n_blocks + i] = NAN;
    }
    return 0;
}

int stats_unpaired_interval(const struct ratio_table *a, const struct ratio_table *b,
                            const struct bootstrap *how, struct interval *out, unsigned *n_used,
                            struct err *err)
{
    unsigned n;
    *out = (struct interval){.estimate = NAN, .low = NAN, .high = NAN};
    int result = count_resamples(how, &n, err);
    if (result < 0)
        return result;
    double *values[2] = {NULL, NULL}, *means = calloc(n, sizeof(*means));
    struct resampled ra = {0}, rb = {0};
    bool complete = means && common_cells(a, b, values) == 0;
    if (complete) {
        struct ratio_table common_a = {values[0], a->n_cells, a->n_blocks};
        struct ratio_table common_b = {values[1], b->n_cells, b->n_blocks};
        complete = resampled_fill(&ra, &common_a) == 0 && resampled_fill(&rb, &common_b) == 0;
    }
    if (!complete) {
        result = no_memory(a->n_cells, err);
    } else if (ra.n_rows > 0) {
        struct rng rng;
        rng_seed(&rng, how->seed);
        out->estimate = resampled_mean(&rb) / resampled_mean(&ra);
        for (unsigned i = 0; i < n; i++) {
            resampled_draw(&ra, &rng);
            resampled_draw(&rb, &rng);
            means[i] = resampled_mean(&rb) / resampled_mean(&ra);
        }
        out->n_blocks = ra.n_blocks < rb.n_blocks ? ra.n_blocks : rb.n_blocks;
        take_tails(means, n, how, out);
    }
    *n_used = ra.n_rows;
    resampled_release(&ra);
    resampled_release(&rb);
    free(values[0]);
    free(values[1]);
    free(means);
    return result;
}

int stats_cell_interval(const double *ratios, unsigned n_blocks, const struct bootstrap *how,
                        struct interval *out, struct err *err)
{
    unsigned n_used;
    struct ratio_table table = {.ratios = ratios, .n_cells = 1, .n_blocks = n_blocks};
    return stats_mean_interval(&table, how, out, &n_used, err);
}

enum verdict stats_verdict(const struct interval *ratio, enum direction direction, double noise)
{
    if (ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS)
        return VERDICT_TOO_FEW;
    bool excludes_one = ratio->low > 1 || ratio->high < 1;
    if (!excludes_one || fabs(ratio->estimate - 1) <= noise)
        return VERDICT_NO_DIFFERENCE;
    bool is_higher = ratio->estimate > 1;
    return is_higher == (direction == HIGHER_IS_BETTER) ? VERDICT_BETTER : VERDICT_WORSE;
}

static const char *const verdict_names[] = {
    [VERDICT_TOO_FEW] = "too few blocks",
    [VERDICT_NO_DIFFERENCE] = "no difference",
    [VERDICT_BETTER] = "better",
    [VERDICT_WORSE] = "worse",
};
static_assert(ARRAY_SIZE(verdict_names) == VERDICTS, "every verdict has a name");

const char *stats_verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

static int sign(double x)
{
    return (x > 0) - (x < 0);
}

double stats_kendall(const double *a, const double *b, unsigned n, const bool *counts,
                     unsigned *n_pairs)
{
    int sum = 0;
    *n_pairs = 0;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = i + 1; j < n; j++) {
            if (counts && !counts[i * n + j])
                continue;
            ++*n_pairs;
            sum += sign(a[i] - a[j]) * sign(b[i] - b[j]);
        }
    return *n_pairs ? (double)sum / *n_pairs : NAN;
}
