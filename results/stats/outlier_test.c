#include "outlier.h"

#include <math.h>

#include "rng.h"
#include "student.h"
#include "unit.h"

/* Rosner's example, as in the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17.3. */
static const double rosner[] = {-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49,
                                1.49,  1.55, 1.56, 1.58, 1.65, 1.69, 1.70, 1.76, 1.77, 1.81, 1.91,
                                1.94,  1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26,
                                2.35,  2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93,
                                3.21,  3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01};

START_TEST(tails_of_student_are_those_of_r)
{
    static const struct {
        double t;
        unsigned degrees;
        double chance;
    } rows[] = {{1, 1, 0.5},
                {2.5, 2, 0.129611720221511},
                {-12, 7, 6.35831037818509e-06},
                {4, 8, 3.94977280344532e-03},
                {3.3, 25, 2.90522021377691e-03}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        ck_assert_double_eq_tol(student_two_tails(rows[i].t, rows[i].degrees), rows[i].chance,
                                1e-12);
}
END_TEST

START_TEST(rosners_example_has_three_outliers)
{
    unsigned found[OUTLIER_MOST];
    ck_assert_uint_eq(outlier_find(rosner, ARRAY_SIZE(rosner), 0.05, found), 3);
    ck_assert_uint_eq(found[0], 53);
    ck_assert_uint_eq(found[1], 52);
    ck_assert_uint_eq(found[2], 51);
    /* Published: R = 3.118, 2.942, 3.179 against 3.158, 3.151, 3.143 at 5 %. */
    ck_assert_double_eq_tol(outlier_chance(3.158, 54), 0.05, 2e-4);
    ck_assert_double_eq_tol(outlier_chance(3.151, 53), 0.05, 2e-4);
    ck_assert_double_eq_tol(outlier_chance(3.143, 52), 0.05, 2e-4);
}
END_TEST

START_TEST(two_outliers_do_not_hide_each_other)
{
    const double values[] = {1.00, 1.02, 0.99, 3.1, 1.01, 0.98, NAN, 3.0, 1.00, 1.01};
    unsigned found[OUTLIER_MOST];
    ck_assert_uint_eq(outlier_find(values, ARRAY_SIZE(values), 1e-5, found), 2);
    ck_assert_uint_eq(found[0], 3);
    ck_assert_uint_eq(found[1], 7);
}
END_TEST

START_TEST(nothing_is_told_from_few_or_equal_numbers)
{
    const double few[] = {1, 1.01, 1.02, 0.99, 500}, equal[] = {2, 2, 2, 2, 2, 2, 2, 2};
    const double but_one[] = {2, 2, 2, 2, 2, 2, 2, 2.5};
    unsigned found[OUTLIER_MOST];
    ck_assert_uint_eq(outlier_find(few, ARRAY_SIZE(few), 0.05, found), 0);
    ck_assert_uint_eq(outlier_find(equal, ARRAY_SIZE(equal), 0.05, found), 0);
    ck_assert_uint_eq(outlier_find(but_one, ARRAY_SIZE(but_one), 1e-6, found), 1);
    ck_assert_uint_eq(found[0], 7);
}
END_TEST

static double normal(struct rng *rng)
{
    return sqrt(-2 * log1p(-rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

START_TEST(in_noise_one_list_in_a_hundred_has_one_at_most)
{
    static const unsigned sizes[] = {6, 9, 13, 30};
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
        enum { LISTS = 20000 };
        unsigned n_false = 0, found[OUTLIER_MOST];
        for (unsigned i = 0; i < LISTS; i++) {
            double values[30];
            for (unsigned v = 0; v < sizes[k]; v++)
                values[v] = normal(&rng);
            n_false += outlier_find(values, sizes[k], 0.01, found) > 0;
        }
        /* 1 % of 20 000 is 200, give or take 14. The second and third look add their own chance. */
        ck_assert_uint_le(n_false, 400);
        ck_assert_uint_ge(n_false, 100); /* the test is not blind */
    }
}
END_TEST

UNIT_MAIN("outlier", tails_of_student_are_those_of_r, rosners_example_has_three_outliers,
          two_outliers_do_not_hide_each_other, nothing_is_told_from_few_or_equal_numbers,
          in_noise_one_list_in_a_hundred_has_one_at_most)
