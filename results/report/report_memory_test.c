/* The tables of memory, from series and surveys whose figures were computed by hand. */
#include <jansson.h>
#include <sqlite3.h>
#include <string.h>

#include "memory.h"
#include "report_fixture.h"
#include "store_survey.h"

/* Two readings a second apart: 4 MiB live in both, 5 and then 7 resident. */
static const struct trial_sample steady[] = {
    {.live_bytes = 4 * MIB, .rss_bytes = 5 * MIB},
    {.t_ns = 1000000000, .ops = 9, .live_bytes = 4 * MIB, .rss_bytes = 7 * MIB},
};
static const struct trial_sample unknown[] = {
    {.live_bytes = TRIAL_LIVE_UNKNOWN, .rss_bytes = 5 * MIB},
};

struct bed {
    struct fixture f;
    struct store *s;
    int64_t run;
};

static void add(struct bed *b, uint32_t cell, uint32_t subject, const struct trial_sample *samples,
                size_t n)
{
    struct trial_result r = good(cell, subject, 0);
    const struct store_place place = {.cell = cell, .subject = subject, .position = subject};
    r.peak_bytes = 7 * MIB;
    r.samples = (struct trial_sample *)samples;
    r.n_samples = n;
    ck_assert_int_eq(store_add_trial(b->s, b->run, &place, &r, &b->f.err), 0);
}

static void survey(struct bed *b, uint32_t cell, uint32_t subject, enum trial_status status)
{
    struct survey_mark marks[] = {
        {.kind = SURVEY_PEAK,
         .live_bytes = 4 * MIB,
         .usable_bytes = 5 * MIB,
         .held_bytes = 8 * MIB,
         .heap_resident_bytes = 6 * MIB,
         .empty_bytes = 3 * MIB / 2,
         .used_lines = 1000,
         .shared_lines = 150},
        {.kind = SURVEY_DRAINED, .ops = 9, .held_bytes = 5 * MIB, .heap_resident_bytes = 5 * MIB},
        {.kind = SURVEY_IDLE_0_1S, .ops = 9, .heap_resident_bytes = 4 * MIB},
        {.kind = SURVEY_IDLE_1S, .ops = 9, .heap_resident_bytes = 4 * MIB},
        {.kind = SURVEY_IDLE_5S, .ops = 9, .heap_resident_bytes = 4 * MIB},
        {.kind = SURVEY_PURGED, .ops = 9, .heap_resident_bytes = MIB / 4},
    };
    const struct survey found = {
        .marks = marks, .n_marks = ARRAY_SIZE(marks), .purge = "malloc_trim(0)"};
    struct trial_result r = {.status = status};
    strcpy(r.message, status == TRIAL_OK ? "" : "no end after 10 s");
    int rc = store_add_survey(b->s, b->run, cell, subject, &r, &found, &b->f.err);
    ck_assert_msg(rc == 0, "%s", b->f.err.text);
}

static void open_bed(struct bed *b)
{
    fixture_init(&b->f);
    b->s = fixture_open(&b->f, STORE_WRITE);
    b->run = begin(&b->f, b->s, 1);
}

static void close_bed(struct bed *b)
{
    store_close(b->s);
    fixture_release(&b->f);
}

static char *print_memory(struct bed *b, size_t width)
{
    struct summary_options options = {0};
    struct summary s;
    const struct report_look look = {.width = width};
    char *text = NULL;
    size_t n_bytes;
    ck_assert_int_eq(summary_make(b->s, b->run, &options, &s, &b->f.err), 0);
    FILE *out = open_memstream(&text, &n_bytes);
    ck_assert_ptr_nonnull(out);
    ck_assert_msg(report_memory(out, b->s, &s, &look, &b->f.err) == 0, "%s", b->f.err.text);
    fclose(out);
    summary_release(&s);
    return text;
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

START_TEST(figures_of_the_series_stand_in_a_line)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, steady, 2);
    char *text = print_memory(&b, 0);
    expect(text, "Memory: churn, 1 thread\n"
                 "allocator  peak MiB  peak/ideal  cost  F1 %  F2 %  F3 %  F4 %\n"
                 "glibc          7.00        1.75  1.50  50.0  25.0  75.0  75.0\n");
    expect(text, "without a second pass nothing is known");
    ck_assert_ptr_null(strstr(text, "afterwards, "));
    ck_assert_ptr_null(strstr(text, "larson"));
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(figures_of_the_survey_stand_beside_them_and_the_tail_below)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, steady, 2);
    add(&b, CHURN_1, JEMALLOC, steady, 2);
    survey(&b, CHURN_1, GLIBC, TRIAL_OK);
    survey(&b, CHURN_1, JEMALLOC, TRIAL_HUNG);
    char *text = print_memory(&b, 0);
    /* By 8 MiB held and 4 live: 100 %, at the one mark where any is live. */
    expect(text,
           "75.0  75.0        25.0      75.0           25.0            15.0        100        100  "
           "      100        100\n");
    expect(text,
           "75.0  75.0           ?         ?              ?               ?          ?          ?  "
           "        ?          ?\n");
    expect(text, "afterwards, glibc gives back 1.0 MiB by itself, keeps 4.0 MiB until asked: "
                 "malloc_trim(0) returns all of it\n");
    expect(text, "afterwards, jemalloc: not known, its survey failed: hung: no end after 10 s\n");
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(what_is_live_and_not_known_gives_no_figure)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_2, GLIBC, unknown, 1);
    char *text = print_memory(&b, 0);
    expect(text, "Memory: churn, 2 threads ~\n");
    expect(text, "glibc          7.00           ?     ?     ?     ?     ?     ?\n");
    expect(text, "~ what is live is known from outside only to more than 10 % of it");
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(what_is_live_and_not_known_is_taken_from_the_survey)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_2, GLIBC, unknown, 1);
    survey(&b, CHURN_2, GLIBC, TRIAL_OK);
    char *text = print_memory(&b, 0);
    /* 6 MiB resident, 4 live at the peak, 5 and none at the end: 6/4, and 5.5/2 over operations. */
    expect(text, "glibc          7.00        1.50  2.75  50.0  50.0  50.0  50.0");
    expect(text, "figures here are those of the second pass");
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(a_run_without_series_says_so)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, NULL, 0);
    char *text = print_memory(&b, 0);
    ck_assert_str_eq(text, "\nMemory: the run has no series and no surveys\n");
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(columns_that_do_not_fit_follow_below)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, steady, 2);
    char *text = print_memory(&b, 40);
    expect(text, "allocator  peak MiB  peak/ideal  cost\n"
                 "glibc          7.00        1.75  1.50\n"
                 "allocator  peak MiB  F1 %  F2 %  F3 %\n");
    free(text);
    close_bed(&b);
}
END_TEST

START_TEST(programs_get_the_same_figures)
{
    struct bed b;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, steady, 2);
    survey(&b, CHURN_1, GLIBC, TRIAL_OK);
    struct summary_options options = {0};
    struct summary s;
    const struct export_detail detail = {0};
    char *text = NULL;
    size_t n_bytes;
    ck_assert_int_eq(summary_make(b.s, b.run, &options, &s, &b.f.err), 0);
    FILE *out = open_memstream(&text, &n_bytes);
    ck_assert_int_eq(export_json(out, b.s, &s, &detail, &b.f.err), 0);
    fclose(out);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *e = json_array_get(json_object_get(root, "memory"), CHURN_1 * N_SUBJECTS + GLIBC);
    ck_assert_int_eq(json_integer_value(json_object_get(e, "cell")), CHURN_1);
    ck_assert_double_eq(json_number_value(json_object_get(e, "blow_up_ratio")), 1.75);
    ck_assert_double_eq(json_number_value(json_object_get(e, "f3_ratio")), 0.75);
    ck_assert_double_eq(json_number_value(json_object_get(e, "internal_ratio")), 0.25);
    ck_assert_ptr_nonnull(
        strstr(json_string_value(json_object_get(e, "tail")), "keeps 4.0 MiB until asked"));
    const json_t *none = json_array_get(json_object_get(root, "memory"), 0);
    ck_assert(json_is_null(json_object_get(none, "memory_cost_ratio")));
    json_decref(root);
    free(text);
    summary_release(&s);
    close_bed(&b);
}
END_TEST

/* The file's own rules would forbid it, but nobody holds a hand-made file to them. */
START_TEST(a_survey_of_no_cell_is_damage)
{
    static const char *const places[] = {"UPDATE survey SET cell = 100000",
                                         "UPDATE survey SET cell = 0, subject = 100000"};
    struct bed b;
    struct summary_options options = {0};
    struct summary s;
    open_bed(&b);
    add(&b, CHURN_1, GLIBC, steady, 2);
    survey(&b, CHURN_1, GLIBC, TRIAL_OK);
    ck_assert_int_eq(summary_make(b.s, b.run, &options, &s, &b.f.err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        sqlite3 *db;
        struct memory m;
        ck_assert_int_eq(sqlite3_open(b.f.path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db, places[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        ck_assert_int_eq(memory_make(b.s, &s, &m, &b.f.err), -EINVAL);
        ck_assert_ptr_nonnull(strstr(b.f.err.text, "damaged"));
        memory_release(&m);
    }
    summary_release(&s);
    close_bed(&b);
}
END_TEST

START_TEST(every_figure_has_a_name)
{
    for (unsigned f = 0; f < MEMORY_FIGURES; f++)
        ck_assert_ptr_nonnull(memory_figure_name(f));
}
END_TEST

UNIT_MAIN("report memory", figures_of_the_series_stand_in_a_line,
          figures_of_the_survey_stand_beside_them_and_the_tail_below,
          what_is_live_and_not_known_gives_no_figure,
          what_is_live_and_not_known_is_taken_from_the_survey, a_run_without_series_says_so,
          columns_that_do_not_fit_follow_below, programs_get_the_same_figures,
          a_survey_of_no_cell_is_damage, every_figure_has_a_name)
