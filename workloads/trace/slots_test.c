#include "slots.h"

#include "rng.h"
#include "unit.h"

START_TEST(the_lowest_free_slot_comes_first)
{
    struct slots s = {0};
    for (uint32_t i = 0; i < 5000; i++)
        ck_assert_uint_eq(slots_enter(&s), i);
    slots_leave(&s, 4097);
    slots_leave(&s, 63);
    ck_assert_uint_eq(slots_enter(&s), 63);
    ck_assert_uint_eq(slots_enter(&s), 4097);
    ck_assert_uint_eq(slots_enter(&s), 5000);
    slots_release(&s);
}
END_TEST

START_TEST(agrees_with_a_plain_array)
{
    enum { N = 9000 };
    static bool used[N];
    struct slots s = {0};
    struct rng r;
    rng_seed(&r, 1);
    for (unsigned step = 0; step < 60000; step++) {
        uint32_t slot = (uint32_t)rng_below(&r, N);
        ck_assert_int_eq(slots_used(&s, slot), used[slot]);
        bool growing = step / 15000 % 2 == 0;
        if (used[slot] && (!growing || slot % 4 == 0)) {
            slots_leave(&s, slot);
            used[slot] = false;
        } else if (growing) {
            uint32_t lowest = 0;
            while (lowest < N && used[lowest])
                lowest++;
            if (lowest == N)
                continue;
            ck_assert_uint_eq(slots_enter(&s), lowest);
            used[lowest] = true;
        }
    }
    slots_release(&s);
}
END_TEST

START_TEST(next_finds_what_is_in_use)
{
    struct slots s = {0};
    ck_assert_uint_eq(slots_next(&s, 0), SLOTS_NONE);
    for (uint32_t i = 0; i < 200; i++)
        slots_enter(&s);
    for (uint32_t i = 0; i < 200; i++) {
        if (i != 5 && i != 64 && i != 199)
            slots_leave(&s, i);
    }
    ck_assert_uint_eq(slots_next(&s, 0), 5);
    ck_assert_uint_eq(slots_next(&s, 6), 64);
    ck_assert_uint_eq(slots_next(&s, 65), 199);
    ck_assert_uint_eq(slots_next(&s, 200), SLOTS_NONE);
    ck_assert(!slots_used(&s, UINT64_MAX));
    slots_release(&s);
}
END_TEST

UNIT_MAIN("slots", the_lowest_free_slot_comes_first, agrees_with_a_plain_array,
          next_finds_what_is_in_use)
