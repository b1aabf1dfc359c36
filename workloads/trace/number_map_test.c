#include "number_map.h"

#include "rng.h"
#include "unit.h"

START_TEST(an_empty_map_holds_nothing)
{
    struct number_map m = {0};
    ck_assert_uint_eq(number_map_get(&m, 1), NUMBER_MAP_NONE);
    ck_assert_uint_eq(number_map_remove(&m, 1), NUMBER_MAP_NONE);
    number_map_release(&m);
}
END_TEST

/* Keys like addresses: 16 bytes apart, so that neighbours collide and gaps must be closed. */
START_TEST(agrees_with_a_plain_array)
{
    enum { N = 4000 };
    static uint32_t expected[N];
    struct number_map m = {0};
    struct rng r;
    rng_seed(&r, 2);
    for (unsigned i = 0; i < N; i++)
        expected[i] = NUMBER_MAP_NONE;
    for (uint32_t step = 0; step < 200000; step++) {
        unsigned i = (unsigned)rng_below(&r, N);
        uint64_t key = 0x7f0000000010 + 16 * (uint64_t)i;
        ck_assert_uint_eq(number_map_get(&m, key), expected[i]);
        if (rng_next(&r) >> 63) {
            ck_assert(number_map_put(&m, key, step));
            expected[i] = step;
        } else {
            ck_assert_uint_eq(number_map_remove(&m, key), expected[i]);
            expected[i] = NUMBER_MAP_NONE;
        }
    }
    number_map_release(&m);
}
END_TEST

UNIT_MAIN("number_map", an_empty_map_holds_nothing, agrees_with_a_plain_array)
