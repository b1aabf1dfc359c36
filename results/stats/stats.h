/*
 * The statistics of a comparison. A cell is one workload at one thread count; in each block of a
 * run every allocator had one trial of it, so two allocators are compared by the ratio of the two
 * trials of a block, which ran close to each other on the same machine in the same mood. The ratio
 * of a cell is the median over its blocks; of a set of cells, the geometric mean of their medians.
 * Intervals are bootstrap intervals over blocks, at STATS_CONFIDENCE: percentiles of the resampled
 * statistic, taken further out where blocks are few (stats_tail()).
 *
 * Pure functions of their arguments: the same numbers and the same seed give the same result on
 * every machine. Any thread may call.
 */
#pragma once

#include "err.h"

#define STATS_CONFIDENCE    0.95
#define STATS_RESAMPLES     10000u
#define STATS_RESAMPLES_MAX 10000000u
#define STATS_NOISE         0.01 /* a difference below 1 % is not worth a claim, however certain */

/* Below so many blocks no interval of a median can cover STATS_CONFIDENCE; see stats_coverage(). */
#define STATS_FULL_COVERAGE_BLOCKS 6u

struct bootstrap {
    uint64_t seed;
    unsigned n_resamples; /* 0: STATS_RESAMPLES; at most STATS_RESAMPLES_MAX */
    /*
     * Intervals of which one is singled out when they are known: with so many each is widened until all hold at
     * once at STATS_CONFIDENCE (Bonferroni). 0: one.
     */
    unsigned n_together;
};

/* With n_blocks 0 the three numbers are NaN, with 1 they are equal. */
struct interval {
    double estimate, low, high;
    unsigned n_blocks; /* that it rests on */
};

/*
 * How much of the bootstrap distribution an interval over n blocks leaves out at each end. The plain
 * percentile interval leaves out 2.5 %, and is too narrow for few blocks: at 7 it holds the true median
 * 87 times in 100. The expanded one takes the tail of the normal distribution beyond
 * sqrt(n / (n - 1)) times Student's t quantile (Hesterberg, "What Teachers Should Know About the
 * Bootstrap", The American Statistician 69, 2015, section 4). Of several that are to hold together each
 * leaves out the less.
 */
double stats_tail(unsigned n_blocks, unsigned n_together);

/* Of the values, which are reordered; n is not 0. With n even, the mean of the middle two. */
double stats_median(double *values, size_t n);

/*
 * The p-quantile, 0 <= p <= 1, of n > 0 ascending values, interpolated linearly (Hyndman and Fan's
 * 7).
 */
double stats_quantile(const double *ascending, size_t n, double p);

/* Of n > 0 positive values. */
double stats_geometric_mean(const double *values, size_t n);

/*
 * ratios[b] = a[b] / b[b] for each block where both are positive and finite, else NaN: a trial that
 * failed, or measured nothing, is 0 or NaN in a or b. Returns how many are ratios.
 */
unsigned stats_paired_ratios(const double *a, const double *b, unsigned n_blocks, double *ratios);

/*
 * The median of a cell's ratios with its interval; NaN where a block has none. 0, -ENOMEM, -EINVAL.
 */
int stats_cell_interval(const double *ratios, unsigned n_blocks, const struct bootstrap *how,
                        struct interval *out, struct err *err) MUST_CHECK;

/* Cells are rows: the ratio of cell c in block b is ratios[c * n_blocks + b], or NaN. */
struct ratio_table {
    const double *ratios;
    unsigned n_cells, n_blocks;
};

/*
 * The geometric mean of the cells' medians with its interval; *n_used of the cells had a ratio at
 * all. Each resample draws blocks once for all cells, so that what hits a whole block is seen as
 * one event. A cell that has no ratio in the blocks drawn keeps its estimate in that resample:
 * leaving it out would compare means over different sets of cells. 0, -ENOMEM, -EINVAL.
 */
int stats_mean_interval(const struct ratio_table *table, const struct bootstrap *how,
                        struct interval *out, unsigned *n_used, struct err *err) MUST_CHECK;

/*
 * As stats_mean_interval, of two tables of values (in the place of ratios) with the same cells that were not measured
 * side by side: the geometric mean over the cells that both have of the ratio of b's median to a's. Blocks of
 * a and of b are drawn apart. The interval knows what varied inside a and inside b, and nothing of what
 * changed between them. out->n_blocks is the smaller number.
 */
int stats_unpaired_interval(const struct ratio_table *a, const struct ratio_table *b,
                            const struct bootstrap *how, struct interval *out, unsigned *n_used,
                            struct err *err) MUST_CHECK;

/*
 * The chance that the range from the least to the greatest of n independent values holds the median
 * of what they were drawn from: 1 - 2^(1-n). No percentile interval is wider, so this bounds its
 * coverage.
 */
double stats_coverage(unsigned n_blocks);

enum direction { HIGHER_IS_BETTER, LOWER_IS_BETTER };

enum verdict {
    VERDICT_TOO_FEW, /* fewer than STATS_FULL_COVERAGE_BLOCKS: no interval could bear a claim */
    VERDICT_NO_DIFFERENCE,
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICTS
};

/*
 * Of a ratio to the baseline. A difference is claimed only where the interval excludes 1 and the
 * estimate is further from 1 than `noise`.
 */
enum verdict stats_verdict(const struct interval *ratio, enum direction direction, double noise);

/* "too few blocks", "no difference", "better", "worse". */
const char *stats_verdict_name(enum verdict verdict);

/*
 * Kendall's tau of how two lists of n numbers order the same things: of the pairs i < j for which
 * counts[i * n + j] holds (NULL: of all), those in the same order less those in opposite orders, by
 * all of them. A pair that is equal in one of the lists is neither. *n_pairs says how many count; the
 * result is NaN where none does.
 */
double stats_kendall(const double *a, const double *b, unsigned n, const bool *counts,
                     unsigned *n_pairs);
