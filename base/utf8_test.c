#include "utf8.h"

#include <string.h>

#include "unit.h"

START_TEST(characters_are_as_long_as_rfc_3629_has_them)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {{"a", 1},
                {"\x7f", 1},
                {"\xc3\xa4", 2},
                {"\xe2\x82\xac", 3},
                {"\xf0\x9f\x98\x80", 4},
                {"\xf4\x8f\xbf\xbf", 4},
                {"\x80", 0},
                {"\xc0\xaf", 0},         /* longer than it has to be */
                {"\xe0\x80\xaf", 0},     /* likewise */
                {"\xed\xa0\x80", 0},     /* half of a pair of UTF-16 */
                {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
                {"\xc3", 0},             /* cut off */
                {"\xe2\x82", 0},
                {"\xf0\x9f\x98", 0},
                {"\xff", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        ck_assert_msg(utf8_length(rows[i].text) == rows[i].length, "row %zu", i);
}
END_TEST

START_TEST(controls_of_both_sets_are_known)
{
    static const char *const controls[] = {"\x01", "\n", "\x1b", "\x7f", "\xc2\x80", "\xc2\x9f"};
    static const char *const others[] = {" ", "~", "\xc2\xa0", "\xc3\x80", "\xe2\x80\xa6"};
    for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
        ck_assert_msg(utf8_is_control(controls[i]), "row %zu", i);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        ck_assert_msg(!utf8_is_control(others[i]), "row %zu", i);
}
END_TEST

UNIT_MAIN("utf8", characters_are_as_long_as_rfc_3629_has_them, controls_of_both_sets_are_known)
