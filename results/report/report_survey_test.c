/* Surveys, series and Google Benchmark's form in what is printed for programs. */
#include <jansson.h>

#include "report_fixture.h"
#include "store_survey.h"

static void add_survey(struct setting *t)
{
    static struct survey_latency l = {.kind = LATENCY_FREE, .size_class = 8, .is_remote = 1};
    struct survey_mark marks[2] = {
        {.kind = SURVEY_PHASE, .phase = 2, .live_bytes = 77, .held_bytes = SURVEY_UNKNOWN},
        {.kind = SURVEY_PURGED, .live_bytes = 5, .held_bytes = 6},
    };
    struct trial_result r = {.status = TRIAL_OK, .wall_ns = 9};
    l.n = l.counts[20] = 3;
    l.min_ns = l.max_ns = 20;
    struct survey found = {.marks = marks,
                           .n_marks = 2,
                           .latencies = &l,
                           .n_latencies = 1,
                           .clock_ns = 21,
                           .purge = "malloc_trim(0)"};
    ck_assert_int_eq(store_add_survey(t->s, 1, LARSON, TCMALLOC, &r, &found, &t->f.err), 0);
}

/* What a report wrote, as JSON. */
static json_t *json_of(struct setting *t, bool google, bool series)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    struct report_detail detail = {.series = series};
    int result = google ? report_google(out, t->s, &t->summary, &t->f.err)
                        : report_json(out, t->s, &t->summary, &detail, &t->f.err);
    ck_assert_msg(result == 0, "%s", t->f.err.text);
    fclose(out);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(json);
    free(text);
    return json;
}

START_TEST(json_holds_surveys_and_marks_on_request)
{
    struct setting t;
    setting_init(&t, 2);
    add_survey(&t);
    for (int series = 0; series < 2; series++) {
        json_t *root = json_of(&t, false, series);
        const json_t *surveys = json_object_get(root, "surveys");
        ck_assert_uint_eq(json_array_size(surveys), 1);
        const json_t *x = json_array_get(surveys, 0);
        ck_assert_int_eq(json_integer_value(json_object_get(x, "cell")), LARSON);
        ck_assert_int_eq(json_integer_value(json_object_get(x, "n_marks")), 2);
        ck_assert_str_eq(json_string_value(json_object_get(x, "purge")), "malloc_trim(0)");
        const json_t *latency = json_array_get(json_object_get(x, "latencies"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(latency, "call")), "free");
        ck_assert_int_eq(json_integer_value(json_object_get(latency, "p99_ns")), 20);
        ck_assert(json_is_null(json_object_get(latency, "size_most_bytes")));
        const json_t *marks = json_object_get(x, "marks");
        ck_assert_uint_eq(json_array_size(marks), series ? 2 : 0);
        if (series) {
            const json_t *mark = json_array_get(marks, 0);
            ck_assert_str_eq(json_string_value(json_object_get(mark, "kind")), "phase");
            ck_assert_int_eq(json_integer_value(json_object_get(mark, "live_bytes")), 77);
            ck_assert(json_is_null(json_object_get(mark, "held_bytes")));
        }
        json_decref(root);
    }
    setting_release(&t);
}
END_TEST

typedef int print_fn(FILE *out, struct store *store, const struct summary *s, struct err *err);

static char *csv_of(struct setting *t, print_fn *print_csv)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert_int_eq(print_csv(out, t->s, &t->summary, &t->f.err), 0);
    fclose(out);
    return text;
}

static unsigned count(const char *text, char c)
{
    unsigned n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

START_TEST(csv_has_a_line_for_each_mark_and_histogram)
{
    struct setting t;
    setting_init(&t, 2);
    add_survey(&t);
    char *text = csv_of(&t, report_marks_csv);
    ck_assert_uint_eq(count(text, '\n'), 3);
    ck_assert_ptr_nonnull(
        strstr(text, "larson:remote=50,2,\"tc,\"\"malloc\"\"\",ok,0,phase,2,0,0,77,"));
    ck_assert_ptr_nonnull(strstr(text, ",ok,1,purged,,0,0,5,"));
    free(text);
    text = csv_of(&t, report_latency_csv);
    ck_assert_uint_eq(count(text, '\n'), 2);
    ck_assert_ptr_nonnull(strstr(text, ",ok,free,8,,1,0,3,21,20,20,20,20,20,20\n"));
    free(text);
    text = csv_of(&t, report_series_csv);
    ck_assert_uint_eq(count(text, '\n'), 1); /* these trials have no samples */
    free(text);
    setting_release(&t);
}
END_TEST

START_TEST(google_s_form_has_good_trials_and_medians)
{
    struct setting t;
    setting_init(&t, 3);
    json_t *root = json_of(&t, true, false);
    const json_t *rows = json_object_get(root, "benchmarks"), *row;
    unsigned n_trials = 0, n_medians = 0;
    size_t i;
    json_array_foreach((json_t *)rows, i, row)
    {
        bool is_median = json_object_get(row, "aggregate_name") != NULL;
        n_medians += is_median;
        n_trials += !is_median;
        ck_assert(json_number_value(json_object_get(row, "real_time")) > 0);
        ck_assert(json_number_value(json_object_get(row, "cpu_time")) > 0);
        ck_assert_str_eq(json_string_value(json_object_get(row, "time_unit")), "ns");
    }
    ck_assert_uint_eq(n_trials, 3 * N_CELLS * N_SUBJECTS - 2 - 3 - 3);
    ck_assert_uint_eq(n_medians, N_CELLS * N_SUBJECTS - 2);
    row = json_array_get(rows, 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "name")), "nop/glibc/threads:1");
    ck_assert_double_eq_tol(json_number_value(json_object_get(row, "real_time")), 100, 1e-6);
    ck_assert_double_eq_tol(json_number_value(json_object_get(row, "items_per_second")), 1e7, 1);
    const json_t *failures = json_object_get(json_object_get(root, "context"), "failures");
    ck_assert_uint_eq(json_array_size(failures), 3);
    json_decref(root);
    setting_release(&t);
}
END_TEST

UNIT_MAIN("report_survey", json_holds_surveys_and_marks_on_request,
          csv_has_a_line_for_each_mark_and_histogram, google_s_form_has_good_trials_and_medians)
