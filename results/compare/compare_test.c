/* Comparisons of made-up runs: what is found, what is not, what is refused, and how often the gate cries wolf. */
#include "compare.h"

#include <errno.h>
#include <math.h>

#include "report.h"
#include "rng.h"
#include "store_fixture.h"

enum { N_SUBJECTS = 3, N_CELLS = 4 }; /* of the first so many */

static const struct store_subject subjects[N_SUBJECTS] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "mine", .allocator = "custom"},
    {.name = "null", .allocator = "null"},
};
static const struct store_cell cells[N_CELLS] = {
    {.workload = "nop", .threads = 1},
    {.workload = "churn", .threads = 1, .calls_per_pass = 100, .peak_live_bytes = 1000},
    {.workload = "churn", .threads = 2, .calls_per_pass = 200, .peak_live_bytes = 2000},
    {.workload = "larson", .threads = 2, .calls_per_pass = 300, .peak_live_bytes = 3000},
};
static const struct store_fact facts[] = {
    {.key = "cpu_model", .value = "Imaginary"},
    {.key = "load_average", .value = "0 0 0"},
};
#define MANIFEST \
    "{\"touch\":\"line\",\"pin\":\"compact\",\"cores\":\"\",\"seconds\":0.08,\"warm_up_passes\":2," \
    "\"seed\":1,\"blocks\":9}"

/* How a run is made up: all of it relative to 10 M calls per s and 64 MiB. */
struct plan {
    uint64_t seed;
    uint32_t n_blocks;
    double scatter;           /* of throughput; memory has a tenth of it */
    double speed[N_SUBJECTS]; /* 0: 1 */
    double speed_in_larson;   /* of mine; 0: 1 */
    double size[N_SUBJECTS];  /* 0: 1 */
    unsigned n_failed;        /* of mine in larson */
    const char *builds[N_SUBJECTS];
    const char *manifest;
    const struct store_fact *fact; /* in place of the first */
    const struct store_cell *cell; /* in place of the last */
};

struct scene {
    struct fixture f;
    struct store *s;
    struct comparison c;
};

static void scene_init(struct scene *x)
{
    fixture_init(&x->f);
    x->s = fixture_open(&x->f, STORE_WRITE);
    x->c = (struct comparison){0};
}

static void scene_release(struct scene *x)
{
    comparison_release(&x->c);
    store_close(x->s);
    fixture_release(&x->f);
}

/* Roughly normal, mean 0, deviation 1. */
static double noise(struct rng *rng)
{
    double sum = -6;
    for (unsigned i = 0; i < 12; i++)
        sum += rng_unit(rng);
    return sum;
}

static double or_one(double x)
{
    return x > 0 ? x : 1;
}

static struct trial_result make_trial(const struct plan *p, struct rng *rng, uint32_t cell,
                                      uint32_t subject, uint32_t block)
{
    struct trial_result r = {.status = TRIAL_OK, .calls = 1000000};
    double speed = or_one(p->speed[subject]) * exp(p->scatter * noise(rng));
    double size = or_one(p->size[subject]) * exp(0.1 * p->scatter * noise(rng));
    if (subject == 1 && cell == 3)
        speed *= or_one(p->speed_in_larson);
    r.wall_ns = (uint64_t)llround(1e8 / speed);
    r.user_ns = r.wall_ns;
    r.peak_bytes = (uint64_t)llround(size * (double)(64 * MIB));
    if (p->builds[subject])
        snprintf(r.build_id, sizeof(r.build_id), "%s", p->builds[subject]);
    if (subject == 1 && cell == 3 && block < p->n_failed)
        r.status = TRIAL_CRASHED;
    return r;
}

static int64_t add_run(struct scene *x, const struct plan *p)
{
    struct store_fact own_facts[ARRAY_SIZE(facts)];
    struct store_cell own_cells[N_CELLS];
    memcpy(own_facts, facts, sizeof(facts));
    memcpy(own_cells, cells, sizeof(cells));
    if (p->fact)
        own_facts[0] = *p->fact;
    if (p->cell)
        own_cells[N_CELLS - 1] = *p->cell;
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = p->manifest ? p->manifest : MANIFEST,
                            .baseline = "glibc",
                            .seed = 1,
                            .n_blocks = p->n_blocks,
                            .facts = own_facts,
                            .n_facts = ARRAY_SIZE(facts),
                            .subjects = subjects,
                            .n_subjects = N_SUBJECTS,
                            .cells = own_cells,
                            .n_cells = N_CELLS};
    int64_t id;
    struct rng rng;
    rng_seed(&rng, p->seed);
    ck_assert_msg(store_run_begin(x->s, &run, &id, &x->f.err) == 0, "%s", x->f.err.text);
    for (uint32_t b = 0; b < p->n_blocks; b++)
        for (uint32_t c = 0; c < N_CELLS; c++)
            for (uint32_t i = 0; i < N_SUBJECTS; i++) {
                struct trial_result r = make_trial(p, &rng, c, i, b);
                struct store_place place = {c, i, b, c * N_SUBJECTS + i};
                ck_assert_int_eq(store_add_trial(x->s, id, &place, &r, &x->f.err), 0);
            }
    return id;
}

static const struct compare_options gate_5 = {.has_gate = true, .gate = 0.05, .n_resamples = 1000};

/* Runs; of NULL subjects all are compared. */
static int compare(struct scene *x, int64_t a, int64_t b, const char *subject_a,
                   const char *subject_b)
{
    struct compare_side of_a = {x->s, a, subject_a}, of_b = {x->s, b, subject_b};
    comparison_release(&x->c);
    return comparison_make(&of_a, &of_b, &gate_5, &x->c, &x->f.err);
}

static void expect_refusal(struct scene *x, int result, int code, const char *words)
{
    ck_assert_msg(result == code, "%d: %s", result, x->f.err.text);
    ck_assert_msg(strstr(x->f.err.text, words) != NULL, "'%s' not in: %s", words, x->f.err.text);
    ck_assert_ptr_null(strchr(x->f.err.text, '\n'));
}

START_TEST(a_planted_slowdown_is_found_where_it_is)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 12, .scatter = 0.02});
    int64_t b = add_run(
        &x, &(struct plan){.seed = 2, .n_blocks = 12, .scatter = 0.02, .speed_in_larson = 0.88});
    ck_assert_msg(compare(&x, a, b, NULL, NULL) == 0, "%s", x.f.err.text);
    ck_assert(!x.c.is_paired);
    ck_assert_uint_eq(x.c.n_pairs, 2); /* null is the bench's own */
    ck_assert_uint_eq(x.c.n_findings, 1);
    const struct gate_finding *f = &x.c.findings[0];
    ck_assert_uint_eq(f->pair, 1);
    ck_assert_uint_eq(f->cell, 3);
    ck_assert(f->measure == MEASURE_THROUGHPUT && !f->is_mean && f->kind == GATE_WORSE);
    ck_assert_double_eq_tol(compared_cell(&x.c, 1, 3, MEASURE_THROUGHPUT)->ratio.estimate, 0.88,
                            0.03);
    /* The other way round it got better, which no gate minds. */
    ck_assert_int_eq(compare(&x, b, a, NULL, NULL), 0);
    ck_assert_uint_eq(x.c.n_findings, 0);
    scene_release(&x);
}
END_TEST

START_TEST(more_memory_everywhere_is_found_in_the_mean_too)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 9, .scatter = 0.05});
    int64_t b =
        add_run(&x, &(struct plan){.seed = 2, .n_blocks = 9, .scatter = 0.05, .size = {1, 1.1, 1}});
    ck_assert_int_eq(compare(&x, a, b, NULL, NULL), 0);
    unsigned n_means = 0;
    for (unsigned i = 0; i < x.c.n_findings; i++) {
        ck_assert_int_eq(x.c.findings[i].measure, MEASURE_PEAK_RSS);
        ck_assert_uint_eq(x.c.findings[i].pair, 1);
        n_means += x.c.findings[i].is_mean;
    }
    ck_assert_uint_eq(n_means, 1);
    ck_assert_uint_eq(x.c.n_findings, 4); /* nop is the bench's own and is not judged */
    scene_release(&x);
}
END_TEST

/* In one run the machine's moods are common to both, and a small change is certain. */
START_TEST(two_allocators_of_one_run_are_paired)
{
    struct scene x;
    scene_init(&x);
    int64_t run = add_run(
        &x, &(struct plan){.seed = 1, .n_blocks = 12, .scatter = 0.01, .speed = {1, 0.9, 1}});
    ck_assert_msg(compare(&x, run, run, "glibc", "mine") == 0, "%s", x.f.err.text);
    ck_assert(x.c.is_paired);
    ck_assert_uint_eq(x.c.n_pairs, 1);
    ck_assert_uint_eq(x.c.n_findings, 4); /* three cells and the mean */
    ck_assert_int_eq(compare(&x, run, run, "mine", "glibc"), 0);
    ck_assert_uint_eq(x.c.n_findings, 0);
    expect_refusal(&x, compare(&x, run, run, "mine", "mine"), -EINVAL, "both sides");
    expect_refusal(&x, compare(&x, run, run, "mine", NULL), -EINVAL, "one side only");
    expect_refusal(&x, compare(&x, run, run, "mine", "yours"), -ENOENT, "it has glibc, mine, null");
    expect_refusal(&x, compare(&x, run, run + 1, NULL, NULL), -ENOENT, "no run");
    scene_release(&x);
}
END_TEST

START_TEST(a_run_against_itself_is_the_same)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 9, .scatter = 0.3});
    ck_assert_int_eq(compare(&x, a, a, NULL, NULL), 0);
    ck_assert_uint_eq(x.c.n_findings, 0);
    ck_assert_double_eq(compared_cell(&x.c, 0, 1, MEASURE_THROUGHPUT)->ratio.estimate, 1);
    ck_assert_uint_gt(x.c.n_blind, 0); /* and it is said how little was seen */
    scene_release(&x);
}
END_TEST

START_TEST(trials_that_fail_in_b_only_are_worse)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 9, .scatter = 0.02});
    int64_t b =
        add_run(&x, &(struct plan){.seed = 2, .n_blocks = 9, .scatter = 0.02, .n_failed = 5});
    ck_assert_int_eq(compare(&x, a, b, NULL, NULL), 0);
    ck_assert_uint_eq(x.c.n_findings, 1);
    ck_assert_int_eq(x.c.findings[0].kind, GATE_FAILED);
    ck_assert_uint_eq(x.c.n_not_judged, 2);
    ck_assert_int_eq(compare(&x, b, b, NULL, NULL), 0); /* as bad as before */
    ck_assert_uint_eq(x.c.n_findings, 0);
    scene_release(&x);
}
END_TEST

START_TEST(a_gate_without_enough_blocks_does_not_pass)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 5, .scatter = 0.02});
    expect_refusal(&x, compare(&x, a, a, NULL, NULL), -EINVAL, "needs 6 blocks");
    scene_release(&x);
}
END_TEST

/* What is the same file in both runs tells what the machine did. */
START_TEST(a_control_that_moved_stops_the_gate)
{
    struct scene x;
    scene_init(&x);
    struct plan plan = {.seed = 1, .n_blocks = 9, .scatter = 0.02, .builds = {"aa", "bb", NULL}};
    int64_t a = add_run(&x, &plan);
    plan = (struct plan){.seed = 2, .n_blocks = 9, .scatter = 0.02, .builds = {"aa", "cc", NULL}};
    int64_t b = add_run(&x, &plan);
    ck_assert_msg(compare(&x, a, b, NULL, NULL) == 0, "%s", x.f.err.text);
    ck_assert(x.c.pairs[0].is_control && !x.c.pairs[1].is_control);
    ck_assert_uint_eq(x.c.n_judged, 6); /* of mine only */
    plan.speed[0] = 0.8;
    b = add_run(&x, &plan);
    expect_refusal(&x, compare(&x, a, b, NULL, NULL), -EINVAL, "glibc is the same file");
    /* Where all are the same, something else is compared, and all are judged. */
    plan.builds[1] = "bb";
    b = add_run(&x, &plan);
    ck_assert_msg(compare(&x, a, b, NULL, NULL) == 0, "%s", x.f.err.text);
    ck_assert(x.c.pairs[0].is_same_build && !x.c.pairs[0].is_control);
    ck_assert_uint_gt(x.c.n_findings, 0);
    scene_release(&x);
}
END_TEST

START_TEST(what_cannot_be_compared_is_refused)
{
    static const struct store_fact other_cpu = {.key = "cpu_model", .value = "Real"};
    static const struct store_cell other_plan = {
        .workload = "larson", .threads = 2, .calls_per_pass = 301, .peak_live_bytes = 3000};
    const struct {
        struct plan plan;
        const char *words;
    } others[] = {
        {{.fact = &other_cpu}, "cpu_model is 'Imaginary'"},
        {{.cell = &other_plan}, "calls per pass are 300"},
        {{.manifest = "{}"}, "touch is 'line'"},
        {{.manifest = "{\"touch\":\"all\"}"}, "'all'"},
        {{.manifest = "[1"}, "manifest is damaged"},
        {{.manifest = "{\"touch\":\"line\",\"pin\":\"compact\",\"cores\":\"\",\"seconds\":1}"},
         "seconds is '0.08'"},
    };
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 6});
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct plan plan = others[i].plan;
        plan.seed = 1;
        plan.n_blocks = 6;
        int64_t b = add_run(&x, &plan);
        expect_refusal(&x, compare(&x, a, b, NULL, NULL), -EINVAL, others[i].words);
    }
    scene_release(&x);
}
END_TEST

/* Runs without any change: in how many of `rounds` the gate of 5 % finds something. */
static unsigned count_alarms(unsigned rounds, double scatter)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rounds; i++) {
        struct scene x;
        scene_init(&x);
        int64_t a = add_run(&x, &(struct plan){.seed = 2 * i, .n_blocks = 7, .scatter = scatter});
        int64_t b =
            add_run(&x, &(struct plan){.seed = 2 * i + 1, .n_blocks = 7, .scatter = scatter});
        ck_assert_int_eq(compare(&x, a, b, NULL, NULL), 0);
        n += x.c.n_findings > 0;
        scene_release(&x);
    }
    return n;
}

START_TEST(noise_alone_seldom_alarms)
{
    ck_assert_uint_eq(count_alarms(12, 0.03), 0);
    ck_assert_uint_le(count_alarms(12, 0.3), 3);
}
END_TEST

static char *print_whole(struct scene *x, bool json)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    struct report_look look = {.width = 0};
    int result =
        json ? compare_json(out, &x->c, &x->f.err) : compare_print(out, &x->c, &look, &x->f.err);
    ck_assert_msg(result == 0, "%s", x->f.err.text);
    fclose(out);
    return text;
}

START_TEST(the_lines_name_what_got_worse)
{
    struct scene x;
    scene_init(&x);
    int64_t a = add_run(&x, &(struct plan){.seed = 1, .n_blocks = 9, .scatter = 0.02});
    int64_t b = add_run(
        &x, &(struct plan){
                .seed = 2, .n_blocks = 9, .scatter = 0.02, .speed_in_larson = 0.5, .n_failed = 1});
    ck_assert_int_eq(compare(&x, a, b, NULL, NULL), 0);
    char *text = print_whole(&x, false);
    ck_assert_ptr_nonnull(strstr(text, "worse: mine, larson with 2 threads: throughput 0.5"));
    ck_assert_ptr_nonnull(
        strstr(text, "worse: mine, larson with 2 threads: 1 of 9 trials failed (crashed)"));
    ck_assert_ptr_nonnull(strstr(text, "gate 5 %: not passed; 12 comparisons"));
    free(text);
    text = print_whole(&x, true);
    ck_assert_ptr_nonnull(strstr(text, "\"passed\": false"));
    ck_assert_ptr_nonnull(strstr(text, "\"what\": \"failed trials\""));
    free(text);
    scene_release(&x);
}
END_TEST

START_TEST(trials_that_all_fail_in_b_are_worse_than_some)
{
    struct scene x;
    scene_init(&x);
    int64_t a =
        add_run(&x, &(struct plan){.seed = 1, .n_blocks = 9, .scatter = 0.02, .n_failed = 1});
    int64_t b =
        add_run(&x, &(struct plan){.seed = 2, .n_blocks = 9, .scatter = 0.02, .n_failed = 9});
    ck_assert_int_eq(compare(&x, a, b, NULL, NULL), 0);
    ck_assert_uint_eq(x.c.n_findings, 1);
    ck_assert_int_eq(x.c.findings[0].kind, GATE_FAILED);
    char *text = print_whole(&x, false);
    ck_assert_ptr_nonnull(strstr(text, "9 of 9 trials failed (crashed) in B, 1 of 9 in A\n"));
    free(text);
    ck_assert_int_eq(compare(&x, b, b, NULL, NULL), 0);
    ck_assert_uint_eq(x.c.n_findings, 0);
    ck_assert_int_eq(compare(&x, b, a, NULL, NULL), 0); /* better */
    ck_assert_uint_eq(x.c.n_findings, 0);
    scene_release(&x);
}
END_TEST

UNIT_MAIN("compare", a_planted_slowdown_is_found_where_it_is,
          more_memory_everywhere_is_found_in_the_mean_too, two_allocators_of_one_run_are_paired,
          a_run_against_itself_is_the_same, trials_that_fail_in_b_only_are_worse,
          trials_that_all_fail_in_b_are_worse_than_some, a_gate_without_enough_blocks_does_not_pass,
          a_control_that_moved_stops_the_gate, what_cannot_be_compared_is_refused,
          noise_alone_seldom_alarms, the_lines_name_what_got_worse)
