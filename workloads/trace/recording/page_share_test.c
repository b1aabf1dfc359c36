#include "page_share.h"

#include "trace.h"
#include "unit.h"

START_TEST(the_last_watched_object_of_the_size_is_the_guess)
{
    struct page_share s = {0};
    page_share_note(&s, false, 40000, 11); /* of 11 at the most */
    ck_assert_uint_eq(page_share_guess(&s, false, 40000), 11);
    page_share_note(&s, false, 40000, 3);
    ck_assert_uint_eq(page_share_guess(&s, false, 40000), 3);
    ck_assert_uint_eq(page_share_guess(&s, false, 36864), 3);
}
END_TEST

START_TEST(the_share_is_kept_and_not_the_number)
{
    struct page_share s = {0};
    page_share_note(&s, false, 8192, 2); /* half of 4 */
    ck_assert_uint_eq(page_share_guess(&s, false, 10239), 2);
    page_share_note(&s, false, 57344, 8);                     /* half of 16 */
    ck_assert_uint_eq(page_share_guess(&s, false, 65535), 9); /* of 17, rounded up */
}
END_TEST

START_TEST(sizes_ways_and_ranges_are_apart)
{
    struct page_share s = {0};
    page_share_note(&s, false, 16384, 1);
    ck_assert_uint_eq(page_share_guess(&s, true, 16384), TRACE_PAGES_ALL);
    ck_assert_uint_eq(page_share_guess(&s, false, 20480), TRACE_PAGES_ALL);
    ck_assert_uint_eq(page_share_guess(&s, false, 16383), TRACE_PAGES_ALL);
    page_share_note(&s, true, 16384, 0);
    ck_assert_uint_eq(page_share_guess(&s, true, 16384), 0);
    ck_assert_uint_eq(page_share_guess(&s, false, 16384), 1);
    page_share_note(&s, false, SPOOL_LARGE_BYTES - 1, 1);
    page_share_note(&s, false, SPOOL_HUGE_BYTES, 1);
    ck_assert_uint_eq(page_share_guess(&s, false, SPOOL_LARGE_BYTES - 1), TRACE_PAGES_ALL);
    ck_assert_uint_eq(page_share_guess(&s, false, SPOOL_HUGE_BYTES), TRACE_PAGES_ALL);
}
END_TEST

/* A damaged spool may say anything. */
START_TEST(more_pages_than_there_are_count_as_all)
{
    struct page_share s = {0};
    page_share_note(&s, false, 8192, UINT32_MAX);
    ck_assert_uint_eq(page_share_guess(&s, false, 8192), trace_pages_max(8192));
}
END_TEST

UNIT_MAIN("page_share", the_last_watched_object_of_the_size_is_the_guess,
          the_share_is_kept_and_not_the_number, sizes_ways_and_ranges_are_apart,
          more_pages_than_there_are_count_as_all)
