/* Quantiles against those of the sorted values themselves. */
#include "histogram.h"

#include "latency_bucket.h"
#include "rng.h"
#include "unit.h"

static void count(struct survey_latency *row, uint64_t ns)
{
    if (row->n == 0 || ns < row->min_ns)
        row->min_ns = ns;
    if (ns > row->max_ns)
        row->max_ns = ns;
    row->n++;
    row->counts[latency_bucket(ns)]++;
}

static struct histogram of(const struct survey_latency *row)
{
    struct histogram h = {0};
    histogram_add(&h, row);
    return h;
}

static void check_quantile(const struct histogram *h, uint32_t millionths, uint64_t ns,
                           uint64_t beyond)
{
    struct quantile q = histogram_quantile(h, millionths);
    ck_assert_uint_eq(q.ns, ns);
    ck_assert_uint_eq(q.beyond, beyond);
    ck_assert_int_eq(q.is_sure, beyond >= 10);
}

START_TEST(a_quantile_is_the_least_that_so_many_do_not_exceed)
{
    struct survey_latency row = {0};
    for (uint64_t ns = 1; ns <= 20; ns++)
        count(&row, ns);
    struct histogram h = of(&row);
    check_quantile(&h, 0, 1, 19);
    check_quantile(&h, 50000, 1, 19);
    check_quantile(&h, 50001, 2, 18);
    check_quantile(&h, 500000, 10, 10);
    check_quantile(&h, 500001, 11, 9);
    check_quantile(&h, 990000, 20, 0);
    check_quantile(&h, 1000000, 20, 0);
    ck_assert_uint_eq(h.min_ns, 1);
    ck_assert_uint_eq(h.max_ns, 20);
}
END_TEST

START_TEST(thousandths_are_exact)
{
    struct survey_latency row = {0};
    for (unsigned i = 0; i < 10000; i++)
        count(&row, i < 9990 ? 5 : 1000000);
    struct histogram h = of(&row);
    check_quantile(&h, 999000, 5, 10);
    check_quantile(&h, 999001, 1000000, 9);
}
END_TEST

START_TEST(nothing_has_no_quantile)
{
    struct histogram h = {0};
    histogram_add(&h, &(struct survey_latency){.min_ns = 3, .max_ns = 4});
    ck_assert_uint_eq(h.min_ns + h.max_ns + h.n, 0);
    check_quantile(&h, 500000, 0, 0);
}
END_TEST

START_TEST(a_single_call_is_all_quantiles)
{
    struct survey_latency row = {0};
    count(&row, 12345);
    struct histogram h = of(&row);
    check_quantile(&h, 500000, 12345, 0); /* its bucket ends behind the greatest of all */
    check_quantile(&h, 999000, 12345, 0);
}
END_TEST

START_TEST(what_is_too_long_for_the_buckets_is_told_by_the_greatest)
{
    struct survey_latency row = {0};
    count(&row, LATENCY_END_NS);
    count(&row, LATENCY_END_NS * 7);
    struct histogram h = of(&row);
    check_quantile(&h, 500000, LATENCY_END_NS * 7, 1);
}
END_TEST

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

START_TEST(the_error_is_as_stated)
{
    enum { N = 20000, ROWS = 5 };
    static uint64_t values[N];
    static struct survey_latency rows[ROWS];
    struct rng rng;
    rng_seed(&rng, 3);
    for (unsigned i = 0; i < N; i++) { /* from 0 ns to 69 s, evenly in their logarithms */
        values[i] = (rng_next(&rng) >> 28) >> rng_below(&rng, 36);
        count(&rows[i % ROWS], values[i]);
    }
    struct histogram h = {0};
    for (unsigned r = 0; r < ROWS; r++)
        histogram_add(&h, &rows[r]);
    qsort(values, N, sizeof(values[0]), compare);
    ck_assert_uint_eq(h.n, N);
    ck_assert_uint_eq(h.min_ns, values[0]);
    ck_assert_uint_eq(h.max_ns, values[N - 1]);
    for (uint32_t m = 50; m <= 1000000; m += 50) {
        uint64_t real = values[m / 50 - 1], told = histogram_quantile(&h, m).ns;
        ck_assert_uint_ge(told, real);
        ck_assert_uint_le((told - real) * HISTOGRAM_PRECISION, real);
    }
}
END_TEST

UNIT_MAIN("histogram", a_quantile_is_the_least_that_so_many_do_not_exceed, thousandths_are_exact,
          nothing_has_no_quantile, a_single_call_is_all_quantiles,
          what_is_too_long_for_the_buckets_is_told_by_the_greatest, the_error_is_as_stated)
