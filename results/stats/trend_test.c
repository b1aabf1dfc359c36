#include "trend.h"

#include <math.h>

#include "rng.h"
#include "unit.h"

/* Expected numbers: R 4.2, cor.test(method = "kendall"). */

static struct trend trend_of(const double *values, unsigned n)
{
    struct trend trend;
    struct err err = {""};
    ck_assert_int_eq(trend_find(values, n, &trend, &err), 0);
    return trend;
}

START_TEST(without_ties_the_chance_is_exact)
{
    const double values[] = {3, 1, 2, 5, 4, 7, 6, 9, 8};
    struct trend t = trend_of(values, 9);
    ck_assert_int_eq(t.s, 31 - 5);
    ck_assert_double_eq_tol(t.chance, 0.005886, 5e-7);
    ck_assert_double_eq_tol(t.slope, 1, 1e-12);
}
END_TEST

START_TEST(chances_are_those_of_kendalls_table)
{
    const double rising[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    double factorial = 1;
    for (unsigned n = 2; n <= 10; n++) {
        factorial *= n;
        struct trend t = trend_of(rising, n);
        ck_assert_double_eq_tol(t.chance, fmin(1, 2 / factorial), 1e-12);
        ck_assert_double_eq_tol(t.slope, 1, 1e-12);
    }
    const double s_is_2[] = {1, 4, 2, 3}, s_is_0[] = {2, 4, 1, 3};
    ck_assert_double_eq_tol(trend_of(s_is_2, 4).chance, 2 * 9 / 24.0, 1e-12);
    ck_assert_double_eq_tol(trend_of(s_is_0, 4).chance, 1, 1e-12);
}
END_TEST

START_TEST(with_ties_the_chance_is_normal)
{
    const double values[] = {5, 3, 4, 4, 2, 6, 7, 7, 8, 9, 11, 10};
    struct trend t = trend_of(values, 12);
    ck_assert_double_eq_tol(t.chance, 0.001203, 5e-7);
    ck_assert_double_eq_tol(t.slope, 0.7142857, 1e-6);
}
END_TEST

START_TEST(missing_steps_keep_their_place_and_wild_values_move_nothing)
{
    const double values[] = {1, NAN, 3, 4, 500, 6, INFINITY, 8, 9, 10};
    struct trend t = trend_of(values, 10);
    ck_assert_double_eq_tol(t.slope, 1, 1e-12);
    const double one[] = {3, NAN};
    ck_assert_double_nan(trend_of(one, 2).slope);
    ck_assert_double_eq(trend_of(one, 2).chance, 1);
    ck_assert_double_eq(trend_of(one, 0).chance, 1);
}
END_TEST

START_TEST(many_numbers_are_taken_in_stretches)
{
    enum { N = 99999 };
    static double values[N];
    struct rng rng;
    rng_seed(&rng, 3);
    for (unsigned i = 0; i < N; i++)
        values[i] = 1e-5 * i + rng_unit(&rng);
    struct trend t = trend_of(values, N);
    ck_assert_double_eq_tol(t.slope, 1e-5, 1e-6);
    ck_assert_double_lt(t.chance, 1e-9);
}
END_TEST

START_TEST(noise_has_no_trend_but_by_chance)
{
    static const unsigned sizes[] = {7, 9, 40, 80};
    struct rng rng;
    rng_seed(&rng, 5);
    for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
        enum { LISTS = 5000 };
        unsigned n_false = 0;
        for (unsigned i = 0; i < LISTS; i++) {
            double values[80];
            for (unsigned v = 0; v < sizes[k]; v++)
                values[v] = rng_unit(&rng);
            n_false += trend_of(values, sizes[k]).chance <= 0.05;
        }
        ck_assert_uint_le(n_false, 300); /* 250, give or take 15 */
        ck_assert_uint_ge(n_false, 100);
    }
}
END_TEST

UNIT_MAIN("trend", without_ties_the_chance_is_exact, chances_are_those_of_kendalls_table,
          with_ties_the_chance_is_normal,
          missing_steps_keep_their_place_and_wild_values_move_nothing,
          many_numbers_are_taken_in_stretches, noise_has_no_trend_but_by_chance)
