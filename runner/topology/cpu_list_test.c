#include "cpu_list.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

/* What `list` comes to on a machine with CPUs 0-7 and 12; "!" and the reason when refused. */
static const char *read_back(const char *list)
{
    static char text[ERR_BYTES + 1];
    struct err err = {0};
    hwloc_bitmap_t present = hwloc_bitmap_alloc();
    hwloc_bitmap_t out = hwloc_bitmap_alloc();
    hwloc_bitmap_set_range(present, 0, 7);
    hwloc_bitmap_set(present, 12);
    int r = cpu_list_parse(list, present, out, &err);
    if (r == 0) {
        cpu_list_text(out, text, sizeof(text));
    } else {
        ck_assert_int_eq(r, -EINVAL);
        snprintf(text, sizeof(text), "!%s", err.text);
    }
    hwloc_bitmap_free(present);
    hwloc_bitmap_free(out);
    return text;
}

START_TEST(reads_lists_as_taskset_does)
{
    ck_assert_str_eq(read_back("0"), "0");
    ck_assert_str_eq(read_back("0-3,8,10"), "0-3,8,10");
    ck_assert_str_eq(read_back("3,1,2,1"), "1-3");
    ck_assert_str_eq(read_back("0-6:2"), "0,2,4,6");
    ck_assert_str_eq(read_back("0-5:3,7"), "0,3,7");
    ck_assert_str_eq(read_back("007"), "7");
    ck_assert_str_eq(read_back("4-4"), "4");
}
END_TEST

START_TEST(an_open_range_takes_what_is_there)
{
    ck_assert_str_eq(read_back("6-"), "6-7,12");
    ck_assert_str_eq(read_back("0-"), "0-7,12");
    ck_assert_str_eq(read_back("9-,1"), "1,12");
    ck_assert_str_eq(read_back("13-"),
                     "!CPU list \"13-\": there is no CPU from 13 on; there are 0-7,12");
}
END_TEST

START_TEST(refuses_what_is_no_list)
{
    static const char *const wrong[] = {
        "",
        ",",
        "0,",
        ",0",
        "a",
        "-1",
        "3-1",
        "0-3:0",
        "0-:2",
        "1 2",
        " 1",
        "0x1",
        "1-2-3",
        "+1",
        "0-3:",
        "1;2",
        "65536",
        "0-65536",
        "4294967296",
        "18446744073709551617",
        "0-99999999999999999999",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        ck_assert_msg(read_back(wrong[i])[0] == '!', "\"%s\" was read as %s", wrong[i],
                      read_back(wrong[i]));
    ck_assert_str_eq(read_back("0-3,x"),
                     "!CPU list \"0-3,x\": cannot read \"x\"; write numbers (at most 65535) and "
                     "ranges, as in 0-3,8,10-");
}
END_TEST

START_TEST(takes_the_greatest_number)
{
    ck_assert_str_eq(read_back("65535"), "65535");
}
END_TEST

START_TEST(an_endless_list_gives_a_short_message)
{
    char list[100000];
    memset(list, '9', sizeof(list));
    list[sizeof(list) - 1] = '\0';
    const char *answer = read_back(list);
    ck_assert_int_eq(answer[0], '!');
    ck_assert_uint_lt(strlen(answer), 250);
}
END_TEST

START_TEST(a_long_list_is_cut_at_a_comma)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    for (unsigned i = 10; i < 30; i += 2)
        hwloc_bitmap_set(set, i);
    char text[40];
    for (size_t n = 4; n < sizeof(text); n++) {
        cpu_list_text(set, text, n);
        ck_assert_uint_lt(strlen(text), n);
    }
    cpu_list_text(set, text, 13); /* exactly filled */
    ck_assert_str_eq(text, "10,12,14,...");
    cpu_list_text(set, text, 12);
    ck_assert_str_eq(text, "10,12,...");
    cpu_list_text(set, text, 30); /* exactly: ten numbers of two digits and nine commas */
    ck_assert_str_eq(text, "10,12,14,16,18,20,22,24,26,28");
    cpu_list_text(set, text, 29);
    ck_assert_str_eq(text, "10,12,14,16,18,20,22,24,...");
    hwloc_bitmap_zero(set);
    cpu_list_text(set, text, sizeof(text));
    ck_assert_str_eq(text, "none");
    hwloc_bitmap_free(set);
}
END_TEST

UNIT_MAIN("cpu_list", reads_lists_as_taskset_does, an_open_range_takes_what_is_there,
          refuses_what_is_no_list, takes_the_greatest_number, an_endless_list_gives_a_short_message,
          a_long_list_is_cut_at_a_comma)
