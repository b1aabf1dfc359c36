/* Chances on known answers, Holm's order, unpaired intervals, and how often the gate would cry wolf. */
#include "certain.h"

#include <math.h>

#include "rng.h"
#include "unit.h"

/* Logarithms 0.1, 0.2, 0.3: mean 0.2, s.e. 0.057735; t = 3.4641 with 2 degrees: 0.0371 by the closed form. */
START_TEST(paired_chance_is_student_s)
{
    const double ratios[] = {exp(0.1), exp(0.2), 0, exp(0.3), NAN};
    double expected = (1 - sqrt(12.0) / sqrt(2 + 12.0)) / 2;
    ck_assert_double_eq_tol(certain_paired(ratios, 5, 1, SIDE_ABOVE), expected, 1e-12);
    ck_assert_double_eq_tol(certain_paired(ratios, 5, 1, SIDE_BELOW), 1 - expected, 1e-12);
    ck_assert_double_eq_tol(certain_paired(ratios, 5, exp(0.2), SIDE_ABOVE), 0.5, 1e-12);
    ck_assert_double_eq(certain_paired(ratios, 1, 1, SIDE_ABOVE), 1);
    ck_assert_double_eq(certain_paired(ratios, 0, 1, SIDE_ABOVE), 1);
}
END_TEST

START_TEST(values_that_do_not_scatter_are_certain_or_not)
{
    const double same[] = {0.9, 0.9, 0.9};
    ck_assert_double_eq(certain_paired(same, 3, 0.95, SIDE_BELOW), 0);
    ck_assert_double_eq(certain_paired(same, 3, 0.85, SIDE_BELOW), 1);
    ck_assert_double_eq(certain_paired(same, 3, 0.95, SIDE_ABOVE), 1);
}
END_TEST

/* a has logarithms 0, 0.2 (s.e.^2 0.01), b 0.5, 0.9, 0.7 (0.0133): t = 0.6 / 0.15275 with 1 degree. */
START_TEST(unpaired_chance_is_welch_s_with_the_smaller_sample_s_degrees)
{
    const double a[] = {1, exp(0.2)}, b[] = {exp(0.5), exp(0.9), exp(0.7)};
    const struct certain_sample sa = {a, 2}, sb = {b, 3}, one = {a, 1};
    double t = 0.6 / sqrt(0.01 + 0.04 / 3), expected = 0.5 - atan(t) / M_PI;
    ck_assert_double_eq_tol(certain_unpaired(&sa, &sb, 1, SIDE_ABOVE), expected, 1e-12);
    ck_assert_double_eq_tol(certain_unpaired(&sb, &sa, 1, SIDE_BELOW), expected, 1e-12);
    ck_assert_double_eq(certain_unpaired(&one, &sb, 1, SIDE_ABOVE), 1);
}
END_TEST

START_TEST(holm_stops_at_the_first_that_is_not_small_enough)
{
    struct err err;
    bool is_certain[4];
    const double chances[] = {0.011, 0.04, 0.005, 0.03}; /* 0.05: by 4, by 3, by 2, by 1 */
    ck_assert_int_eq(certain_holm(chances, 4, 0.05, is_certain, &err), 0);
    ck_assert(is_certain[0] && is_certain[2]);
    ck_assert(!is_certain[1] && !is_certain[3]); /* 0.03 > 0.025, so 0.04 is not asked */
    ck_assert_int_eq(certain_holm(chances, 0, 0.05, is_certain, &err), 0);
}
END_TEST

START_TEST(unpaired_interval_is_of_the_cells_that_both_have)
{
    struct err err;
    struct interval i;
    unsigned n_used;
    struct bootstrap how = {.seed = 3, .n_resamples = 500};
    const double a[] = {10, 10, 10, 20, 20, 20, 7, 7, 7, NAN, 0, NAN};
    const double b[] = {20, 20, 10, 10, NAN, NAN, 5, 5};
    struct ratio_table ta = {a, 4, 3}, tb = {b, 4, 2};
    ck_assert_int_eq(stats_unpaired_interval(&ta, &tb, &how, &i, &n_used, &err), 0);
    ck_assert_uint_eq(n_used, 2);
    ck_assert_uint_eq(i.n_blocks, 2);
    ck_assert_double_eq_tol(i.estimate, 1, 1e-12); /* 2 and 1/2 */
    ck_assert_double_eq_tol(i.low, 1, 1e-12);
    ck_assert_double_eq_tol(i.high, 1, 1e-12);
    struct ratio_table none = {b + 4, 1, 2}, one = {a, 1, 3};
    ck_assert_int_eq(stats_unpaired_interval(&one, &none, &how, &i, &n_used, &err), 0);
    ck_assert_uint_eq(n_used, 0);
    ck_assert_uint_eq(i.n_blocks, 0);
    ck_assert(isnan(i.estimate));
    how.n_resamples = STATS_RESAMPLES_MAX + 1;
    ck_assert_int_lt(stats_unpaired_interval(&ta, &tb, &how, &i, &n_used, &err), 0);
}
END_TEST

/* Roughly normal: the sum of twelve. */
static double noisy(struct rng *rng, double scatter)
{
    double sum = -6;
    for (unsigned i = 0; i < 12; i++)
        sum += rng_unit(rng);
    return exp(scatter * sum);
}

/* The truth is 1: how often of 1000 the interval of 95 % holds it. */
static unsigned coverage(unsigned n, double scatter)
{
    struct rng rng;
    struct err err;
    unsigned n_held = 0, n_used;
    rng_seed(&rng, n);
    for (unsigned round = 0; round < 1000; round++) {
        double a[20], b[20];
        struct interval i;
        for (unsigned k = 0; k < n; k++) {
            a[k] = noisy(&rng, scatter);
            b[k] = noisy(&rng, scatter);
        }
        struct ratio_table ta = {a, 1, n}, tb = {b, 1, n};
        struct bootstrap how = {.seed = round, .n_resamples = 300};
        ck_assert_int_eq(stats_unpaired_interval(&ta, &tb, &how, &i, &n_used, &err), 0);
        n_held += i.low <= 1 && 1 <= i.high;
    }
    return n_held;
}

START_TEST(unpaired_intervals_hold_the_truth)
{
    static const unsigned sizes[] = {7, 9, 20};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned n = coverage(sizes[i], 0.05);
        ck_assert_msg(n >= 940, "%u blocks: %u of 1000", sizes[i], n);
    }
}
END_TEST

UNIT_MAIN("certain", paired_chance_is_student_s, values_that_do_not_scatter_are_certain_or_not,
          unpaired_chance_is_welch_s_with_the_smaller_sample_s_degrees,
          holm_stops_at_the_first_that_is_not_small_enough,
          unpaired_interval_is_of_the_cells_that_both_have, unpaired_intervals_hold_the_truth)
