/* Tables as they are written, and as they must not be. */
#include "shape_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rng.h"
#include "shape_number.h"
#include "unit.h"

#define PATH "shape_table_test.csv"

static struct err err;
static struct shape_table table;

static int read_bytes(const char *text, size_t n)
{
    FILE *f = fopen(PATH, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    fclose(f);
    err.text[0] = '\0';
    int rc = shape_table_read(PATH, &table, &err);
    unlink(PATH);
    return rc;
}

static void must_read(const char *text)
{
    int rc = read_bytes(text, strlen(text));
    ck_assert_msg(rc == 0, "%s: %s", text, err.text);
}

/* The row by its place. */
static void expect_row(uint32_t i, uint64_t bytes, uint64_t rate, uint64_t live)
{
    ck_assert_uint_lt(i, table.n_rows);
    ck_assert_uint_eq(table.rows[i].bytes, bytes);
    ck_assert_uint_eq(table.rows[i].rate, rate);
    ck_assert_uint_eq(table.rows[i].live, live);
}

START_TEST(numbers_are_billionths_rounded_half_up)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"0", 0},
        {"1", SHAPE_ONE},
        {"0.5", SHAPE_ONE / 2},
        {".5", SHAPE_ONE / 2},
        {"5.", 5 * SHAPE_ONE},
        {"1e3", 1000 * SHAPE_ONE},
        {"1.5E-3", 1500000},
        {"5.352604602956001e-05", 53526},
        {"0.0000000005", 1},
        {"0.00000000049999", 0},
        {"000012", 12 * SHAPE_ONE},
        {"1e-400", 0},
        {"0e400", 0},
        {"10000000000", 10000000000 * SHAPE_ONE},
        {"2383225.9156923452837465928374", 2383225915692345},
        {"1034.0551342410517", 1034055134241},
    };
    static const char *const bad[] = {"",     "-1",  "+1",   "nan",  "inf",         "1e",     "1e+",
                                      "0x10", "1,5", "1 2",  "..",   ".",           "1.2.3",  "e5",
                                      "1e5x", "1_0", "1e11", "1e99", "10000000001", "1e99999"};
    uint64_t value;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        ck_assert_msg(
            shape_number(good[i].text, strlen(good[i].text), SHAPE_MOST * SHAPE_ONE, &value), "%s",
            good[i].text);
        ck_assert_msg(value == good[i].value, "%s: %lu", good[i].text, value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(!shape_number(bad[i], strlen(bad[i]), SHAPE_MOST * SHAPE_ONE, &value), "%s",
                      bad[i]);
}
END_TEST

START_TEST(columns_are_known_by_their_names)
{
    must_read("# a comment\n\nlive, name ,Rate,size\n2,x,0.5,16\n4,\"y\",1e-3,\"32\"\n");
    ck_assert_uint_eq(table.n_rows, 2);
    expect_row(0, 16, SHAPE_ONE / 2, 2 * SHAPE_ONE);
    expect_row(1, 32, SHAPE_ONE / 1000, 4 * SHAPE_ONE);
    ck_assert_uint_eq(table.live_bytes, 2 * 16 + 4 * 32);
    ck_assert_uint_eq(table.remote_millionth, 0);
    shape_table_release(&table);
}
END_TEST

START_TEST(byte_order_mark_and_carriage_returns_are_passed_over)
{
    must_read("\xef\xbb\xbfsize,rate,live\r\n16,1,2\r\n\r\n32,3,4");
    ck_assert_uint_eq(table.n_rows, 2);
    expect_row(1, 32, 3 * SHAPE_ONE, 4 * SHAPE_ONE);
    shape_table_release(&table);
}
END_TEST

/* Rows in the manner of Fleetbench: no names, blanks behind commas, shortest exact decimals. */
START_TEST(distributions_of_fleetbench_are_read)
{
    must_read("1, 12.125, 15.631425914489142\n16, 26000.25, 27000.5\n"
              "11272, 5.25e-05, 2.8732187604262056\n");
    ck_assert_uint_eq(table.n_rows, 3);
    expect_row(0, 1, 12125000000, 15631425914);
    expect_row(1, 16, 26000250000000, 27000500000000);
    expect_row(2, 11272, 52500, 2873218760);
    shape_table_release(&table);
    must_read("size,alloc_rate,num\n16,3,4\n");
    expect_row(0, 16, 3 * SHAPE_ONE, 4 * SHAPE_ONE);
    shape_table_release(&table);
}
END_TEST

START_TEST(remote_share_stands_in_a_comment)
{
    must_read("#remote-share: 0.125\nsize,rate,live\n16,1,2\n");
    ck_assert_uint_eq(table.remote_millionth, 125000);
    shape_table_release(&table);
}
END_TEST

START_TEST(rows_of_nothing_are_left_out)
{
    must_read("size,rate,live\n8,0,0\n16,1,0\n24,0,3\n");
    ck_assert_uint_eq(table.n_rows, 2);
    expect_row(0, 16, SHAPE_ONE, 0);
    expect_row(1, 24, 0, 3 * SHAPE_ONE);
    shape_table_release(&table);
}
END_TEST

START_TEST(sizes_can_be_cut)
{
    must_read("8,1,1\n16,2,2\n24,4,4\n");
    ck_assert_int_eq(shape_table_cut(&table, 9, 16, &err), 0);
    ck_assert_uint_eq(table.n_rows, 1);
    ck_assert_uint_eq(table.rate, 2 * SHAPE_ONE);
    ck_assert_uint_eq(table.live_bytes, 32);
    ck_assert_int_eq(shape_table_cut(&table, 17, 1000, &err), -EINVAL);
    shape_table_release(&table);
}
END_TEST

#define HEAD "size,rate,live\n"

static const struct {
    const char *text, *told;
} bad_tables[] = {
    {"", "no rows"},
    {"# only words\n", "no rows"},
    {HEAD, "no rows"},
    {"sizes,rate,live\n1,2,3\n", "line 1: no column 'size'"},
    {"size,rate\n1,2\n", "line 1: no column 'live'"},
    {"size;rate;live\n1;2;3\n", "line 1: no column 'size'"},
    {"size,rate,live,rate\n1,2,3,4\n", "line 1: a second column of this kind: 'rate'"},
    {"size,rate,live,num\n1,2,3,4\n", "line 1: a second column of this kind: 'num'"},
    {"1,2\n", "line 1: 2 columns where 3 are expected"},
    {"1,2,3,4\n", "line 1: 4 columns where 3 are expected"},
    {HEAD "1,2,3\n1,2\n", "line 3: 2 columns where 3 are expected"},
    {HEAD "-16,1,1\n", "line 2: size '-16'"},
    {HEAD "16.5,1,1\n", "line 2: size '16.5'"},
    {HEAD "1e3,1,1\n", "line 2: size '1e3'"},
    {HEAD ",1,1\n", "line 2: size ''"},
    {HEAD "1099511627777,1,1\n", "line 2: size '1099511627777'"},
    {HEAD "99999999999999999999999,1,1\n", "line 2: size"},
    {HEAD "16,-1,1\n", "line 2: rate '-1'"},
    {HEAD "16,nan,1\n", "line 2: rate 'nan'"},
    {HEAD "16,1,inf\n", "line 2: mean live count 'inf'"},
    {HEAD "16,1e400,1\n", "line 2: rate '1e400'"},
    {HEAD "16,1,1e11\n", "line 2: mean live count '1e11'"},
    {HEAD "16,1,\x1b[31m\n", "line 2: mean live count '?[31m'"},
    {HEAD "16,9e9,1\n32,9e9,1\n", "rates sum up to more"},
    {HEAD "16,1,9e9\n32,1,9e9\n", "mean live counts sum up to more"},
    {HEAD "1099511627776,1,9e9\n", "more than 1 PiB"},
    {HEAD "16,0,5\n", "no row has a rate"},
    {HEAD "16,5,0\n", "less than one byte is live"},
    {HEAD "0,5,10\n", "less than one byte is live"},
    {"# remote-share: 2\n" HEAD "1,1,1\n", "line 1: the remote share '2'"},
    {"# remote-share:\n" HEAD "1,1,1\n", "line 1: the remote share ''"},
};

START_TEST(bad_tables_are_refused_with_their_line)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad_tables); i++) {
        const char *text = bad_tables[i].text;
        ck_assert_msg(read_bytes(text, strlen(text)) == -EINVAL, "read: %s", text);
        ck_assert_msg(strstr(err.text, bad_tables[i].told) && strstr(err.text, PATH), "%s: %s",
                      text, err.text);
        ck_assert_ptr_null(table.rows);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static char text[5000] = HEAD "16,1,1";
    ck_assert_int_eq(read_bytes(text, strlen(text) + 1), -EINVAL);
    ck_assert_msg(strstr(err.text, "line 2: a byte 0"), "%s", err.text);
    memset(text, ' ', sizeof(text));
    ck_assert_int_eq(read_bytes(text, sizeof(text)), -EINVAL);
    ck_assert_msg(strstr(err.text, "line 1: longer than"), "%s", err.text);
    memset(text, ',', 100);
    ck_assert_int_eq(read_bytes(text, 100), -EINVAL);
    ck_assert_msg(strstr(err.text, "line 1: more than 64 columns"), "%s", err.text);
    ck_assert_int_eq(shape_table_read(".", &table, &err), -EINVAL);
    ck_assert_int_eq(shape_table_read("none.csv", &table, &err), -ENOENT);
}
END_TEST

START_TEST(too_many_rows_are_refused)
{
    FILE *f = fopen(PATH, "w");
    for (uint32_t i = 0; i <= SHAPE_ROWS_MAX; i++)
        fputs("1,1,1\n", f);
    fclose(f);
    ck_assert_int_eq(shape_table_read(PATH, &table, &err), -EINVAL);
    ck_assert_msg(strstr(err.text, "line 1048577: more than 1048576 rows"), "%s", err.text);
    unlink(PATH);
}
END_TEST

/* Bytes of a good table changed at random: read or refused in a line, and never more. */
START_TEST(damaged_tables_are_read_or_refused)
{
    static const char good[] = "# remote-share: 0.5\nsize,rate,live\r\n16,26259.9,1e-3\n32,2,3\n";
    static const char letters[] = "0123456789.,-+eE#\n\r\"ns \t\0\xff";
    struct rng rng;
    char text[sizeof(good)];
    unsigned refused = 0;
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < 4000; i++) {
        memcpy(text, good, sizeof(good));
        for (uint64_t n = 1 + rng_below(&rng, 6); n > 0; n--)
            text[rng_below(&rng, sizeof(good) - 1)] = letters[rng_below(&rng, sizeof(letters))];
        int rc = read_bytes(text, sizeof(good) - 1 - rng_below(&rng, 20));
        ck_assert(rc == 0 || (rc == -EINVAL && err.text[0] && !strchr(err.text, '\n')));
        refused += rc < 0;
        shape_table_release(&table);
    }
    ck_assert_uint_gt(refused, 1000);
    ck_assert_uint_lt(refused, 4000);
}
END_TEST

UNIT_MAIN("shape table", numbers_are_billionths_rounded_half_up, columns_are_known_by_their_names,
          byte_order_mark_and_carriage_returns_are_passed_over,
          distributions_of_fleetbench_are_read, remote_share_stands_in_a_comment,
          rows_of_nothing_are_left_out, sizes_can_be_cut, bad_tables_are_refused_with_their_line,
          bytes_that_are_no_text_are_refused, too_many_rows_are_refused,
          damaged_tables_are_read_or_refused)
