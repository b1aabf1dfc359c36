/* The tables of single calls and of counters, from a store whose content is known. */
#include "report_latency.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "latency_bucket.h"
#include "report_counters.h"
#include "store_fixture.h"
#include "store_survey.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "own\x1b[1m", .allocator = "own"},
    {.name = "gone", .allocator = "gone"},
};
enum { GLIBC, OWN, GONE, N_SUBJECTS };

static const struct store_cell cells[] = {
    {.workload = "churn", .threads = 1},
    {.workload = "larson", .threads = 2},
};
enum { CHURN, LARSON, N_CELLS };

static const struct store_fact facts[] = {
    {.key = "hardware_counters", .value = "instructions, cycles; no cache misses: gone\nfishing"},
};

struct scene {
    struct fixture f;
    struct store *s;
    int64_t run;
    struct summary summary;
};

static void scene_init(struct scene *t)
{
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = "{}",
                            .baseline = "glibc",
                            .n_blocks = 3,
                            .facts = facts,
                            .n_facts = ARRAY_SIZE(facts),
                            .subjects = subjects,
                            .n_subjects = N_SUBJECTS,
                            .cells = cells,
                            .n_cells = N_CELLS};
    *t = (struct scene){0};
    fixture_init(&t->f);
    t->s = fixture_open(&t->f, STORE_WRITE);
    ck_assert_int_eq(store_run_begin(t->s, &run, &t->run, &t->f.err), 0);
}

static void scene_release(struct scene *t)
{
    summary_release(&t->summary);
    store_close(t->s);
    fixture_release(&t->f);
}

/* `n` calls of `ns`. */
static void count(struct survey_latency *l, uint64_t ns, uint64_t n)
{
    if (l->n == 0 || ns < l->min_ns)
        l->min_ns = ns;
    if (ns > l->max_ns)
        l->max_ns = ns;
    l->n += n;
    l->counts[latency_bucket(ns)] += n;
}

static void add_survey(struct scene *t, uint32_t cell, uint32_t subject,
                       struct survey_latency *rows, uint32_t n)
{
    struct trial_result result;
    trial_result_begin(&result);
    struct survey survey = {.latencies = rows,
                            .n_latencies = n,
                            .clock_ns = 20 + 2 * subject,
                            .latency_period = 8 << subject};
    ck_assert_msg(store_add_survey(t->s, t->run, cell, subject, &result, &survey, &t->f.err) == 0,
                  "%s", t->f.err.text);
}

static void add_surveys(struct scene *t)
{
    static struct survey_latency mallocs[] = {
        {.kind = LATENCY_MALLOC, .size_class = 0},
        {.kind = LATENCY_MALLOC, .size_class = 2},
        {.kind = LATENCY_MALLOC, .size_class = 8},
        {.kind = LATENCY_MALLOC, .size_class = 8, .has_faulted = 1},
    };
    static struct survey_latency frees[] = {
        {.kind = LATENCY_FREE, .size_class = 3},
        {.kind = LATENCY_FREE, .size_class = 5, .is_remote = 1},
    };
    count(&mallocs[0], 20, 9000);
    count(&mallocs[1], 31, 900);
    count(&mallocs[1], 5000, 85);
    count(&mallocs[1], 1234567, 15);
    count(&mallocs[2], 7000000000, 1);
    count(&mallocs[3], 40000, 25);
    add_survey(t, CHURN, GLIBC, mallocs, ARRAY_SIZE(mallocs));
    add_survey(t, CHURN, OWN, mallocs, 1);
    count(&frees[0], 12, 100);
    count(&frees[1], 800, 100);
    add_survey(t, LARSON, OWN, frees, ARRAY_SIZE(frees));

    struct trial_result hung;
    trial_result_begin(&hung);
    hung.status = TRIAL_HUNG;
    strcpy(hung.message, "no end\nin sight");
    ck_assert_int_eq(store_add_survey(t->s, t->run, CHURN, GONE, &hung, NULL, &t->f.err), 0);
}

static void add_trial(struct scene *t, uint32_t subject, uint32_t block, uint64_t instructions,
                      uint64_t millionths)
{
    struct trial_result r;
    trial_result_begin(&r);
    r.wall_ns = r.calls = 1000;
    r.instructions = instructions;
    r.cycles = instructions == TRIAL_UNKNOWN ? TRIAL_UNKNOWN : 500;
    r.counted_millionths = millionths;
    ck_assert_msg(store_add_trial(t->s, t->run,
                                  &(struct store_place){CHURN, subject, block, subject}, &r,
                                  &t->f.err) == 0,
                  "%s", t->f.err.text);
}

static void add_trials(struct scene *t, bool with_counters)
{
    for (uint32_t b = 0; b < 3; b++) {
        bool known = with_counters && b != 1;
        add_trial(t, GLIBC, b, with_counters ? 30000 + 1000 * b : TRIAL_UNKNOWN,
                  with_counters ? 1000000 : TRIAL_UNKNOWN);
        add_trial(t, OWN, b, known ? 8000 * (b + 1) : TRIAL_UNKNOWN,
                  known ? 400000 : TRIAL_UNKNOWN);
    }
}

enum table { LATENCY, COUNTERS, LINE };

static char *text_of(struct scene *t, enum table table)
{
    static const struct summary_options options;
    static const struct report_look look;
    char *text = NULL;
    size_t n_bytes;
    int rc = 0;
    FILE *out = open_memstream(&text, &n_bytes);
    summary_release(&t->summary);
    ck_assert_msg(summary_make(t->s, t->run, &options, &t->summary, &t->f.err) == 0, "%s",
                  t->f.err.text);
    if (table == LINE)
        report_counters_line(out, &t->summary);
    else
        rc = (table == LATENCY ? report_latency : report_counters_table)(out, t->s, &t->summary,
                                                                         &look, &t->f.err);
    ck_assert_msg(rc == 0, "%s", t->f.err.text);
    fclose(out);
    return text;
}

static void check(struct scene *t, enum table table, const char *golden)
{
    char *text = text_of(t, table);
    ck_assert_str_eq(text, golden);
    free(text);
}

/* clang-format off */
static const char latency_golden[] =
    "\n"
    "Latency: churn, 1 thread\n"
    "call    size      made by  subject     calls      p50      p99    p99.9      max  faulted      p50      max\n"
    "malloc  <= 1 KiB           glibc       10000    20 ns    31 ns  1.23 ms  1.23 ms        0        -        -\n"
    "                           own\\x1b[1m   9000    20 ns    20 ns  too few    20 ns        0        -        -\n"
    "malloc  above              glibc           1  too few  too few  too few   7.00 s       25  40.0 us  40.0 us\n"
    "gone: the second pass hung: no end in sight\n"
    "\n"
    "Latency: larson, 2 threads\n"
    "call  size       made by  subject     calls     p50      p99    p99.9     max  faulted  p50  max\n"
    "free  <= 64 KiB  itself   own\\x1b[1m    100   12 ns  too few  too few   12 ns        0    -    -\n"
    "free  <= 64 KiB  another  own\\x1b[1m    100  800 ns  too few  too few  800 ns        0    -    -\n"
    "\n"
    "latency: of calls timed one by one in a second pass, in which threads are also halted and observed; not of the trials above\n"
    "made by: whose object is ended, the thread's itself or another's\n"
    "p50, p99, p99.9: at most 1/32 too high, never too low; too few: fewer than 10 calls are beyond\n"
    "faulted: calls in which the thread took a page fault, and theirs; the columns before are of calls without\n"
    "one call of 8 to 16 was timed, on average; timing a call that does nothing gives 20 to 22 ns, which every figure contains: nothing is taken off\n";
static const char counters_golden[] =
    "\n"
    "Counters of the processor, per call, in user mode; the bench's own part included\n"
    "workload  thr  subject     instructions  cycles  cache misses  dTLB load misses\n"
    "churn       1  glibc               31.0    0.50             -                 -\n"
    "churn       1  own\\x1b[1m          16.0    0.50             -                 -\n"
    "-: not counted; workloads that start threads while the clock runs are not\n"
    "counters had to take turns, one of them ran for 40 % of the time only: figures are scaled up to the whole\n";
/* clang-format on */

START_TEST(latencies_are_as_drawn)
{
    struct scene t;
    scene_init(&t);
    add_trials(&t, false);
    add_surveys(&t);
    check(&t, LATENCY, latency_golden);
    scene_release(&t);
}
END_TEST

START_TEST(counters_are_as_drawn)
{
    struct scene t;
    scene_init(&t);
    add_trials(&t, true);
    check(&t, COUNTERS, counters_golden);
    check(&t, LINE,
          "hardware counters: instructions, cycles; no cache misses: gone fishing (show "
          "--counters)\n");
    scene_release(&t);
}
END_TEST

START_TEST(a_run_without_them_says_so)
{
    struct scene t;
    scene_init(&t);
    add_trials(&t, false);
    check(&t, LATENCY, "\nLatency: none; this run has no second pass, in which calls are timed\n");
    check(&t, COUNTERS, "\nCounters of the processor: none were read in this run\n");
    scene_release(&t);
}
END_TEST

/* What the machine did not tell is NULL in the store and unknown again when it is read. */
static int see(void *context, const struct store_trial *trial, struct err *err)
{
    (void)err;
    const struct trial_result *r = &trial->result;
    bool is_known = trial->place.subject == GLIBC || trial->place.block != 1;
    ck_assert_int_eq(r->instructions != TRIAL_UNKNOWN, is_known);
    ck_assert_uint_eq(r->cache_misses, TRIAL_UNKNOWN);
    ck_assert_int_eq(isnan(report_per_call(&report_counters[0], r)), !is_known);
    if (trial->place.subject == GLIBC)
        ck_assert_double_eq(report_per_call(&report_counters[0], r), 30 + trial->place.block);
    ++*(unsigned *)context;
    return 0;
}

START_TEST(the_unknown_stays_unknown)
{
    struct scene t;
    unsigned n = 0;
    scene_init(&t);
    add_trials(&t, true);
    ck_assert_int_eq(store_each_trial(t.s, t.run, see, &n, &t.f.err), 0);
    ck_assert_uint_eq(n, 6);
    scene_release(&t);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    static const struct report_look look;
    struct scene t;
    scene_init(&t);
    add_trials(&t, true);
    add_surveys(&t);
    free(text_of(&t, LATENCY)); /* makes the summary */
    for (int latency = 0; latency < 2; latency++) {
        FILE *full = fopen("/dev/full", "w");
        ck_assert_ptr_nonnull(full);
        int rc = (latency ? report_latency : report_counters_table)(full, t.s, &t.summary, &look,
                                                                    &t.f.err);
        ck_assert_int_eq(rc, -ENOSPC);
        fclose(full);
    }
    scene_release(&t);
}
END_TEST

UNIT_MAIN("report_latency", latencies_are_as_drawn, counters_are_as_drawn,
          a_run_without_them_says_so, the_unknown_stays_unknown, a_full_disk_is_an_error)
