#include "gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static void check_put(void (*put)(FILE *out, const char *text), const char *text,
                      const char *expected)
{
    char *out = NULL;
    size_t n;
    FILE *file = open_memstream(&out, &n);
    put(file, text);
    fclose(file);
    ck_assert_str_eq(out, expected);
    free(out);
}

static void check_text(const char *text, const char *expected)
{
    check_put(gnuplot_put_text, text, expected);
}

START_TEST(texts_cannot_end_their_string)
{
    check_text("plain_{name}^2 @x `ls` $d0 \\", "'plain_{name}^2 @x `ls` $d0 \\'");
    check_text("it's", "'it'.\"'\".'s'");
    check_text("'", "''.\"'\".''");
    check_text("a\n!touch x\n'", "'a !touch x '.\"'\".''");
    check_text("\x1b[31m\x7f\xc2\x85.", "' [31m  .'");
    check_text("na\xc3\xafve \xff\xc3", "'na\xc3\xafve ?\?'");
    check_text("", "''");
    check_text("100 %d", "'100 %d'");
    check_put(gnuplot_put_tic, "100 %d", "'100 %%d'");
}
END_TEST

START_TEST(long_texts_are_cut_at_a_character)
{
    char text[4 * GNUPLOT_TEXT_MOST + 1] = "", expected[3 * GNUPLOT_TEXT_MOST + 16] = "'";
    for (unsigned i = 0; i < 2 * GNUPLOT_TEXT_MOST; i++)
        strcat(text, "\xc3\xa4");
    for (unsigned i = 0; i < GNUPLOT_TEXT_MOST; i++)
        strcat(expected, "\xc3\xa4");
    strcat(expected, "…'");
    check_text(text, expected);
}
END_TEST

static int output(const char *path, char **out)
{
    struct err err = {""};
    size_t n;
    FILE *file = open_memstream(out, &n);
    int result = gnuplot_put_output(file, path, &err);
    fclose(file);
    return result;
}

START_TEST(no_path_is_a_command)
{
    static const char *const rows[][2] = {
        {"|touch x", "set output './|touch x'\n"},
        {"/tmp/it's.svg", "set output '/tmp/it'.\"'\".'s.svg'\n"},
        {"a\\b.svg", "set output './a\\b.svg'\n"},
    };
    char *out;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_int_eq(output(rows[i][0], &out), 0);
        ck_assert_str_eq(out, rows[i][1]);
        free(out);
    }
    ck_assert_int_eq(output("a\n!touch x\n.svg", &out), -EINVAL);
    free(out);
}
END_TEST

START_TEST(where_there_is_none_it_is_told_what_to_install)
{
    struct err err = {""};
    static const char *const paths[] = {"/nonexistent", "", ":/nonexistent:"};
    ck_assert_int_eq(chdir("/proc"), 0); /* an empty folder in PATH is the current one */
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        setenv("PATH", paths[i], 1);
        ck_assert_int_eq(gnuplot_find(&err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(err.text, "install the package gnuplot-nox"));
    }
    ck_assert_int_eq(gnuplot_run("", 0, &err), -ENOENT);
}
END_TEST

/* Where gnuplot is not installed, there is nothing to complain. */
START_TEST(what_it_complains_of_is_told_in_one_line)
{
    struct err err = {""};
    static const char good[] = "x = 3\n", bad[] = "x = 3\nplot 'nothing-here.txt'\n";
    if (gnuplot_find(&err) < 0)
        return;
    ck_assert_msg(gnuplot_run(good, strlen(good), &err) == 0, "%s", err.text);
    ck_assert_int_eq(gnuplot_run(bad, strlen(bad), &err), -EIO);
    ck_assert_ptr_nonnull(strstr(err.text, "nothing-here"));
    ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

UNIT_MAIN("gnuplot", texts_cannot_end_their_string, long_texts_are_cut_at_a_character,
          no_path_is_a_command, where_there_is_none_it_is_told_what_to_install,
          what_it_complains_of_is_told_in_one_line)
