#include "stats.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"

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

static bool is_measured(double value)
{
    return isfinite(value) && value > 0;
}

unsigned stats_paired_ratios(const double *a, const double *b, unsigned n_blocks, double *ratios)
{
    unsigned n = 0;
    for (unsigned i = 0; i < n_blocks; i++) {
        bool paired = is_measured(a[i]) && is_measured(b[i]);
        ratios[i] = paired ? a[i] / b[i] : NAN;
        n += paired;
    }
    return n;
}

double stats_coverage(unsigned n_blocks)
{
    return n_blocks == 0 ? 0 : 1 - exp2(1 - (double)n_blocks);
}

/*
 * A ratio and the block it is from; a block's number counts only blocks that have a ratio
 * somewhere.
 */
struct entry {
    double ratio;
    unsigned block;
};

struct row {
    struct entry
        *entries; /* ascending by ratio, so that the median of a resample is found by counting */
    unsigned n;
    double median;
};

/* Everything that one bootstrap needs; zero is empty. */
struct engine {
    struct row *rows; /* of the cells that have a ratio */
    unsigned n_rows, n_blocks;
    struct entry *entries;
    unsigned *draws; /* how often each block was drawn in this resample */
    double *means;   /* of the resamples */
};

static int compare_entries(const void *a, const void *b)
{
    return compare_doubles(&((const struct entry *)a)->ratio, &((const struct entry *)b)->ratio);
}

/*
 * The value at `rank` when each entry stands as often as its block was drawn; rank below the total.
 */
static double drawn_value(const struct row *row, const unsigned *draws, unsigned rank)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < row->n; i++) {
        seen += draws[row->entries[i].block];
        if (seen > rank)
            return row->entries[i].ratio;
    }
    return row->median;
}

static double drawn_median(const struct row *row, const unsigned *draws)
{
    unsigned total = 0;
    for (unsigned i = 0; i < row->n; i++)
        total += draws[row->entries[i].block];
    if (total == 0)
        return row->median;
    double upper = drawn_value(row, draws, total / 2);
    return total % 2 ? upper : (drawn_value(row, draws, total / 2 - 1) + upper) / 2;
}

static double drawn_mean(const struct engine *e)
{
    if (e->n_rows == 1)
        return drawn_median(&e->rows[0], e->draws);
    double sum = 0;
    for (unsigned i = 0; i < e->n_rows; i++)
        sum += log(drawn_median(&e->rows[i], e->draws));
    return exp(sum / e->n_rows);
}

static double plain_mean(const struct engine *e)
{
    for (unsigned i = 0; i < e->n_blocks; i++)
        e->draws[i] = 1;
    return drawn_mean(e);
}

static void engine_release(struct engine *e)
{
    free(e->rows);
    free(e->entries);
    free(e->draws);
    free(e->means);
}

/*
 * Numbers the blocks that have a ratio in any cell, from 0, in `number`; UINT32_MAX for the others.
 */
static unsigned number_blocks(const struct ratio_table *t, unsigned *number)
{
    unsigned n = 0;
    for (unsigned b = 0; b < t->n_blocks; b++) {
        bool used = false;
        for (unsigned c = 0; c < t->n_cells && !used; c++)
            used = is_measured(t->ratios[(size_t)c * t->n_blocks + b]);
        number[b] = used ? n++ : UINT32_MAX;
    }
    return n;
}

static void add_row(struct engine *e, const double *ratios, unsigned n_blocks,
                    const unsigned *number, struct entry *entries)
{
    struct row row = {.entries = entries};
    for (unsigned b = 0; b < n_blocks; b++)
        if (is_measured(ratios[b]))
            row.entries[row.n++] = (struct entry){.ratio = ratios[b], .block = number[b]};
    if (row.n == 0)
        return;
    qsort(row.entries, row.n, sizeof(*row.entries), compare_entries);
    row.median = (row.entries[(row.n - 1) / 2].ratio + row.entries[row.n / 2].ratio) / 2;
    e->rows[e->n_rows++] = row;
}

static int engine_fill(struct engine *e, const struct ratio_table *t, unsigned n_resamples)
{
    size_t n_ratios = (size_t)t->n_cells * t->n_blocks;
    unsigned *number = calloc(t->n_blocks + 1, sizeof(*number));
    e->rows = calloc((size_t)t->n_cells + 1, sizeof(*e->rows));
    e->entries = calloc(n_ratios + 1, sizeof(*e->entries));
    e->draws = calloc((size_t)t->n_blocks + 1, sizeof(*e->draws));
    e->means = calloc(n_resamples, sizeof(*e->means));
    bool complete = number && e->rows && e->entries && e->draws && e->means;
    if (complete) {
        e->n_blocks = number_blocks(t, number);
        for (unsigned c = 0; c < t->n_cells; c++) {
            size_t first = (size_t)c * t->n_blocks;
            add_row(e, t->ratios + first, t->n_blocks, number, e->entries + first);
        }
    }
    free(number);
    return complete ? 0 : -ENOMEM;
}

static void resample(struct engine *e, uint64_t seed, unsigned n_resamples)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (unsigned i = 0; i < n_resamples; i++) {
        memset(e->draws, 0, e->n_blocks * sizeof(*e->draws));
        for (unsigned b = 0; b < e->n_blocks; b++)
            e->draws[rng_below(&rng, e->n_blocks)]++;
        e->means[i] = drawn_mean(e);
    }
    qsort(e->means, n_resamples, sizeof(*e->means), compare_doubles);
}

/* Of Student's t at STATS_CONFIDENCE, by the Cornish-Fisher expansion: 3 % off at 2, 0.1 % at 6. */
static double t_quantile(double degrees)
{
    const double z = 1.959963984540054, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

double stats_tail(unsigned n_blocks)
{
    if (n_blocks < 2)
        return (1 - STATS_CONFIDENCE) / 2;
    double n = n_blocks;
    return erfc(sqrt(n / (n - 1)) * t_quantile(n - 1) / M_SQRT2) / 2;
}

int stats_mean_interval(const struct ratio_table *table, const struct bootstrap *how,
                        struct interval *out, unsigned *n_used, struct err *err)
{
    unsigned n_resamples = how->n_resamples ? how->n_resamples : STATS_RESAMPLES;
    if (n_resamples > STATS_RESAMPLES_MAX)
        return err_set(err, EINVAL, "%u resamples are too many: at most %u are allowed",
                       n_resamples, STATS_RESAMPLES_MAX);
    *out = (struct interval){.estimate = NAN, .low = NAN, .high = NAN};

    struct engine e = {0};
    int result = engine_fill(&e, table, n_resamples);
    if (result < 0) {
        engine_release(&e);
        return err_set(err, ENOMEM, "no memory for the statistics of %u cells", table->n_cells);
    }
    *n_used = e.n_rows;
    out->n_blocks = e.n_blocks;
    if (e.n_rows > 0) {
        out->estimate = plain_mean(&e);
        resample(&e, how->seed, n_resamples);
        double tail = stats_tail(e.n_blocks);
        out->low = stats_quantile(e.means, n_resamples, tail);
        out->high = stats_quantile(e.means, n_resamples, 1 - tail);
    }
    engine_release(&e);
    return 0;
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
