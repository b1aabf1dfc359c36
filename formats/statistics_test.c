#include "statistics_block.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static struct statistic row(const char *name, uint32_t kind, uint32_t arena)
{
    struct statistic s = {.kind = kind, .arena = arena, .value = UINT64_MAX};
    memcpy(s.name, name, strlen(name));
    return s;
}

static int check(struct statistic s)
{
    struct err err = {""};
    int rc = statistic_check(&s, &err);
    ck_assert_int_eq(rc < 0, err.text[0] != '\0');
    return rc;
}

START_TEST(what_allocators_tell_is_taken)
{
    char longest[STATISTIC_NAME_BYTES];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_eq(check(row("mmap_threshold", STATISTIC_SETTING, 0)), 0);
    ck_assert_int_eq(check(row("n2", STATISTIC_PROCESS, 0)), 0);
    ck_assert_int_eq(check(row("heaps", STATISTIC_ARENA, 0)), 0);
    ck_assert_int_eq(check(row("heaps", STATISTIC_ARENA, STATISTIC_ARENAS_MAX - 1)), 0);
    ck_assert_int_eq(check(row(longest, STATISTIC_PROCESS, 0)), 0);
}
END_TEST

START_TEST(names_that_are_none_are_refused)
{
    static const char *const names[] = {"",    "_x",      "1x",           "X",    "a b",
                                        "a-b", "a\x1b[m", "na\xc3\xafve", "a\nb", "a,b"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        ck_assert_msg(check(row(names[i], STATISTIC_PROCESS, 0)) == -EINVAL, "'%s'", names[i]);
    struct statistic endless = row("x", STATISTIC_PROCESS, 0);
    memset(endless.name, 'x', sizeof(endless.name));
    ck_assert_int_eq(check(endless), -EINVAL);
}
END_TEST

START_TEST(kinds_and_arenas_that_are_none_are_refused)
{
    ck_assert_int_eq(check(row("x", STATISTIC_KINDS, 0)), -EINVAL);
    ck_assert_int_eq(check(row("x", UINT32_MAX, 0)), -EINVAL);
    ck_assert_int_eq(check(row("x", STATISTIC_SETTING, 1)), -EINVAL);
    ck_assert_int_eq(check(row("x", STATISTIC_PROCESS, 1)), -EINVAL);
    ck_assert_int_eq(check(row("x", STATISTIC_ARENA, STATISTIC_ARENAS_MAX)), -EINVAL);
    ck_assert_int_eq(check(row("x", STATISTIC_ARENA, UINT32_MAX)), -EINVAL);
}
END_TEST

START_TEST(kinds_are_found_by_their_names)
{
    for (unsigned kind = 0; kind < STATISTIC_KINDS; kind++)
        ck_assert_uint_eq(statistic_kind_find(statistic_kind_name((enum statistic_kind)kind)),
                          kind);
    ck_assert_uint_eq(statistic_kind_find("settings"), STATISTIC_KINDS);
    ck_assert_uint_eq(statistic_kind_find(""), STATISTIC_KINDS);
}
END_TEST

START_TEST(a_name_says_whether_it_counts_bytes)
{
    ck_assert(statistic_is_bytes("bytes_held"));
    ck_assert(statistic_is_bytes("max_held"));
    ck_assert(statistic_is_bytes("trimmed_bytes"));
    ck_assert(statistic_is_bytes("max_mmapped_bytes"));
    ck_assert(statistic_is_bytes("mmap_threshold"));
    ck_assert(statistic_is_bytes("top_pad"));
    ck_assert(!statistic_is_bytes("mmap_max"));
    ck_assert(!statistic_is_bytes("megabytes"));
    ck_assert(!statistic_is_bytes("bytesize_x"));
    ck_assert(!statistic_is_bytes("lock_waits"));
    ck_assert(!statistic_is_bytes(""));
}
END_TEST

UNIT_MAIN("statistics", what_allocators_tell_is_taken, names_that_are_none_are_refused,
          kinds_and_arenas_that_are_none_are_refused, kinds_are_found_by_their_names,
          a_name_says_whether_it_counts_bytes)
