#include "palette.h"

#include <string.h>

#include "unit.h"

START_TEST(an_allocator_looks_the_same_in_every_plot)
{
    static const char *const some[] = {"mimalloc", "glibc"}, *const others[] = {"glibc", "mine",
                                                                                "mimalloc"};
    struct look a[2], b[3];
    palette_choose(some, 2, a);
    palette_choose(others, 3, b);
    ck_assert_uint_eq(a[0].rgb, b[2].rgb);
    ck_assert_uint_eq(a[1].point, b[0].point);
    ck_assert_ptr_eq(palette_of("mimalloc")->dash, a[0].dash);
    ck_assert_ptr_null(palette_of("mine"));
}
END_TEST

START_TEST(settings_and_strangers_differ_from_what_stands_before)
{
    static const char *const names[] = {"glibc", "glibc", "mine",     "glibc",   "jemalloc",
                                        "yours", "null",  "jemalloc", "implicit"};
    struct look looks[ARRAY_SIZE(names)];
    palette_choose(names, ARRAY_SIZE(names), looks);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        for (size_t k = 0; k < i; k++) {
            ck_assert_uint_ne(looks[i].rgb, looks[k].rgb);
            ck_assert_str_ne(looks[i].dash, looks[k].dash);
            ck_assert_uint_ne(looks[i].point, looks[k].point);
        }
}
END_TEST

START_TEST(there_is_a_look_for_any_number)
{
    const char *names[40];
    struct look looks[ARRAY_SIZE(names)];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        names[i] = "glibc";
    palette_choose(names, ARRAY_SIZE(names), looks);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        ck_assert_ptr_nonnull(looks[i].dash);
}
END_TEST

UNIT_MAIN("palette", an_allocator_looks_the_same_in_every_plot,
          settings_and_strangers_differ_from_what_stands_before, there_is_a_look_for_any_number)
