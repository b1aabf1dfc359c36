#include <jansson.h>

#include "report_fixture.h"

START_TEST(a_run_without_trials_can_be_shown)
{
    struct setting t;
    fixture_init(&t.f);
    t.width = 0;
    t.s = fixture_open(&t.f, STORE_WRITE);
    struct summary_options options = {0};
    ck_assert_int_eq(summary_make(t.s, begin(&t.f, t.s, 5), &options, &t.summary, &t.f.err), 0);
    char *text = text_of(&t, TABLE);
    ck_assert_ptr_nonnull(strstr(text, "0 of 5 blocks"));
    ck_assert_ptr_nonnull(strstr(text, "not finished: 0 of 100 trials are stored"));
    free(text);
    free(text_of(&t, JSON));
    free(text_of(&t, CSV));
    summary_release(&t.summary);
    ck_assert_int_eq(summary_make(t.s, 99, &options, &t.summary, &t.f.err), -ENOENT);
    setting_release(&t);
}
END_TEST

START_TEST(rates_are_calls_by_wall_clock_and_failures_measure_nothing)
{
    struct trial_result r = {.status = TRIAL_OK,
                             .calls = 500,
                             .wall_ns = 1000,
                             .user_ns = 700,
                             .system_ns = 300,
                             .peak_bytes = 4096};
    ck_assert_double_eq(measure_of(MEASURE_THROUGHPUT, &r), 5e8);
    ck_assert_double_eq(measure_of(MEASURE_PEAK_RSS, &r), 4096);
    ck_assert_double_eq(measure_of(MEASURE_CPU, &r), 2);
    r.calls = 0;
    ck_assert_double_eq(measure_of(MEASURE_CPU, &r), 0);
    r.wall_ns = 0;
    ck_assert_double_eq(measure_of(MEASURE_THROUGHPUT, &r), 0);
    r.status = TRIAL_CRASHED;
    ck_assert_double_eq(measure_of(MEASURE_PEAK_RSS, &r), 0);
}
END_TEST

START_TEST(the_bench_itself_is_compared_with_nothing)
{
    struct setting t;
    setting_init(&t, 6);
    const struct summary *s = &t.summary;
    ck_assert(summary_is_bench(s, NULL_ALLOCATOR));
    ck_assert(summary_is_control(s, NOP));
    ck_assert(!summary_is_control(s, CHURN_1));
    ck_assert_uint_eq(s->n_mean_cells, 3);
    for (int m = 0; m < MEASURES; m++) {
        ck_assert_uint_eq(summary_mean(s, NULL_ALLOCATOR, (enum measure)m)->n_used, 0);
        const struct measured *null = &summary_entry(s, CHURN_1, NULL_ALLOCATOR)->measured[m];
        ck_assert_uint_eq(null->ratio.n_blocks, 0);
        ck_assert_double_gt(null->median, 0);
    }
    setting_release(&t);
}
END_TEST

/* Reads one field of RFC 4180 from *p into `out`, and leaves *p behind its separator. */
static void read_field(const char **p, char *out)
{
    bool quoted = **p == '"';
    if (quoted)
        ++*p;
    while (**p && (quoted || !strchr(",\n", **p))) {
        if (quoted && **p == '"' && *++*p != '"')
            break;
        *out++ = *(*p)++;
    }
    *out = '\0';
    ck_assert_int_ne(**p, '\0');
    ++*p;
}

START_TEST(csv_keeps_every_field_apart)
{
    struct setting t;
    setting_init(&t, 2);
    char *text = text_of(&t, CSV), name[256][64], field[256][4096];
    const char *p = text;
    unsigned n_fields = 1, n_lines = 0;
    for (const char *c = text; *c != '\n'; c++)
        n_fields += *c == ',';
    ck_assert_uint_lt(n_fields, 256);
    for (unsigned i = 0; i < n_fields; i++)
        read_field(&p, name[i]);
    ck_assert_str_eq(name[3], "subject");
    ck_assert_str_eq(name[10], "throughput_calls_per_s");
    unsigned message = 0;
    while (message < n_fields && strcmp(name[message], "message") != 0)
        message++;
    ck_assert_uint_lt(message, n_fields);
    bool crash_seen = false;
    for (; *p; n_lines++) {
        for (unsigned i = 0; i < n_fields; i++)
            read_field(&p, field[i]);
        ck_assert_int_eq(p[-1], '\n'); /* a line has as many fields as the header */
        ck_assert_str_eq(field[0], "20261120-231455");
        if (strcmp(field[4], "tcmalloc") == 0)
            ck_assert_str_eq(field[3], "tc,\"malloc\"");
        if (strcmp(field[8], "crashed") == 0) {
            crash_seen = true;
            ck_assert_str_eq(field[9], "11");
            ck_assert_str_eq(field[10], "");
            ck_assert_str_eq(field[message], "arena \"7\",\n\xff is gone");
        }
    }
    ck_assert(crash_seen);
    ck_assert_uint_eq(n_lines, 2 * N_CELLS * N_SUBJECTS);
    free(text);
    setting_release(&t);
}
END_TEST

START_TEST(json_holds_everything)
{
    struct setting t;
    setting_init(&t, 6);
    char *text = text_of(&t, JSON);
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);
    ck_assert_msg(root != NULL, "%s", error.text);
    int version, seed, n_ok, n_used;
    const char *name, *setting, *message, *verdict;
    double ratio, mean, median;
    json_t *finished;
    int result =
        json_unpack_ex(root, &error, 0, "{s:i, s:{s:s, s:o, s:{s:i}}}", "report_version", &version,
                       "run", "name", &name, "finished", &finished, "manifest", "seed", &seed);
    ck_assert_msg(result == 0, "%s", error.text);
    ck_assert_int_eq(version, EXPORT_VERSION);
    ck_assert_int_eq(seed, 7);
    ck_assert(json_is_null(finished));
    ck_assert_str_eq(name, "20261120-231455");

    json_t *subject = json_array_get(json_object_get(root, "subjects"), TCMALLOC);
    ck_assert_int_eq(json_unpack(subject, "{s:s, s:s}", "name", &name, "setting", &setting), 0);
    ck_assert_str_eq(name, "tc,\"malloc\"");
    ck_assert_str_eq(setting, "A=1,2");
    json_t *trials = json_object_get(root, "trials");
    ck_assert_uint_eq(json_array_size(trials), 6 * N_CELLS * N_SUBJECTS);
    for (const struct store_number *n = store_numbers; n->name; n++)
        ck_assert(json_is_integer(json_object_get(json_array_get(trials, 3), n->name)));

    json_t *summary = json_object_get(root, "summary");
    json_t *entry =
        json_array_get(json_object_get(summary, "entries"), CHURN_1 * N_SUBJECTS + JEMALLOC);
    result = json_unpack_ex(entry, &error, 0, "{s:i, s:{s:f, s:f, s:s}}", "trials_ok", &n_ok,
                            "throughput_calls_per_s", "median", &median, "ratio", &ratio, "verdict",
                            &verdict);
    ck_assert_msg(result == 0, "%s", error.text);
    const struct measured *m =
        &summary_entry(&t.summary, CHURN_1, JEMALLOC)->measured[MEASURE_THROUGHPUT];
    ck_assert_int_eq(n_ok, 6);
    ck_assert_double_eq_tol(ratio, m->ratio.estimate, 1e-8);
    ck_assert_double_eq_tol(median / m->median, 1, 1e-8);
    ck_assert_str_eq(verdict, "better");
    json_t *first_mean = json_array_get(json_object_get(summary, "geometric_means"), 0);
    ck_assert_int_eq(json_unpack(first_mean, "{s:{s:f, s:i}}", "peak_rss_bytes", "ratio", &mean,
                                 "cells", &n_used),
                     0);
    ck_assert_int_eq(n_used, 2);
    ck_assert_double_eq_tol(mean, 0.5, 0.01);
    json_t *failure = json_array_get(json_object_get(summary, "failures"), 0);
    ck_assert_int_eq(json_unpack(failure, "{s:s}", "message", &message), 0);
    ck_assert_str_eq(message, "arena \"7\",\n? is gone"); /* the byte was not UTF-8 */
    json_t *finding = json_array_get(json_object_get(summary, "findings"), 0);
    const char *kind;
    ck_assert_int_eq(
        json_unpack(finding, "{s:s, s:s, s:[]}", "kind", &kind, "text", &message, "worst"), 0);
    ck_assert_str_eq(kind, "drift"); /* each block is slower than the one before */
    ck_assert_str_eq(message, t.summary.findings[0].text);
    json_decref(root);
    free(text);
    setting_release(&t);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct setting t;
    setting_init(&t, 1);
    for (int kind = 0; kind < KINDS; kind++) {
        FILE *full = fopen("/dev/full", "w");
        ck_assert_ptr_nonnull(full);
        ck_assert_int_lt(print(full, &t, (enum kind)kind), 0);
        ck_assert_ptr_nonnull(strstr(t.f.err.text, "could not be written"));
        fclose(full);
    }
    setting_release(&t);
}
END_TEST

/* The kernel counts pages in batches: what is within one is no finding, wherever the baseline stands. */
START_TEST(a_difference_of_a_few_pages_of_memory_is_none)
{
    static const struct store_subject two[] = {{.name = "a", .allocator = "a"},
                                               {.name = "b", .allocator = "b"}};
    static const struct store_cell cell[] = {{.workload = "churn", .threads = 1}};
    const uint64_t sizes_kib[][2] = {{40, 100}, {400, 700}};
    const enum verdict wanted[] = {VERDICT_NO_DIFFERENCE, VERDICT_BETTER};
    for (unsigned i = 0; i < 2; i++) {
        struct fixture f;
        fixture_init(&f);
        struct store *s = fixture_open(&f, STORE_WRITE);
        struct store_run run = {.program_version = "1",
                                .manifest = "{}",
                                .baseline = "b",
                                .n_blocks = 8,
                                .subjects = two,
                                .n_subjects = 2,
                                .cells = cell,
                                .n_cells = 1};
        int64_t id = 0;
        ck_assert_int_eq(store_run_begin(s, &run, &id, &f.err), 0);
        for (uint32_t b = 0; b < 8; b++)
            for (uint32_t k = 0; k < 2; k++) {
                struct store_place place = {0, k, b, k};
                struct trial_result r = {.status = TRIAL_OK, .calls = 1000, .wall_ns = 1000};
                r.peak_bytes = sizes_kib[i][k] * KIB;
                ck_assert_int_eq(store_add_trial(s, id, &place, &r, &f.err), 0);
            }
        struct summary summary;
        struct summary_options options = {0};
        ck_assert_int_eq(summary_make(s, id, &options, &summary, &f.err), 0);
        ck_assert_int_eq(summary_entry(&summary, 0, 0)->measured[MEASURE_PEAK_RSS].verdict,
                         wanted[i]);
        summary_release(&summary);
        store_close(s);
        fixture_release(&f);
    }
}
END_TEST

/* Three workloads, of which the last decides the mean; and three that agree. */
START_TEST(the_workload_that_carries_the_mean_is_told)
{
    static const struct store_subject two[] = {{.name = "a", .allocator = "a"},
                                               {.name = "b", .allocator = "b"}};
    static const struct store_cell three[] = {{.workload = "x", .threads = 1},
                                              {.workload = "y", .threads = 1},
                                              {.workload = "z", .threads = 1}};
    const uint64_t wall_ns[][3] = {{500, 500, 100000}, {500, 500, 510}};
    for (unsigned i = 0; i < 2; i++) {
        struct setting t;
        fixture_init(&t.f);
        t.s = fixture_open(&t.f, STORE_WRITE);
        struct store_run run = {.program_version = "1",
                                .manifest = "{}",
                                .baseline = "a",
                                .n_blocks = 6,
                                .subjects = two,
                                .n_subjects = 2,
                                .cells = three,
                                .n_cells = 3};
        int64_t id = 0;
        ck_assert_int_eq(store_run_begin(t.s, &run, &id, &t.f.err), 0);
        for (uint32_t k = 0; k < 6 * 3 * 2; k++) {
            struct store_place place = {k / 2 % 3, k % 2, k / 6, k % 6};
            struct trial_result r = {.status = TRIAL_OK, .calls = 1000, .peak_bytes = MIB};
            r.wall_ns = k % 2 ? wall_ns[i][k / 2 % 3] : 1000;
            ck_assert_int_eq(store_add_trial(t.s, id, &place, &r, &t.f.err), 0);
        }
        struct summary_options options = {0};
        ck_assert_int_eq(summary_make(t.s, id, &options, &t.summary, &t.f.err), 0);
        char *text = text_of(&t, TABLE);
        const char *line = strstr(text, "  without z");
        ck_assert(i == 0 ? line && strstr(line, "2.00 [2.00, 2.00]") : !line);
        free(text);
        setting_release(&t);
    }
}
END_TEST

UNIT_MAIN("report", a_run_without_trials_can_be_shown,
          rates_are_calls_by_wall_clock_and_failures_measure_nothing,
          the_bench_itself_is_compared_with_nothing, csv_keeps_every_field_apart,
          json_holds_everything, a_full_disk_is_an_error,
          a_difference_of_a_few_pages_of_memory_is_none, the_workload_that_carries_the_mean_is_told)
