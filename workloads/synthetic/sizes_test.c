/* What is said of a distribution of sizes, against what is drawn from it. */
#include "sizes.h"

#include <math.h>

#include "unit.h"

enum { DRAWS = 200000 };

static void compare(struct sizes s)
{
    struct rng rng;
    rng_seed(&rng, 7);
    uint64_t bounds[] = {s.min, s.min + 1, (s.min + s.max) / 2, s.max, s.max + 1};
    uint64_t below[ARRAY_SIZE(bounds)] = {0}, n_outside = 0;
    double sum = 0, squares = 0, mean = sizes_mean(&s);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t size = sizes_draw(&s, &rng);
        n_outside += size < s.min || size > s.max;
        sum += (double)size;
        squares += ((double)size - mean) * ((double)size - mean);
        for (size_t j = 0; j < ARRAY_SIZE(bounds); j++)
            below[j] += size < bounds[j];
    }
    ck_assert_uint_eq(n_outside, 0);
    double off = 5 * sqrt(sizes_variance(&s) / DRAWS);
    ck_assert_msg(fabs(sum / DRAWS - mean) <= off, "shape %d of %lu..%lu: mean %f, said %f",
                  s.shape, s.min, s.max, sum / DRAWS, mean);
    ck_assert_msg(fabs(squares / DRAWS - sizes_variance(&s)) <= 0.15 * sizes_variance(&s),
                  "shape %d of %lu..%lu: variance %f, said %f", s.shape, s.min, s.max,
                  squares / DRAWS, sizes_variance(&s));
    for (size_t j = 0; j < ARRAY_SIZE(bounds); j++) {
        double said = sizes_share_below(&s, bounds[j]);
        double slack = 5 * sqrt(said * (1 - said) / DRAWS);
        ck_assert_msg(fabs((double)below[j] / DRAWS - said) <= slack + 1e-9,
                      "shape %d of %lu..%lu below %lu: %lu drawn, said %f", s.shape, s.min, s.max,
                      bounds[j], below[j], said);
    }
}

START_TEST(every_shape_is_drawn_as_it_is_said_to_be)
{
    static const uint64_t ranges[][2] = {{1, 1}, {1, 2}, {5, 9}, {16, 512}, {8, 1000}, {4, 32768}};
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        for (enum size_shape shape = SIZES_DOUBLINGS; shape <= SIZES_LINEAR; shape++)
            compare(sizes_shaped(ranges[i][0], ranges[i][1], shape));
}
END_TEST

START_TEST(a_doubling_of_the_power_law_is_half_as_likely_as_the_one_before)
{
    struct sizes s = sizes_shaped(16, 1023, SIZES_PARETO);
    ck_assert_double_eq_tol(sizes_share_below(&s, 32), 0.5, 1e-9);
    ck_assert_double_eq_tol(sizes_share_below(&s, 64), 0.75, 1e-9);
    ck_assert_double_eq_tol(sizes_share_below(&s, 128), 0.875, 1e-9);
}
END_TEST

UNIT_MAIN("sizes", every_shape_is_drawn_as_it_is_said_to_be,
          a_doubling_of_the_power_law_is_half_as_likely_as_the_one_before)
