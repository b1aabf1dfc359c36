/* Each formula on a series whose figures were computed by hand. */
#include "fragmentation.h"

#include <math.h>

#include "unit.h"

#define MAX_ERROR 1e-12

/*
 *   t   0    1    3    4    6
 *   L   0  100  200  100    0
 *   H   0  200  300  300  300
 *   R   0  150  240  250  120
 */
static const double t[] = {0, 1, 3, 4, 6};
static const double live[] = {0, 100, 200, 100, 0};
static const double held[] = {0, 200, 300, 300, 300};
static const double resident[] = {0, 150, 240, 250, 120};
static const struct fragmentation_series hand = {t, live, held, resident, 5};

static void expect(double value, double expected)
{
    ck_assert_double_eq_tol(value, expected, MAX_ERROR);
}

START_TEST(internal_is_usable_by_live_less_one)
{
    expect(fragmentation_internal(128, 100), 0.28);
    expect(fragmentation_internal(100, 100), 0);
    ck_assert_double_nan(fragmentation_internal(NAN, 100));
    ck_assert_double_nan(fragmentation_internal(16, 0));
}
END_TEST

START_TEST(unused_is_what_is_held_and_in_no_block)
{
    expect(fragmentation_unused(200, 120, 100), 0.8);
    ck_assert_double_nan(fragmentation_unused(NAN, 120, 100));
    ck_assert_double_nan(fragmentation_unused(200, 120, 0));
}
END_TEST

START_TEST(residency_is_resident_by_live)
{
    expect(fragmentation_residency(150, 100), 1.5);
    expect(fragmentation_residency(50, 100), 0.5); /* never touched */
    ck_assert_double_nan(fragmentation_residency(150, 0));
}
END_TEST

START_TEST(f1_is_the_mean_over_time_of_held_by_live)
{
    /* H/L is 2, 1.5, 3 at 1, 3, 4: (3.5 / 2 * 2 + 4.5 / 2 * 1) / 3; without live there is no ratio. */
    expect(fragmentation_measure(&hand).f1, 5.75 / 3 - 1);
}
END_TEST

START_TEST(f2_is_held_by_live_when_most_is_live)
{
    expect(fragmentation_measure(&hand).f2, 0.5);
}
END_TEST

START_TEST(f3_is_the_most_held_by_what_is_live_then)
{
    /* 300 are held first when 200 are live. */
    expect(fragmentation_measure(&hand).f3, 0.5);
    const double later[] = {0, 200, 300, 400, 300};
    const struct fragmentation_series s = {t, live, later, resident, 5};
    expect(fragmentation_measure(&s).f3, 3);
}
END_TEST

START_TEST(f4_is_the_most_held_by_the_most_live)
{
    const double later[] = {0, 200, 300, 400, 300};
    const struct fragmentation_series s = {t, live, later, resident, 5};
    expect(fragmentation_measure(&s).f4, 1);
}
END_TEST

START_TEST(resident_stands_for_held_where_that_is_not_known)
{
    const double gap[] = {0, 200, NAN, 300, 300};
    const struct fragmentation_series none = {t, live, NULL, resident, 5};
    const struct fragmentation_series some = {t, live, gap, resident, 5};
    ck_assert(!fragmentation_measure(&hand).by_resident);
    for (unsigned i = 0; i < 2; i++) {
        struct fragmentation_measures m = fragmentation_measure(i ? &some : &none);
        ck_assert(m.by_resident);
        /* R/L is 1.5, 1.2, 2.5 at 1, 3, 4. */
        expect(m.f1, (2.7 / 2 * 2 + 3.7 / 2) / 3 - 1);
        expect(m.f2, 0.2);
        expect(m.f3, 1.5);
        expect(m.f4, 0.25);
    }
}
END_TEST

START_TEST(memory_cost_is_one_integral_by_the_other)
{
    /* R: 75 + 390 + 245 + 370; L: 50 + 300 + 150 + 100. */
    expect(fragmentation_memory_cost(&hand), 1080.0 / 600);
    const double flat_t[] = {0, 10}, two[] = {2, 2}, six[] = {6, 6};
    const struct fragmentation_series flat = {flat_t, two, NULL, six, 2};
    expect(fragmentation_memory_cost(&flat), 3);
}
END_TEST

START_TEST(realized_is_at_the_peak_of_residency)
{
    expect(fragmentation_realized(&hand), 1.5); /* 250 resident, 100 live */
}
END_TEST

START_TEST(the_ideal_is_in_whole_pages)
{
    expect(fragmentation_ideal(0, 4096), 0);
    expect(fragmentation_ideal(1, 4096), 4096);
    expect(fragmentation_ideal(4096, 4096), 4096);
    expect(fragmentation_ideal(4097, 4096), 8192);
    ck_assert_double_nan(fragmentation_ideal(NAN, 4096));
}
END_TEST

START_TEST(blow_up_is_the_peak_by_that_of_the_ideal)
{
    expect(fragmentation_blow_up(12288, 4097, 4096), 1.5);
    ck_assert_double_nan(fragmentation_blow_up(12288, 0, 4096));
    ck_assert_double_nan(fragmentation_blow_up(NAN, 4097, 4096));
}
END_TEST

START_TEST(nothing_gives_no_figure)
{
    const struct fragmentation_series none = {t, live, held, resident, 0};
    struct fragmentation_measures m = fragmentation_measure(&none);
    ck_assert_double_nan(m.f1);
    ck_assert_double_nan(m.f2);
    ck_assert_double_nan(m.f3);
    ck_assert_double_nan(m.f4);
    ck_assert_double_nan(fragmentation_memory_cost(&none));
    ck_assert_double_nan(fragmentation_realized(&none));
    ck_assert_double_nan(fragmentation_mean(t, live, 0));
    ck_assert_uint_eq(fragmentation_peak(live, 0), 0);
}
END_TEST

START_TEST(a_single_sample_is_its_own_mean)
{
    const struct fragmentation_series one = {t, live + 1, held + 1, resident + 1, 1};
    struct fragmentation_measures m = fragmentation_measure(&one);
    expect(m.f1, 1);
    expect(m.f2, 1);
    expect(m.f3, 1);
    expect(m.f4, 1);
    expect(fragmentation_memory_cost(&one), 1.5);
    expect(fragmentation_realized(&one), 0.5);
}
END_TEST

START_TEST(where_nothing_is_ever_live_there_is_no_ratio)
{
    const double nothing[5] = {0};
    const struct fragmentation_series s = {t, nothing, held, resident, 5};
    ck_assert_double_nan(fragmentation_measure(&s).f1);
    ck_assert_double_nan(fragmentation_measure(&s).f4);
    ck_assert_double_nan(fragmentation_memory_cost(&s));
    ck_assert_double_nan(fragmentation_realized(&s));
}
END_TEST

START_TEST(next_to_nothing_live_is_no_part_of_a_mean)
{
    const double drained[] = {0, 100, 200, 100, 1}; /* 1 is less than the hundredth part of 200 */
    const struct fragmentation_series s = {t, drained, held, resident, 5};
    expect(fragmentation_measure(&s).f1, 5.75 / 3 - 1);
}
END_TEST

START_TEST(unknown_values_are_left_out_with_the_time_around_them)
{
    const double values[] = {4, 4, NAN, 8, 10};
    expect(fragmentation_mean(t, values, 5), (4.0 * 1 + 9.0 * 2) / 3);
    ck_assert_uint_eq(fragmentation_peak(values, 5), 4);
    const double alone[] = {NAN, 4, NAN, NAN, NAN};
    expect(fragmentation_mean(t, alone, 5), 4);
    const double apart[] = {1, NAN, 1, NAN, 1};
    ck_assert_double_nan(fragmentation_mean(t, apart, 5));
    const struct fragmentation_series s = {t, values, NULL, resident, 5};
    /* L: 4 and 18; R in the same time: 75 and 370. */
    expect(fragmentation_memory_cost(&s), 445.0 / 22);
}
END_TEST

UNIT_MAIN("fragmentation", internal_is_usable_by_live_less_one,
          unused_is_what_is_held_and_in_no_block, residency_is_resident_by_live,
          f1_is_the_mean_over_time_of_held_by_live, f2_is_held_by_live_when_most_is_live,
          f3_is_the_most_held_by_what_is_live_then, f4_is_the_most_held_by_the_most_live,
          resident_stands_for_held_where_that_is_not_known,
          memory_cost_is_one_integral_by_the_other, realized_is_at_the_peak_of_residency,
          the_ideal_is_in_whole_pages, blow_up_is_the_peak_by_that_of_the_ideal,
          nothing_gives_no_figure, a_single_sample_is_its_own_mean,
          where_nothing_is_ever_live_there_is_no_ratio, next_to_nothing_live_is_no_part_of_a_mean,
          unknown_values_are_left_out_with_the_time_around_them)
