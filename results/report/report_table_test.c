#include <pty.h>
#include <unistd.h>

#include "report_fixture.h"

/* clang-format off */
static const char golden[] =
    "run 20261120-231455: 4 cells, 6 of 6 blocks, baseline glibc, seed 7, arenabench 0.1.0\n"
    "Imaginary CPU, 2 cores, Linux 6.1\n"
    "\n"
    "Throughput: calls per second of wall clock, all threads; above 1 is faster\n"
    "workload          thr        glibc Mop/s  jemalloc            tc,\"malloc\"        mimalloc            glibc ns  null ns\n"
    "nop                 1               6.70  1.26 [1.21, 1.29]   1.51 [1.47, 1.55]  1.00 [0.97, 1.03]=       150     18.8\n"
    "churn               1               6.70  1.25 [1.21, 1.29]   1.51 [1.46, 1.54]  1.00 [0.97, 1.02]=       150     18.6\n"
    "churn               2               13.4  1.26 [1.22, 1.29]~  1.51 [1.45, 1.54]  hung 6/6                 150     19.0\n"
    "                                          crashed 2/6\n"
    "larson:remote=50    2  out of memory 6/6  16.5 Mop/s          20.1 Mop/s         13.6 Mop/s                 -     18.8\n"
    "geometric mean                            1.25 [1.22, 1.28]   1.51 [1.46, 1.54]  1.00 [0.97, 1.02]=\n"
    "                                          over 2 of 3         over 2 of 3        over 1 of 3\n"
    "\n"
    "Peak resident memory, less what was there before the start; below 1 is leaner\n"
    "workload          thr          glibc MiB  jemalloc            tc,\"malloc\"        mimalloc\n"
    "churn               1               64.0  0.50 [0.48, 0.52]   2.01 [1.94, 2.06]  0.99 [0.97, 1.02]=\n"
    "churn               2               64.0  0.50 [0.49, 0.52]~  2.01 [1.94, 2.06]  hung 6/6\n"
    "                                          crashed 2/6\n"
    "larson:remote=50    2  out of memory 6/6  31.8 MiB            128 MiB            64.3 MiB\n"
    "geometric mean                            0.50 [0.49, 0.51]   2.01 [1.95, 2.05]  0.99 [0.97, 1.02]=\n"
    "                                          over 2 of 3         over 2 of 3        over 1 of 3\n"
    "\n"
    "ratios: to glibc in the same block, median over blocks [95 % bootstrap interval]\n"
    "= no difference found: the interval holds 1, or the ratio is within 1 % of 1, or memory within 64 KiB\n"
    "~ fewer than 6 blocks, here as few as 4: nothing is claimed; even the widest interval holds the true ratio at most 87 times in 100, not 95\n"
    "ns: CPU time per call, user and system; null is what the bench itself costs, and is taken off nothing\n"
    "geometric mean: over 3 cells; nop, the bench's own control, does not count\n"
    "freed by another thread than the allocating one: larson:remote=50 50 %\n"
    "\n"
    "Failures\n"
    "jemalloc on churn, 2 threads: crashed in 2 of 6 trials, signal 11 (Segmentation fault): arena \"7\", \377 is gone\n"
    "mimalloc on churn, 2 threads: hung in 6 of 6 trials: no end after 10 s\n"
    "glibc on larson:remote=50, 2 threads: out of memory in 6 of 6 trials: malloc(1000000) returned NULL\n"
    "\n"
    "warning: the governor is powersave [31m\n"
    "warning: All trials became slower from the first block to the last, by 48 %: heat, a neighbour, or work that came or went; ratios are paired inside a block and bear it, figures per second and per call do not: let the machine come to rest and run again\n";
/* clang-format on */

START_TEST(the_table_is_as_drawn)
{
    struct setting t;
    setting_init(&t, 6);
    char *text = text_of(&t, TABLE);
    ck_assert_str_eq(text, golden);
    free(text);
    setting_release(&t);
}
END_TEST

/* clang-format off */
static const char golden_narrow[] =
    "Throughput: calls per second of wall clock, all threads; above 1 is faster\n"
    "workload          thr        glibc Mop/s  jemalloc\n"
    "nop                 1               6.70  1.26 [1.21, 1.29]\n"
    "churn               1               6.70  1.25 [1.21, 1.29]\n"
    "churn               2               13.4  1.26 [1.22, 1.29]~\n"
    "                                          crashed 2/6\n"
    "larson:remote=50    2  out of memory 6/6  16.5 Mop/s\n"
    "geometric mean                            1.25 [1.22, 1.28]\n"
    "                                          over 2 of 3\n"
    "\n"
    "workload          thr  tc,\"malloc\"        mimalloc\n"
    "nop                 1  1.51 [1.47, 1.55]  1.00 [0.97, 1.03]=\n"
    "churn               1  1.51 [1.46, 1.54]  1.00 [0.97, 1.02]=\n"
    "churn               2  1.51 [1.45, 1.54]  hung 6/6\n"
    "larson:remote=50    2  20.1 Mop/s         13.6 Mop/s\n"
    "geometric mean         1.51 [1.46, 1.54]  1.00 [0.97, 1.02]=\n"
    "                       over 2 of 3        over 1 of 3\n"
    "\n"
    "workload          thr  glibc ns  null ns\n"
    "nop                 1       150     18.8\n"
    "churn               1       150     18.6\n"
    "churn               2       150     19.0\n"
    "larson:remote=50    2         -     18.8\n"
    "\n"
    "Peak resident memory, less what was there before the start; below 1 is leaner\n";
/* clang-format on */

START_TEST(a_narrow_table_has_panels)
{
    struct setting t;
    setting_init(&t, 6);
    t.width = 64;
    char *text = text_of(&t, TABLE);
    char *tables = strstr(text, "Throughput");
    ck_assert_ptr_nonnull(tables);
    tables[strlen(golden_narrow)] = '\0';
    ck_assert_str_eq(tables, golden_narrow);
    free(text);
    setting_release(&t);
}
END_TEST

static size_t widest_of_tables(char *text)
{
    size_t widest = 0;
    *strstr(text, "ratios: to") = '\0';
    for (char *line = strtok(strstr(text, "Throughput"), "\n"); line; line = strtok(NULL, "\n")) {
        bool is_title = strstr(line, "above 1") || strstr(line, "below 1");
        if (!is_title && strlen(line) > widest)
            widest = strlen(line);
    }
    return widest;
}

START_TEST(a_table_is_as_wide_as_it_may_be)
{
    struct setting t;
    setting_init(&t, 6);
    for (t.width = 20; t.width < 140; t.width++) {
        char *text = text_of(&t, TABLE);
        for (unsigned i = 0; i < N_SUBJECTS; i++)
            ck_assert_ptr_nonnull(strstr(text, subjects[i].name));
        size_t widest = widest_of_tables(text);
        /* One column takes its 18 behind the leading 23, whatever the width. */
        ck_assert_uint_le(widest, t.width < 43 ? 43 : t.width);
        ck_assert_uint_ge(widest, t.width > 118 ? 118 : 40);
        free(text);
    }
    setting_release(&t);
}
END_TEST

START_TEST(the_width_is_that_of_the_reader)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    unsetenv("COLUMNS");
    ck_assert_uint_eq(report_width(file), 100);
    setenv("COLUMNS", "77", 1);
    ck_assert_uint_eq(report_width(file), 77);
    static const char *const no_width[] = {"", "0", "wide", "80x", "-3", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(no_width); i++) {
        setenv("COLUMNS", no_width[i], 1);
        ck_assert_uint_eq(report_width(file), 100);
    }
    fclose(file);

    int terminal, other;
    struct winsize size = {.ws_row = 24, .ws_col = 132};
    ck_assert_int_eq(openpty(&terminal, &other, NULL, NULL, &size), 0);
    FILE *screen = fdopen(other, "w");
    ck_assert_uint_eq(report_width(screen), 132);
    fclose(screen);
    close(terminal);
}
END_TEST

START_TEST(colour_adds_nothing_but_colour)
{
    struct setting t;
    setting_init(&t, 6);
    char *text = text_of(&t, COLOURED_TABLE), *to = text;
    ck_assert_ptr_nonnull(strstr(text, "\x1b[32m1.25 [1.22, 1.28]"));
    ck_assert_ptr_nonnull(strstr(text, "\x1b[31m2.01 [1.95, 2.05]"));
    for (const char *from = text; *from;) { /* without escape sequences and blanks */
        if (*from == '\x1b')
            from += strcspn(from, "m") + 1;
        else if (*from == ' ')
            from++;
        else
            *to++ = *from++;
    }
    *to = '\0';
    char plain[sizeof(golden)], *end = plain;
    for (const char *from = golden; *from; from++)
        if (*from != ' ')
            *end++ = *from;
    *end = '\0';
    ck_assert_str_eq(text, plain);
    free(text);
    setting_release(&t);
}
END_TEST

START_TEST(one_block_gives_ratios_but_no_claims)
{
    struct setting t;
    setting_init(&t, 1);
    char *text = text_of(&t, TABLE);
    ck_assert_ptr_nonnull(strstr(text, "1.29 (1 block)"));
    ck_assert_ptr_nonnull(strstr(text, "(1 block): no interval"));
    ck_assert_ptr_null(strstr(text, "~"));
    free(text);
    ck_assert_int_eq(summary_entry(&t.summary, CHURN_1, TCMALLOC)->measured[0].verdict,
                     VERDICT_TOO_FEW);
    setting_release(&t);
}
END_TEST

START_TEST(few_blocks_are_told_in_words)
{
    struct setting t;
    setting_init(&t, 5);
    char *text = text_of(&t, TABLE);
    ck_assert_ptr_nonnull(strstr(text, "1.50 [1.45, 1.53]~"));
    ck_assert_ptr_nonnull(strstr(
        text, "here as few as 3: nothing is claimed; even the widest interval holds the true "
              "ratio at most 75 times in 100, not 95"));
    free(text);
    setting_release(&t);
}
END_TEST

START_TEST(a_busy_machine_is_told)
{
    static const struct disturbance cases[] = {{0.3, 0}, {0, 1.25}, {0.06, 0.06}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct setting t;
        setting_init_disturbed(&t, 2, &cases[i]);
        ck_assert_double_eq_tol(t.summary.disturbance.foreign_cpus, cases[i].foreign, 1e-3);
        ck_assert_double_eq_tol(t.summary.disturbance.stolen_cpus, cases[i].steal, 1e-3);
        char *text = text_of(&t, TABLE), foreign[64], stolen[64];
        snprintf(foreign, sizeof(foreign), "warning: Other programs kept %.2f CPUs",
                 cases[i].foreign);
        snprintf(stolen, sizeof(stolen), "warning: The hypervisor took %.2f CPUs", cases[i].steal);
        ck_assert_int_eq(strstr(text, foreign) != NULL, cases[i].foreign > 0);
        ck_assert_int_eq(strstr(text, stolen) != NULL, cases[i].steal > 0);
        free(text);
        setting_release(&t);
    }
}
END_TEST

START_TEST(no_colour_without_a_terminal)
{
    FILE *out = tmpfile();
    ck_assert(!report_wants_colour(out));
    fclose(out);
}
END_TEST

START_TEST(what_threads_waited_is_told_where_they_did)
{
    struct setting t;
    setting_init(&t, 5);
    char *text = text_of(&t, TABLE);
    ck_assert_ptr_null(strstr(text, "Waiting"));
    free(text);
    struct summary_entry *e = summary_entry(&t.summary, CHURN_2, TCMALLOC);
    e->thread_ns = 2e9;
    e->stall_ns = 0.5e9;
    summary_entry(&t.summary, CHURN_1, GLIBC)->thread_ns = 1e9;
    summary_entry(&t.summary, CHURN_1, GLIBC)->stall_ns = 0.009e9; /* too little */
    text = text_of(&t, TABLE);
    char *waiting = strstr(text, "Waiting: % of the threads' time, for objects and ends of other "
                                 "threads\n");
    ck_assert_ptr_nonnull(waiting);
    char *line = strstr(waiting, "\nchurn ");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line + 1, "\nchurn ")); /* the other one waited too little */
    ck_assert_uint_lt((size_t)(strstr(line, " 25.0 ") - line), strcspn(line + 1, "\n"));
    free(text);
    e->pace_ns = 0.25e9;
    text = text_of(&t, TABLE);
    waiting = strstr(text, "; + for their turn\n");
    ck_assert_ptr_nonnull(waiting);
    ck_assert_ptr_nonnull(strstr(waiting, "25.0 + 12.5"));
    free(text);
    setting_release(&t);
}
END_TEST

UNIT_MAIN("report table", the_table_is_as_drawn, a_narrow_table_has_panels,
          a_table_is_as_wide_as_it_may_be, the_width_is_that_of_the_reader,
          colour_adds_nothing_but_colour, one_block_gives_ratios_but_no_claims,
          few_blocks_are_told_in_words, what_threads_waited_is_told_where_they_did,
          a_busy_machine_is_told, no_colour_without_a_terminal)
