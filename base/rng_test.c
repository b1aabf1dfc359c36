#include "rng.h"

#include "unit.h"

START_TEST(the_same_seed_gives_the_same_sequence)
{
    struct rng a, b, c;
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    unsigned equal = 0;
    for (unsigned i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);
        ck_assert_uint_eq(x, rng_next(&b));
        equal += x == rng_next(&c);
    }
    ck_assert_uint_eq(equal, 0);
}
END_TEST

/* The first outputs of splitmix64 from state 1234567, as published with the reference code. */
START_TEST(splitmix_gives_the_published_numbers)
{
    uint64_t state = 1234567;
    ck_assert_uint_eq(rng_splitmix(&state), 6457827717110365317u);
    ck_assert_uint_eq(rng_splitmix(&state), 3203168211198807973u);
}
END_TEST

START_TEST(below_stays_below_and_reaches_every_value)
{
    struct rng r;
    rng_seed(&r, 1);
    unsigned seen[7] = {0};
    for (unsigned i = 0; i < 7000; i++) {
        uint64_t x = rng_below(&r, 7);
        ck_assert_uint_lt(x, 7);
        seen[x]++;
    }
    for (unsigned i = 0; i < 7; i++)
        ck_assert_uint_gt(seen[i], 850); /* 1000 expected, 5 standard deviations are 146 */
}
END_TEST

UNIT_MAIN("rng", the_same_seed_gives_the_same_sequence, splitmix_gives_the_published_numbers,
          below_stays_below_and_reaches_every_value)
