#include "dip.h"

#include <math.h>
#include <stdlib.h>

#include "stats.h"
#include "unit.h"

static double dip(const double *ascending, unsigned n)
{
    double out;
    struct err err = {""};
    ck_assert_int_eq(dip_of(ascending, n, &out, &err), 0);
    return out;
}

/* The example of the R package diptest (0.76): how good 63 members of a faculty were judged to be. */
static const double faculty[] = {30, 33, 35, 36, 37, 37, 39, 39, 39, 39, 39, 40, 40, 40, 40, 41,
                                 42, 43, 43, 43, 44, 44, 45, 45, 46, 46, 47, 47, 48, 48, 48, 49,
                                 50, 50, 51, 52, 52, 53, 53, 53, 53, 53, 54, 54, 57, 57, 59, 60,
                                 60, 60, 61, 61, 61, 61, 62, 62, 62, 62, 63, 66, 70, 72, 72};

START_TEST(the_dip_of_known_data_is_the_published_one)
{
    ck_assert_double_eq_tol(dip(faculty, 63), 0.0595238095238, 1e-12);
    struct dip_null null;
    struct err err = {""};
    ck_assert_int_eq(dip_null_make(63, 1, &null, &err), 0);
    ck_assert_double_eq_tol(dip_chance(&null, 0.0595238095238), 0.0867, 0.006);
    dip_null_release(&null);
}
END_TEST

START_TEST(small_dips_can_be_told_by_hand)
{
    const double even[] = {1, 2, 3, 4, 5, 6, 7, 8}, equal[] = {4, 4, 4, 4};
    const double two[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    /* One value often is a mode, and a jump there is allowed. */
    const double peak[] = {1, 2, 3, 3, 3, 3, 3, 3, 4, 5};
    ck_assert_double_eq(dip(even, 8), 1.0 / 16);
    ck_assert_double_eq(dip(equal, 4), 1.0 / 8);
    ck_assert_double_eq(dip(equal, 1), 1.0 / 2);
    ck_assert_double_eq(dip(two, 10), 0.25);
    ck_assert_double_eq(dip(peak, 10), 0.05);
}
END_TEST

START_TEST(quantiles_are_those_of_the_table_of_diptest)
{
    /* Its table of 1 000 001 samples of each size. */
    static const struct {
        unsigned n;
        double half, q95, q99;
    } rows[] = {{10, 0.09778, 0.13961, 0.15968},
                {20, 0.07334, 0.10513, 0.12062},
                {50, 0.04885, 0.07028, 0.08120}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct dip_null null;
        struct err err = {""};
        ck_assert_int_eq(dip_null_make(rows[i].n, 7, &null, &err), 0);
        ck_assert_double_eq_tol(stats_quantile(null.ascending, null.n_samples, 0.5), rows[i].half,
                                5e-4);
        ck_assert_double_eq_tol(stats_quantile(null.ascending, null.n_samples, 0.95), rows[i].q95,
                                8e-4);
        ck_assert_double_eq_tol(stats_quantile(null.ascending, null.n_samples, 0.99), rows[i].q99,
                                1.2e-3);
        dip_null_release(&null);
    }
}
END_TEST

START_TEST(a_chance_is_never_nought_and_never_above_one)
{
    struct dip_null null;
    struct err err = {""};
    ck_assert_int_eq(dip_null_make(12, 7, &null, &err), 0);
    ck_assert_uint_eq(null.n_samples, DIP_SAMPLES);
    ck_assert_double_eq(dip_chance(&null, 0.25), 1.0 / (1 + DIP_SAMPLES));
    ck_assert_double_eq(dip_chance(&null, 0), 1);
    dip_null_release(&null);
    ck_assert_int_eq(dip_null_make(100000, 7, &null, &err), 0); /* and takes no minute */
    ck_assert_uint_eq(null.n_samples, DIP_SAMPLES_N / 100000 + 1);
    dip_null_release(&null);
}
END_TEST

UNIT_MAIN("dip", the_dip_of_known_data_is_the_published_one, small_dips_can_be_told_by_hand,
          quantiles_are_those_of_the_table_of_diptest, a_chance_is_never_nought_and_never_above_one)
