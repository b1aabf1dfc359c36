#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "store_fixture.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "jemalloc", .allocator = "jemalloc"},
    {.name = "tc,\"malloc\"", .allocator = "tcmalloc", .setting = "A=1,2"},
    {.name = "mimalloc", .allocator = "mimalloc"},
    {.name = "null", .allocator = "null"},
};
enum { GLIBC, JEMALLOC, TCMALLOC, MIMALLOC, NULL_ALLOCATOR, N_SUBJECTS };

static const struct store_cell cells[] = {
    {.workload = "nop", .threads = 1},
    {.workload = "churn", .threads = 1},
    {.workload = "churn", .threads = 2},
    {.workload = "larson:remote=50", .threads = 2, .frees = 8, .remote_frees = 4},
};
enum { NOP, CHURN_1, CHURN_2, LARSON, N_CELLS };

static const struct store_fact facts[] = {
    {.key = "machine", .value = "Imaginary CPU, 2 cores, Linux 6.1"},
    {.key = "warning.governor", .value = "the governor is powersave\x1b[31m"},
};

static int64_t begin(struct fixture *f, struct store *s, uint32_t n_blocks)
{
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = "{\"seed\": 7}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = n_blocks,
                            .facts = facts,
                            .n_facts = ARRAY_SIZE(facts),
                            .subjects = subjects,
                            .n_subjects = N_SUBJECTS,
                            .cells = cells,
                            .n_cells = N_CELLS};
    int64_t id = 0;
    int result = store_run_begin(s, &run, &id, &f->err);
    ck_assert_msg(result == 0, "%s", f->err.text);
    return id;
}

/* Speed of each subject relative to glibc's 10 Mop/s on one thread, and its memory. */
static const double speeds[N_SUBJECTS] = {1, 1.25, 1.5, 1, 8};
static const double sizes[N_SUBJECTS] = {1, 0.5, 2, 1, 0.01};

/*
 * Block b as a whole is slower than the one before; a small shift breaks the ties between subjects.
 */
static struct trial_result good(uint32_t cell, uint32_t subject, uint32_t block)
{
    double wobble = 1 + 0.01 * ((block * 3 + subject * 5 + cell) % 7 - 3.0) * (subject != GLIBC);
    double per_s = 1e7 * speeds[subject] * cells[cell].threads * wobble / (1 + 0.2 * block);
    struct trial_result r = {.status = TRIAL_OK, .calls = 10000000};
    r.wall_ns = (uint64_t)llround(1e9 * (double)r.calls / per_s);
    r.user_ns = r.wall_ns * cells[cell].threads;
    r.peak_bytes = (uint64_t)llround(sizes[subject] * (double)(64 * MIB) * wobble);
    return r;
}

static struct trial_result bad(enum trial_status status, int signal, const char *message)
{
    struct trial_result r = {.status = status, .signal = signal, .wall_ns = 5, .calls = 1};
    strcpy(r.message, message);
    return r;
}

/*
 * jemalloc crashes twice on churn with two threads; mimalloc never ends there; glibc dies on
 * larson.
 */
static struct trial_result make(uint32_t cell, uint32_t subject, uint32_t block)
{
    if (cell == CHURN_2 && subject == JEMALLOC && block < 2)
        return bad(TRIAL_CRASHED, 11, "arena \"7\",\n\xff is gone");
    if (cell == CHURN_2 && subject == MIMALLOC)
        return bad(TRIAL_HUNG, 0, "no end after 10 s");
    if (cell == LARSON && subject == GLIBC)
        return bad(TRIAL_OUT_OF_MEMORY, 0, "malloc(1000000) returned NULL");
    return good(cell, subject, block);
}

/* What else the machine did, in every trial alike: parts of a CPU. */
struct disturbance {
    double foreign, steal;
};

static int64_t fill(struct fixture *f, struct store *s, uint32_t n_blocks,
                    const struct disturbance *d)
{
    int64_t run = begin(f, s, n_blocks);
    for (uint32_t b = 0; b < n_blocks; b++)
        for (uint32_t c = 0; c < N_CELLS; c++)
            for (uint32_t i = 0; i < N_SUBJECTS; i++) {
                struct trial_result r = make(c, i, b);
                double measured = r.status == TRIAL_OK ? (double)r.wall_ns : 1e15;
                r.foreign_cpu_ns = (uint64_t)(measured * d->foreign);
                r.steal_ns = (uint64_t)(measured * d->steal);
                struct store_place place = {c, i, b, c * N_SUBJECTS + i};
                ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f->err), 0);
            }
    return run;
}

struct setting {
    struct fixture f;
    struct store *s;
    struct summary summary;
};

static void setting_init_disturbed(struct setting *t, uint32_t n_blocks,
                                   const struct disturbance *d)
{
    fixture_init(&t->f);
    t->s = fixture_open(&t->f, STORE_WRITE);
    int64_t run = fill(&t->f, t->s, n_blocks, d);
    struct summary_options options = {0};
    int result = summary_make(t->s, run, &options, &t->summary, &t->f.err);
    ck_assert_msg(result == 0, "%s", t->f.err.text);
}

static void setting_init(struct setting *t, uint32_t n_blocks)
{
    static const struct disturbance none = {.foreign = 0.04, .steal = 0.04}; /* nearly */
    setting_init_disturbed(t, n_blocks, &none);
}

static void setting_release(struct setting *t)
{
    summary_release(&t->summary);
    store_close(t->s);
    fixture_release(&t->f);
}

/* What a report wrote, as a text to be freed. */
enum kind { TABLE, COLOURED_TABLE, JSON, CSV, KINDS };

static int print(FILE *out, struct setting *t, enum kind kind)
{
    switch (kind) {
    case JSON:
        return report_json(out, t->s, &t->summary, false, &t->f.err);
    case CSV:
        return report_csv(out, t->s, &t->summary, &t->f.err);
    default:
        return report_table(out, &t->summary, kind == COLOURED_TABLE, &t->f.err);
    }
}

static char *text_of(struct setting *t, enum kind kind)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    ck_assert_ptr_nonnull(out);
    int result = print(out, t, kind);
    ck_assert_msg(result == 0, "%s", t->f.err.text);
    fclose(out);
    return text;
}

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
    "warning: the governor is powersave [31m\n";
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

START_TEST(a_run_without_trials_can_be_shown)
{
    struct setting t;
    fixture_init(&t.f);
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
    ck_assert_str_eq(name[n_fields - 6], "message");
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
            ck_assert_str_eq(field[n_fields - 6], "arena \"7\",\n\xff is gone");
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
    ck_assert_int_eq(version, REPORT_VERSION);
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

START_TEST(no_colour_without_a_terminal)
{
    FILE *out = tmpfile();
    ck_assert(!report_wants_colour(out));
    fclose(out);
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

UNIT_MAIN("report", the_workload_that_carries_the_mean_is_told,
          a_difference_of_a_few_pages_of_memory_is_none, the_table_is_as_drawn,
          colour_adds_nothing_but_colour, one_block_gives_ratios_but_no_claims,
          few_blocks_are_told_in_words, a_busy_machine_is_told, a_run_without_trials_can_be_shown,
          rates_are_calls_by_wall_clock_and_failures_measure_nothing,
          the_bench_itself_is_compared_with_nothing, csv_keeps_every_field_apart,
          json_holds_everything, a_full_disk_is_an_error, no_colour_without_a_terminal)
