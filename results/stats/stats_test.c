#include "stats.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "rng.h"
#include "unit.h"

/*
 * Expected numbers: NumPy 1.24 and SciPy 1.10; intervals there from 400 000 resamples of its own
 * generator.
 */
static const double seven[] = {1.21, 1.18, 1.25, 1.30, 1.19, 1.22, 1.27};

static const struct bootstrap how = {.seed = 1};

START_TEST(the_median_is_the_middle_or_the_mean_of_the_middle_two)
{
    double odd[7], even[6], one[] = {3};
    memcpy(odd, seven, sizeof(odd));
    memcpy(even, seven, sizeof(even));
    ck_assert_double_eq(stats_median(odd, 7), 1.22);
    ck_assert_double_eq_tol(stats_median(even, 6), 1.215, 1e-15);
    ck_assert_double_eq(stats_median(one, 1), 3);
}
END_TEST

START_TEST(quantiles_are_interpolated_as_by_numpy)
{
    const double ascending[] = {1.18, 1.19, 1.21, 1.22, 1.25, 1.27, 1.30};
    ck_assert_double_eq_tol(stats_quantile(ascending, 7, 0.025), 1.1815, 1e-12);
    ck_assert_double_eq_tol(stats_quantile(ascending, 7, 0.1), 1.186, 1e-12);
    ck_assert_double_eq_tol(stats_quantile(ascending, 7, 0.975), 1.2955, 1e-12);
    ck_assert_double_eq(stats_quantile(ascending, 7, 0), 1.18);
    ck_assert_double_eq(stats_quantile(ascending, 7, 1), 1.30);
    ck_assert_double_eq(stats_quantile(ascending, 1, 0.5), 1.18);
}
END_TEST

START_TEST(the_geometric_mean_is_that_of_scipy)
{
    ck_assert_double_eq_tol(stats_geometric_mean(seven, 7), 1.2307671431682434, 1e-14);
    const double pair[] = {0.5, 2};
    ck_assert_double_eq_tol(stats_geometric_mean(pair, 2), 1, 1e-15);
}
END_TEST

START_TEST(a_block_without_both_trials_has_no_ratio)
{
    const double a[] = {2, 0, NAN, 3, INFINITY, -1, 4};
    const double b[] = {1, 1, 1, 0, 1, 1, 2};
    double ratios[7];
    ck_assert_uint_eq(stats_paired_ratios(a, b, 7, ratios), 2);
    ck_assert_double_eq(ratios[0], 2);
    ck_assert_double_eq(ratios[6], 2);
    for (unsigned i = 1; i < 6; i++)
        ck_assert_double_nan(ratios[i]);
}
END_TEST

static void check_cell(const double *ratios, unsigned n, double low, double estimate, double high)
{
    struct err err;
    struct interval got;
    ck_assert_int_eq(stats_cell_interval(ratios, n, &how, &got, &err), 0);
    ck_assert_uint_eq(got.n_blocks, n);
    ck_assert_double_eq_tol(got.estimate, estimate, 1e-12);
    ck_assert_double_eq_tol(got.low, low, 0.0021);
    ck_assert_double_eq_tol(got.high, high, 0.0021);
}

START_TEST(the_interval_of_a_cell_is_that_of_numpy)
{
    static const double log_normal[] = {1.0714, 1.1366, 1.0882, 0.9991, 1.0716, 1.0498, 1.0296,
                                        1.1478, 1.1866, 1.1406, 1.1001, 1.1297, 1.0491, 1.0102,
                                        1.0895, 1.0283, 1.1567, 1.0965, 1.1323, 1.0447, 1.2035,
                                        1.0587, 1.112,  1.0247, 1.0548};
    check_cell(seven, 7, 1.18, 1.22, 1.30);
    check_cell(seven, 6, 1.18, 1.215, 1.30);
    check_cell(log_normal, 25, 1.0498, 1.0882, 1.1297);
}
END_TEST

static const double table_ratios[] = {
    1.2561, 1.2559, 1.1853, 1.2404, 1.2965, 1.3137, 1.216,  1.1369, /* */
    1.0305, 0.9867, 1.0318, NAN,    0.973,  1.0226, 1.0307, 1.0866, /* */
    NAN,    0.9449, 0.8732, 0.9579, 0.9114, NAN,    0.9228, 0.9226};

START_TEST(the_mean_resamples_blocks_once_for_all_cells)
{
    struct err err;
    struct interval got;
    unsigned n_used;
    struct ratio_table table = {.ratios = table_ratios, .n_cells = 3, .n_blocks = 8};
    ck_assert_int_eq(stats_mean_interval(&table, &how, &got, &n_used, &err), 0);
    ck_assert_uint_eq(n_used, 3);
    ck_assert_uint_eq(got.n_blocks, 8);
    ck_assert_double_eq_tol(got.estimate, 1.0587459594756559, 1e-14);
    ck_assert_double_eq_tol(got.low, 1.02636, 0.0015);
    ck_assert_double_eq_tol(got.high, 1.07428, 0.0015);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_interval)
{
    struct err err;
    struct interval a, b;
    unsigned n_used;
    struct ratio_table table = {.ratios = table_ratios, .n_cells = 3, .n_blocks = 8};
    ck_assert_int_eq(stats_mean_interval(&table, &how, &a, &n_used, &err), 0);
    ck_assert_int_eq(stats_mean_interval(&table, &how, &b, &n_used, &err), 0);
    ck_assert_double_eq(a.estimate, b.estimate);
    ck_assert_double_eq(a.low, b.low);
    ck_assert_double_eq(a.high, b.high);
}
END_TEST

START_TEST(cells_and_blocks_without_ratios_are_left_out)
{
    /* Block 1 was never reached; cell 1 failed throughout. */
    const double ratios[] = {2, NAN, 2, NAN, NAN, NAN, 8, NAN, 8};
    struct ratio_table table = {.ratios = ratios, .n_cells = 3, .n_blocks = 3};
    struct err err;
    struct interval got;
    unsigned n_used;
    ck_assert_int_eq(stats_mean_interval(&table, &how, &got, &n_used, &err), 0);
    ck_assert_uint_eq(n_used, 2);
    ck_assert_uint_eq(got.n_blocks, 2);
    ck_assert_double_eq_tol(got.estimate, 4, 1e-14);
    ck_assert_double_eq_tol(got.low, 4, 1e-14);
    ck_assert_double_eq_tol(got.high, 4, 1e-14);
}
END_TEST

START_TEST(a_cell_seldom_drawn_keeps_its_estimate)
{
    /* Cell 1 has one block of four; were it left out when not drawn, the mean would often be 1. */
    const double ratios[] = {1, 1, 1, 1, 16, NAN, NAN, NAN};
    struct ratio_table table = {.ratios = ratios, .n_cells = 2, .n_blocks = 4};
    struct err err;
    struct interval got;
    unsigned n_used;
    ck_assert_int_eq(stats_mean_interval(&table, &how, &got, &n_used, &err), 0);
    ck_assert_double_eq_tol(got.low, 4, 1e-14);
}
END_TEST

START_TEST(nothing_measured_gives_no_numbers)
{
    const double ratios[] = {NAN, NAN};
    struct err err;
    struct interval got;
    ck_assert_int_eq(stats_cell_interval(ratios, 2, &how, &got, &err), 0);
    ck_assert_uint_eq(got.n_blocks, 0);
    ck_assert_double_nan(got.estimate);
    ck_assert_double_nan(got.low);
    ck_assert_double_nan(got.high);
    ck_assert_int_eq(stats_verdict(&got, HIGHER_IS_BETTER, STATS_NOISE), VERDICT_TOO_FEW);
    ck_assert_int_eq(stats_cell_interval(NULL, 0, &how, &got, &err), 0);
    ck_assert_uint_eq(got.n_blocks, 0);
}
END_TEST

START_TEST(absurd_numbers_of_resamples_are_refused)
{
    struct err err = {.text = ""};
    struct interval got;
    struct bootstrap absurd = {.n_resamples = STATS_RESAMPLES_MAX + 1};
    ck_assert_int_eq(stats_cell_interval(seven, 7, &absurd, &got, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "10000001"));
}
END_TEST

/* SciPy's normal distribution beyond sqrt(n / (n - 1)) times its t quantile. */
START_TEST(few_blocks_leave_out_less_of_the_tails)
{
    ck_assert_double_eq_tol(stats_tail(7, 1), 0.00410915, 0.00003);
    ck_assert_double_eq_tol(stats_tail(10, 1), 0.00855064, 0.00001);
    ck_assert_double_eq_tol(stats_tail(20, 1), 0.0158808, 0.000001);
    ck_assert_double_eq_tol(stats_tail(100, 1), 0.0230644, 0.000001);
    ck_assert_double_le(stats_tail(3, 1), 0.0001);
    ck_assert_double_eq_tol(stats_tail(100000, 1), 0.025, 0.00001);
    /* Of three at once, each a third. */
    ck_assert_double_eq_tol(stats_tail(100000, 3), 0.025 / 3, 0.00001);
    ck_assert_double_eq_tol(stats_tail(1, 3), 0.025 / 3, 1e-12);
    ck_assert_double_eq(stats_tail(20, 0), stats_tail(20, 1));
}
END_TEST

/*
 * How often the interval holds the true ratio, over 1000 imagined cells. NumPy's own simulation of
 * 3000 gives 98.0 % at 7 blocks, 96.4 % at 10 and 95.8 % at 20, and 3 standard deviations are 2 %; at
 * 3 blocks no interval can do better than stats_coverage says, 75 %.
 */
static double simulated_coverage(unsigned n_blocks, struct rng *rng)
{
    struct err err;
    unsigned n_hits = 0;
    for (unsigned i = 0; i < 1000; i++) {
        double ratios[20];
        for (unsigned b = 0; b < n_blocks; b++)
            ratios[b] = 1.1 * exp((rng_unit(rng) + rng_unit(rng) + rng_unit(rng) - 1.5) * 0.1);
        struct interval got;
        struct bootstrap quick = {.seed = i, .n_resamples = 1000};
        ck_assert_int_eq(stats_cell_interval(ratios, n_blocks, &quick, &got, &err), 0);
        n_hits += got.low <= 1.1 && 1.1 <= got.high;
    }
    return n_hits / 1000.0;
}

START_TEST(the_interval_covers_what_it_says)
{
    struct rng rng;
    rng_seed(&rng, 99);
    ck_assert_double_eq_tol(simulated_coverage(20, &rng), 0.958, 0.02);
    ck_assert_double_eq_tol(simulated_coverage(10, &rng), 0.964, 0.02);
    ck_assert_double_eq_tol(simulated_coverage(7, &rng), 0.980, 0.02);
    ck_assert_double_le(simulated_coverage(3, &rng), stats_coverage(3) + 0.042);
}
END_TEST

/* Of three cells whose true ratio is the same, the one that looks best is told: its interval holds the truth, too. */
START_TEST(intervals_that_hold_together_may_be_chosen_from)
{
    struct rng rng;
    struct err err;
    unsigned n_hits = 0, n_alone = 0;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < 1000; i++) {
        struct interval best = {.estimate = INFINITY}, alone = best;
        for (unsigned c = 0; c < 3; c++) {
            struct bootstrap quick = {.seed = i, .n_resamples = 1000, .n_together = 3};
            struct interval got;
            double ratios[20];
            for (unsigned b = 0; b < 20; b++)
                ratios[b] = exp((rng_unit(&rng) + rng_unit(&rng) + rng_unit(&rng) - 1.5) * 0.1);
            ck_assert_int_eq(stats_cell_interval(ratios, 20, &quick, &got, &err), 0);
            if (got.estimate >= best.estimate)
                continue;
            best = got;
            quick.n_together = 1;
            ck_assert_int_eq(stats_cell_interval(ratios, 20, &quick, &alone, &err), 0);
            ck_assert(alone.low >= best.low && alone.high <= best.high);
        }
        n_hits += best.low <= 1 && 1 <= best.high;
        n_alone += alone.low <= 1 && 1 <= alone.high;
    }
    ck_assert_uint_ge(n_hits, 950);
    ck_assert_uint_lt(n_alone, 950);
}
END_TEST

START_TEST(coverage_reaches_95_percent_at_six_blocks)
{
    ck_assert_double_eq(stats_coverage(0), 0);
    ck_assert_double_eq(stats_coverage(1), 0);
    ck_assert_double_eq(stats_coverage(2), 0.5);
    ck_assert_double_eq(stats_coverage(STATS_FULL_COVERAGE_BLOCKS - 1), 0.9375);
    ck_assert_double_ge(stats_coverage(STATS_FULL_COVERAGE_BLOCKS), STATS_CONFIDENCE);
}
END_TEST

START_TEST(a_difference_is_claimed_only_when_certain_and_large)
{
    static const struct {
        struct interval ratio;
        enum verdict verdict;
    } rows[] = {
        {{1.20, 1.10, 1.30, 6}, VERDICT_BETTER},
        {{0.80, 0.70, 0.90, 6}, VERDICT_WORSE},
        {{1.20, 0.99, 1.30, 6}, VERDICT_NO_DIFFERENCE}, /* holds 1 */
        {{1.20, 1.00, 1.30, 6}, VERDICT_NO_DIFFERENCE},
        {{1.005, 1.004, 1.006, 6}, VERDICT_NO_DIFFERENCE}, /* too small to matter */
        {{0.995, 0.994, 0.996, 6}, VERDICT_NO_DIFFERENCE},
        {{1.20, 1.20, 1.20, 1}, VERDICT_TOO_FEW},
        {{1.20, 1.10, 1.30, 5}, VERDICT_TOO_FEW},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        ck_assert_int_eq(stats_verdict(&rows[i].ratio, HIGHER_IS_BETTER, 0.01), rows[i].verdict);
    ck_assert_int_eq(stats_verdict(&rows[0].ratio, LOWER_IS_BETTER, 0.01), VERDICT_WORSE);
    ck_assert_int_eq(stats_verdict(&rows[1].ratio, LOWER_IS_BETTER, 0.01), VERDICT_BETTER);
    ck_assert_str_eq(stats_verdict_name(VERDICT_NO_DIFFERENCE), "no difference");
}
END_TEST

START_TEST(kendall_counts_pairs_in_order)
{
    const double a[] = {1, 2, 3, 4, 5}, same[] = {10, 20, 30, 40, 50}, other[] = {5, 4, 3, 2, 1};
    const double mixed[] = {3, 1, 4, 2, 5}, tied[] = {1, 1, 2, 3, 4};
    unsigned n;
    ck_assert_double_eq(stats_kendall(a, same, 5, NULL, &n), 1);
    ck_assert_uint_eq(n, 10);
    ck_assert_double_eq(stats_kendall(a, other, 5, NULL, &n), -1);
    ck_assert_double_eq_tol(stats_kendall(a, mixed, 5, NULL, &n), 0.4, 1e-12); /* 7 to 3 */
    ck_assert_double_eq_tol(stats_kendall(a, tied, 5, NULL, &n), 0.9, 1e-12);
}
END_TEST

START_TEST(kendall_leaves_out_pairs_that_do_not_count)
{
    const double a[] = {1, 2, 3}, b[] = {2, 1, 3};
    const bool counts[] = {false, false, true, false, false, true, false, false, false};
    const bool none[9] = {false};
    unsigned n;
    ck_assert_double_eq(stats_kendall(a, b, 3, counts, &n), 1);
    ck_assert_uint_eq(n, 2);
    ck_assert(isnan(stats_kendall(a, b, 3, none, &n)));
    ck_assert_uint_eq(n, 0);
}
END_TEST

UNIT_MAIN("stats", few_blocks_leave_out_less_of_the_tails,
          the_median_is_the_middle_or_the_mean_of_the_middle_two,
          quantiles_are_interpolated_as_by_numpy, the_geometric_mean_is_that_of_scipy,
          a_block_without_both_trials_has_no_ratio, the_interval_of_a_cell_is_that_of_numpy,
          the_mean_resamples_blocks_once_for_all_cells, the_same_seed_gives_the_same_interval,
          cells_and_blocks_without_ratios_are_left_out, a_cell_seldom_drawn_keeps_its_estimate,
          nothing_measured_gives_no_numbers, absurd_numbers_of_resamples_are_refused,
          the_interval_covers_what_it_says, intervals_that_hold_together_may_be_chosen_from,
          coverage_reaches_95_percent_at_six_blocks,
          a_difference_is_claimed_only_when_certain_and_large, kendall_counts_pairs_in_order,
          kendall_leaves_out_pairs_that_do_not_count)
