#include "param.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { LIVE, MIN, REMOTE, GROWTH, MAIN };

static const struct param rows[] = {
    [LIVE] = {"live", PARAM_COUNT, 5000, 1, 1000000, "objects"},
    [MIN] = {"min", PARAM_BYTES, 16, 1, 1 * GIB, "least size"},
    [REMOTE] = {"remote", PARAM_SHARE, PARAM_MILLIONTHS(0.1), 1000, PARAM_ONE, "remote frees"},
    [GROWTH] = {"growth", PARAM_FACTOR, 2 * PARAM_ONE, 1100000, 4 * PARAM_ONE, "factor"},
    [MAIN] = {"main", PARAM_YES_NO, 1, 0, 1, "on the main thread"},
    {0},
};

static uint64_t values[PARAMS_MAX];
static struct err err;

static int parse(const char *text)
{
    params_preset(rows, values);
    err.text[0] = '\0';
    return params_parse(rows, text, strlen(text), values, &err);
}

START_TEST(every_unit_is_read)
{
    static const struct {
        const char *text;
        int row;
        uint64_t value;
    } good[] = {
        {"live=1", LIVE, 1},
        {"live=20k", LIVE, 20000},
        {"live=0.5M", LIVE, 500000},
        {"min=64K", MIN, 65536},
        {"min=1.5M", MIN, 1572864},
        {"min=1GiB", MIN, 1 * GIB},
        {"remote=0.2", REMOTE, 200000},
        {"remote=20%", REMOTE, 200000},
        {"remote=12.5%", REMOTE, 125000},
        {"remote=1", REMOTE, PARAM_ONE},
        {"growth=1.5", GROWTH, 1500000},
        {"main=no", MAIN, 0},
        {"main=yes", MAIN, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        ck_assert_msg(parse(good[i].text) == 0, "%s: %s", good[i].text, err.text);
        ck_assert_uint_eq(values[good[i].row], good[i].value);
    }
}
END_TEST

START_TEST(several_are_read_and_the_others_keep_their_defaults)
{
    ck_assert_int_eq(parse("remote=0.2:live=2000"), 0);
    ck_assert_uint_eq(values[LIVE], 2000);
    ck_assert_uint_eq(values[MIN], 16);
    ck_assert_uint_eq(values[REMOTE], 200000);
}
END_TEST

START_TEST(bad_text_is_refused_and_says_why)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "'' is no parameter: write KEY=VALUE"},
        {"live", "'live' is no parameter: write KEY=VALUE"},
        {"live=", "'' is no value for live: write a count"},
        {"=5", "no parameter ''"},
        {"live=5:", "'' is no parameter"},
        {":live=5", "'' is no parameter"},
        {"remot=0.2", "no parameter 'remot': did you mean remote? (there are: live, min, "},
        {"live=5:live=5", "parameter live is given twice"},
        {"live=0", "live=0 lies outside 1..1000000"},
        {"min=2G", "min=2G lies outside 1..1G"},
        {"remote=2", "remote=2 lies outside 0.001..1"},
        {"growth=1", "growth=1 lies outside 1.1..4"},
        {"live=-1", "no value"},
        {"live=1.5", "no value"},
        {"live=1KiB", "no value"},
        {"live= 1", "no value"},
        {"live=0x10", "no value"},
        {"live=1e3", "no value"},
        {"min=.5K", "no value"},
        {"min=5.", "no value"},
        {"min=1.1.1", "no value"},
        {"min=K", "no value"},
        {"min=1X", "no value for min: write a size"},
        {"min=1Kib", "no value"},
        {"min=1.0001K", "no value"},
        {"min=18446744073709551616", "no value"},
        {"min=18446744073709551615K", "no value"},
        {"remote=20%%", "no value"},
        {"remote=0.0000001", "no value for remote: write a share"},
        {"growth=150%", "no value"},
        {"main=maybe", "no value for main: write yes or no"},
        {"main=", "no value"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(parse(bad[i].text) < 0, "'%s' was taken", bad[i].text);
        ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "'%s' gave: %s", bad[i].text,
                      err.text);
    }
}
END_TEST

START_TEST(long_input_is_cut_in_the_message)
{
    char text[2000];
    memset(text, '9', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_lt(parse(text), 0);
    ck_assert_uint_lt(strlen(err.text), 120);
    memcpy(text, "live=", 5);
    ck_assert_int_lt(parse(text), 0);
    ck_assert_uint_lt(strlen(err.text), 120);
}
END_TEST

START_TEST(text_ends_where_its_length_says)
{
    params_preset(rows, values);
    ck_assert_int_eq(params_parse(rows, "live=123", 6, values, &err), 0);
    ck_assert_uint_eq(values[LIVE], 1);
}
END_TEST

START_TEST(canonical_text_names_what_differs_in_the_order_of_the_rows)
{
    static const char *const texts[][2] = {
        {"live=5000", ""},
        {"main=no:remote=20%:min=65536", "min=64K:remote=0.2:main=no"},
        {"growth=1.25:live=100k", "live=100000:growth=1.25"},
        {"min=1023:remote=0.100001", "min=1023:remote=0.100001"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char out[128];
        ck_assert_int_eq(parse(texts[i][0]), 0);
        ck_assert_uint_eq(params_format(rows, values, out, sizeof(out)), strlen(texts[i][1]));
        ck_assert_str_eq(out, texts[i][1]);
    }
}
END_TEST

START_TEST(any_value_survives_its_own_text)
{
    for (uint64_t x = 1; x < PARAM_ONE; x = x * 3 + 1) {
        uint64_t wanted[PARAMS_MAX] = {x, x * 1024, x < 1000 ? 1000 : x, PARAM_ONE * 3 + x, x & 1};
        char out[128];
        params_format(rows, wanted, out, sizeof(out));
        ck_assert_msg(parse(out) == 0, "%s: %s", out, err.text);
        ck_assert_mem_eq(values, wanted, sizeof(uint64_t) * 5);
    }
}
END_TEST

UNIT_MAIN("param", every_unit_is_read, several_are_read_and_the_others_keep_their_defaults,
          bad_text_is_refused_and_says_why, long_input_is_cut_in_the_message,
          text_ends_where_its_length_says,
          canonical_text_names_what_differs_in_the_order_of_the_rows,
          any_value_survives_its_own_text)
