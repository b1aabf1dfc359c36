#include "near.h"

#include <limits.h>
#include <string.h>

#include "unit.h"

static unsigned distance(const char *a, const char *b)
{
    return near_distance(a, strlen(a), b, strlen(b));
}

START_TEST(distances_count_the_mistakes)
{
    ck_assert_uint_eq(distance("", ""), 0);
    ck_assert_uint_eq(distance("", "nop"), 3);
    ck_assert_uint_eq(distance("larson", "larson"), 0);
    ck_assert_uint_eq(distance("kitten", "sitting"), 3);
    ck_assert_uint_eq(distance("sitting", "kitten"), 3);
    ck_assert_uint_eq(distance("chrun", "churn"), 1);
    ck_assert_uint_eq(distance("CHURN", "churn"), 0);
    ck_assert_uint_eq(distance("ca", "abc"),
                      3); /* what tells this distance from the unrestricted one */
}
END_TEST

START_TEST(a_word_longer_than_any_name_is_near_to_nothing)
{
    char word[NEAR_WORD_BYTES + 2];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    ck_assert_uint_eq(distance(word, "a"), UINT_MAX);
    ck_assert_uint_eq(distance("a", word), UINT_MAX);
    ck_assert_uint_eq(distance(word + 1, word + 1), 0);
}
END_TEST

static const char *hint(const char *word, size_t room)
{
    static const char *const names[] = {
        "nop", "churn", "larson", "jemalloc", "tcmalloc", "mimalloc", "malloc", "producer-consumer",
        "aab", "aac",   "aad",    "aae",      "zin",      "zid",
    };
    static char out[128];
    struct near near;
    near_init(&near, word, strlen(word));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        near_offer(&near, names[i]);
    ck_assert_uint_eq(near_hint(&near, out, room), strlen(out));
    return out;
}

START_TEST(hints_name_the_nearest_first)
{
    ck_assert_str_eq(hint("chrun", 128), "did you mean churn?");
    ck_assert_str_eq(hint("prod", 128), "did you mean producer-consumer?");
    ck_assert_str_eq(hint("mimaloc", 128), "did you mean mimalloc?");
    ck_assert_str_eq(hint("cmalloc", 128), "did you mean tcmalloc, malloc or jemalloc?");
    ck_assert_str_eq(hint("zix", 128), "did you mean zin or zid?");
    ck_assert_str_eq(hint("aaz", 128), "did you mean aab, aac or aad?");
}
END_TEST

/* Short words have no room for a mistake and an end that is left out. */
START_TEST(a_mistyped_beginning_is_near)
{
    ck_assert_str_eq(hint("prodcuer", 128), "did you mean producer-consumer?");
    ck_assert_str_eq(hint("producr", 128), "");
    ck_assert_str_eq(hint("poducer-", 128), "did you mean producer-consumer?");
    ck_assert_str_eq(hint("prx", 128), "");
}
END_TEST

START_TEST(nothing_near_gives_no_hint)
{
    ck_assert_str_eq(hint("sqlite", 128), "");
    ck_assert_str_eq(hint("x", 128), "");
    ck_assert_str_eq(hint("", 128), "");
}
END_TEST

START_TEST(a_hint_is_cut_at_the_end_of_its_buffer)
{
    ck_assert_str_eq(hint("aaz", 18), "did you mean aab,");
}
END_TEST

UNIT_MAIN("near", distances_count_the_mistakes, a_word_longer_than_any_name_is_near_to_nothing,
          hints_name_the_nearest_first, a_mistyped_beginning_is_near, nothing_near_gives_no_hint,
          a_hint_is_cut_at_the_end_of_its_buffer)
