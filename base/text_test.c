#include "text.h"

#include <limits.h>
#include <stdio.h>

#include "unit.h"

START_TEST(formats_like_printf)
{
    char ours[128], theirs[128];
    size_t n =
        text_format(ours, sizeof(ours), "%s %.*s %c %d %u %ld %lu %zu %x %lx %%", "abc", 2, "xyz",
                    '!', INT_MIN, UINT_MAX, LONG_MIN, ULONG_MAX, (size_t)7, 0xbeef, 0xfeedfaceul);
    snprintf(theirs, sizeof(theirs), "%s %.*s %c %d %u %ld %lu %zu %x %lx %%", "abc", 2, "xyz", '!',
             INT_MIN, UINT_MAX, LONG_MIN, ULONG_MAX, (size_t)7, 0xbeef, 0xfeedfaceul);
    ck_assert_str_eq(ours, theirs);
    ck_assert_uint_eq(n, strlen(theirs));
}
END_TEST

START_TEST(cuts_at_the_end_of_the_buffer)
{
    char out[4] = "???";
    ck_assert_uint_eq(text_format(out, sizeof(out), "%s", "abcdef"), 3);
    ck_assert_str_eq(out, "abc");
}
END_TEST

UNIT_MAIN("text", formats_like_printf, cuts_at_the_end_of_the_buffer)
