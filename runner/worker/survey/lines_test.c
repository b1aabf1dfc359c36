/* Shared cache lines of objects laid out by hand, with answers that are known. */
#include "lines.h"

#include "unit.h"

#define BASE 0x7f0000000000ul

/* Checks what is counted of the objects. */
static void check(const struct extent *objects, size_t n, uint64_t used, uint64_t shared)
{
    struct lines lines = lines_count(objects, n);
    ck_assert_uint_eq(lines.used, used);
    ck_assert_uint_eq(lines.shared, shared);
}

START_TEST(nothing_uses_no_line)
{
    struct extent none[] = {{BASE, 0, 1}, {BASE + 16, 0, 2}};
    check(NULL, 0, 0, 0);
    check(none, 2, 0, 0);
}
END_TEST

START_TEST(objects_of_one_thread_share_nothing)
{
    struct extent objects[] = {{BASE, 16, 7}, {BASE + 16, 16, 7}, {BASE + 60, 8, 7}};
    check(objects, 3, 2, 0);
}
END_TEST

START_TEST(a_line_of_two_threads_counts_once)
{
    struct extent objects[] = {
        {BASE, 16, 1}, {BASE + 16, 16, 2}, {BASE + 32, 16, 1}, {BASE + 48, 16, 3}};
    check(objects, 2, 1, 1);
    check(objects, 4, 1, 1);
}
END_TEST

START_TEST(objects_with_lines_of_their_own_share_nothing)
{
    struct extent objects[] = {
        {BASE, 64, 1}, {BASE + 64, 1, 2}, {BASE + 128, 200, 3}, {BASE + 384, 64, 1}};
    check(objects, 4, 1 + 1 + 4 + 1, 0);
}
END_TEST

/* The last line of one and the first of the next; and one in which both ends of others meet. */
START_TEST(ends_of_long_objects_share_the_line_in_which_they_meet)
{
    struct extent objects[] = {{BASE, 100, 1}, {BASE + 100, 100, 2}, {BASE + 200, 50, 2}};
    check(objects, 3, 4, 1);
    struct extent between[] = {{BASE, 70, 1}, {BASE + 80, 8, 2}, {BASE + 96, 100, 1}};
    check(between, 3, 4, 1);
}
END_TEST

START_TEST(the_line_behind_a_shared_one_is_judged_anew)
{
    struct extent objects[] = {
        {BASE, 32, 1}, {BASE + 32, 64, 2}, {BASE + 96, 8, 2}, {BASE + 128, 8, 1}};
    check(objects, 4, 3, 1);
    objects[2].holder = 1;
    check(objects, 4, 3, 2);
}
END_TEST

/* An allocator gone wild has objects that overlap: still no line counts twice. */
START_TEST(objects_that_overlap_count_their_lines_once)
{
    struct extent objects[] = {{BASE, 256, 1}, {BASE + 16, 16, 2}, {BASE + 64, 128, 1}};
    struct lines lines = lines_count(objects, 3);
    ck_assert_uint_eq(lines.used, 4);
    ck_assert_uint_le(lines.shared, lines.used);
}
END_TEST

UNIT_MAIN("lines", nothing_uses_no_line, objects_of_one_thread_share_nothing,
          a_line_of_two_threads_counts_once, objects_with_lines_of_their_own_share_nothing,
          ends_of_long_objects_share_the_line_in_which_they_meet,
          the_line_behind_a_shared_one_is_judged_anew, objects_that_overlap_count_their_lines_once)
