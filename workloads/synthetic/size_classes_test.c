#include "size_classes.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static struct size_classes list_of(const char *text)
{
    struct size_classes list;
    struct err err = {0};
    ck_assert_msg(size_classes_parse(text, &list, &err) == 0, "%s: %s", text, err.text);
    return list;
}

START_TEST(steps_rise_with_sizes_and_end_where_even_classes_end)
{
    for (uint64_t steps = 1; steps <= SIZE_CLASSES_STEPS; steps++)
        for (uint64_t bytes = 1; bytes < 5000; bytes++)
            ck_assert_uint_le(size_classes_step(bytes, steps), size_classes_step(bytes + 1, steps));
    static const uint64_t ends[] = {128, 160, 192, 224, 256, 320, 384, 448, 512};
    for (size_t i = 0; i + 1 < ARRAY_SIZE(ends); i++) {
        ck_assert_uint_eq(size_classes_step(ends[i] + 1, 4), size_classes_step(ends[i + 1], 4));
        ck_assert_uint_lt(size_classes_step(ends[i], 4), size_classes_step(ends[i] + 1, 4));
    }
}
END_TEST

START_TEST(a_list_rises_in_whatever_order_it_is_made_and_keeps_the_greatest_of_a_step)
{
    static const uint64_t classes[] = {1024, 16, 1000, 48, 32, 65536, 1, 1040, 16, 999};
    struct size_classes list = {0};
    char text[SIZE_CLASSES_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        size_classes_add(&list, classes[i]);
    size_classes_format(&list, text);
    ck_assert_str_eq(text, "1,16,32,48,1024,1040,65536");
}
END_TEST

START_TEST(all_sizes_there_are_fit)
{
    struct size_classes list = {0}, again;
    struct err err;
    char text[SIZE_CLASSES_TEXT_MAX];
    for (uint64_t bytes = SIZE_CLASS_BYTES_MAX; bytes > 0; bytes--)
        size_classes_add(&list, bytes);
    ck_assert_uint_le(list.n, SIZE_CLASSES_MAX);
    ck_assert_uint_gt(list.n, SIZE_CLASSES_MAX / 2);
    ck_assert_uint_lt(size_classes_format(&list, text), sizeof(text) - 1);
    ck_assert_int_eq(size_classes_parse(text, &again, &err), 0);
    ck_assert_uint_eq(again.n, list.n);
    ck_assert_mem_eq(again.bytes, list.bytes, list.n * sizeof(list.bytes[0]));
}
END_TEST

START_TEST(texts_that_are_no_list_are_refused)
{
    static const char *const bad[] = {
        ",",     "0",     "16,",   ",16",    "16,,32",    "32,16",
        "16,16", "65537", "1 ",    "-1",     "+1",        "1e3",
        "016",   "x",     "16;32", "16,32x", "1000,1001", "99999999999999999999999",
    };
    ck_assert_uint_eq(list_of("").n, 0);
    ck_assert_uint_eq(list_of("65536").bytes[0], 65536);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct size_classes list;
        struct err err = {0};
        ck_assert_msg(size_classes_parse(bad[i], &list, &err) == -EINVAL, "'%s'", bad[i]);
        ck_assert_ptr_nonnull(strstr(err.text, "list of size classes"));
    }
}
END_TEST

UNIT_MAIN("size classes", steps_rise_with_sizes_and_end_where_even_classes_end,
          a_list_rises_in_whatever_order_it_is_made_and_keeps_the_greatest_of_a_step,
          all_sizes_there_are_fit, texts_that_are_no_list_are_refused)
