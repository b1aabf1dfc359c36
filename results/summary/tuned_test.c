/* What a stored tuning is made of, and which blocks its ratios rest on. */
#include "tuned.h"

#include <errno.h>
#include <math.h>

#include "store_fixture.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "glibc:a=2M", .allocator = "glibc", .setting = "a=2M"},
    {.name = "glibc:b=on:a=512K", .allocator = "glibc", .setting = "b=on:a=512K"},
    {.name = "glibc:c=8", .allocator = "glibc", .setting = "c=8"},
    {.name = "glibc:a=9K:unknown=1", .allocator = "glibc", .setting = "a=9K:unknown=1"},
    {.name = "jemalloc:a=2M", .allocator = "jemalloc", .setting = "a=2M"},
};
enum { DEFAULT, LUCKY, SMALL, OTHER, STRANGE, FOREIGN, N_SUBJECTS };

#define SEARCHED 4u
#define BLOCKS   12u

static const struct store_cell cell = {.workload = "churn", .threads = 1};

static int64_t begin(struct fixture *f, struct store *s, const struct store_fact *facts, uint32_t n)
{
    const struct store_run run = {.started_s = FIXTURE_START,
                                  .program_version = "0.1.0",
                                  .manifest = "{}",
                                  .baseline = "glibc",
                                  .seed = 7,
                                  .n_blocks = BLOCKS,
                                  .facts = facts,
                                  .n_facts = n,
                                  .subjects = subjects,
                                  .n_subjects = N_SUBJECTS,
                                  .cells = &cell,
                                  .n_cells = 1};
    int64_t id = 0;
    ck_assert_msg(store_run_begin(s, &run, &id, &f->err) == 0, "%s", f->err.text);
    return id;
}

static void add(struct fixture *f, struct store *s, int64_t run, uint32_t subject, uint32_t block,
                double speed, double size)
{
    const struct store_place place = {.subject = subject, .block = block, .position = subject};
    const struct trial_result r = {.status = speed > 0 ? TRIAL_OK : TRIAL_HUNG,
                                   .calls = 1000000,
                                   .wall_ns = (uint64_t)(1e9 / fmax(speed, 0.1)),
                                   .peak_bytes = (uint64_t)(size * (64 << 20))};
    ck_assert_msg(store_add_trial(s, run, &place, &r, &f->err) == 0, "%s", f->err.text);
}

/* The lucky one is twice as fast in the search and half as fast in the confirmation. */
static void summarize(struct fixture *f, struct summary *out, const struct store_fact *facts,
                      uint32_t n)
{
    static const struct summary_options options;
    struct store *s;
    ck_assert_msg(store_open(f->path, STORE_WRITE, &s, &f->err) == 0, "%s", f->err.text);
    int64_t run = begin(f, s, facts, n);
    for (uint32_t b = 0; b < BLOCKS; b++) {
        add(f, s, run, DEFAULT, b, 1, 1);
        add(f, s, run, LUCKY, b, b < SEARCHED ? 2 : 0.5, b < SEARCHED ? 0.5 : 0.9);
        if (b < 2)
            add(f, s, run, SMALL, b, 0.8, 0.6);
        if (b < SEARCHED)
            add(f, s, run, OTHER, b, b == 1 ? 0 : 3, 0.1);
    }
    add(f, s, run, STRANGE, 0, 9, 0.1);
    ck_assert_msg(summary_make(s, run, &options, out, &f->err) == 0, "%s", f->err.text);
    store_close(s);
}

static const struct store_fact facts[] = {
    {FACT_TUNE_KNOBS, "a,b,c"}, {FACT_TUNE_CONFIRMED, "4"}, {FACT_TUNE_RECOMMENDED, "1"}};

START_TEST(ratios_of_the_winner_rest_on_the_confirmation)
{
    struct fixture f;
    struct summary s;
    fixture_init(&f);
    summarize(&f, &s, facts, 3);
    ck_assert_uint_eq(s.confirmed_from, SEARCHED);
    const struct summary_entry *e = summary_entry(&s, 0, LUCKY);
    ck_assert(e->is_confirmed);
    ck_assert_double_eq_tol(e->measured[MEASURE_THROUGHPUT].ratio.estimate, 0.5, 1e-6);
    ck_assert_double_eq_tol(e->measured[MEASURE_THROUGHPUT].ratio.high, 0.5, 1e-6);
    ck_assert_uint_eq(e->measured[MEASURE_THROUGHPUT].ratio.n_blocks, BLOCKS - SEARCHED);
    ck_assert_int_eq(e->measured[MEASURE_THROUGHPUT].verdict, VERDICT_WORSE);
    ck_assert_double_eq_tol(summary_mean(&s, LUCKY, MEASURE_PEAK_RSS)->ratio.estimate, 0.9, 1e-6);
    ck_assert(!summary_entry(&s, 0, SMALL)->is_confirmed);
    ck_assert_uint_eq(tuned_ratio(&s, SMALL, MEASURE_THROUGHPUT)->n_blocks, 2);
    ck_assert(tuned_is_uncertain(&s, SMALL) && !tuned_is_uncertain(&s, LUCKY));
    summary_release(&s);
    fixture_release(&f);
}
END_TEST

START_TEST(without_a_confirmation_they_rest_on_all_blocks)
{
    struct fixture f;
    struct summary s;
    fixture_init(&f);
    summarize(&f, &s, facts, 1);
    ck_assert(!summary_entry(&s, 0, LUCKY)->is_confirmed);
    ck_assert_uint_eq(tuned_ratio(&s, LUCKY, MEASURE_THROUGHPUT)->n_blocks, BLOCKS);
    summary_release(&s);
    fixture_release(&f);
}
END_TEST

START_TEST(levels_ascend_and_points_know_theirs)
{
    struct fixture f;
    struct summary s;
    struct tuned t;
    fixture_init(&f);
    summarize(&f, &s, facts, 3);
    ck_assert_int_eq(tuned_read(&s, &t, &f.err), 0);
    ck_assert_uint_eq(t.n_knobs, 3);
    ck_assert_uint_eq(t.n_grid, 2);
    static const char *const wanted[] = {"", "9K", "512K", "2M"};
    ck_assert_uint_eq(t.knobs[0].n_levels, 4);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_str_eq(t.knobs[0].levels[i].text, wanted[i]);
    ck_assert(t.points[DEFAULT].is_known && t.points[DEFAULT].n_set == 0);
    ck_assert_uint_eq(t.points[LUCKY].level[0], 3);
    ck_assert_uint_eq(t.points[SMALL].level[0], 2);
    ck_assert_str_eq(t.knobs[1].levels[t.points[SMALL].level[1]].text, "on");
    ck_assert_uint_eq(t.points[SMALL].n_set_off_grid, 0);
    ck_assert_uint_eq(t.points[OTHER].n_set_off_grid, 1);
    ck_assert(!t.points[STRANGE].is_known);
    ck_assert(!t.points[FOREIGN].is_known);
    ck_assert(t.has_recommended && t.recommended == LUCKY);
    tuned_release(&t);
    summary_release(&s);
    fixture_release(&f);
}
END_TEST

START_TEST(the_front_is_of_what_ran_well_more_than_once)
{
    struct fixture f;
    struct summary s;
    fixture_init(&f);
    summarize(&f, &s, facts, 3);
    ck_assert(tuned_is_on_front(&s, DEFAULT));
    ck_assert(tuned_is_on_front(&s, SMALL));
    ck_assert(!tuned_is_on_front(&s, LUCKY));   /* slower than the small one, on more memory */
    ck_assert(!tuned_is_on_front(&s, OTHER));   /* it failed once */
    ck_assert(!tuned_is_on_front(&s, STRANGE)); /* one block */
    ck_assert(!tuned_is_on_front(&s, FOREIGN)); /* never ran */
    summary_release(&s);
    fixture_release(&f);
}
END_TEST

START_TEST(damaged_facts_are_refused_or_say_nothing)
{
    static const struct {
        const char *knobs, *recommended;
        int result;
    } rows[] = {{NULL, "1", -EINVAL},   {"", "1", -EINVAL},        {",a", "1", -EINVAL},
                {"a,,b", "1", -EINVAL}, {"a", "4294967297", 0},    {"a", "-1", 0},
                {"a", "word", 0},       {"a", "99999999999999", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct store_fact some[] = {{FACT_TUNE_RECOMMENDED, rows[i].recommended},
                                          {FACT_TUNE_KNOBS, rows[i].knobs}};
        struct fixture f;
        struct summary s;
        struct tuned t;
        fixture_init(&f);
        summarize(&f, &s, some, rows[i].knobs ? 2 : 1);
        ck_assert_int_eq(tuned_read(&s, &t, &f.err), rows[i].result);
        ck_assert(!t.has_recommended);
        tuned_release(&t);
        summary_release(&s);
        fixture_release(&f);
    }
}
END_TEST

UNIT_MAIN("tuned", ratios_of_the_winner_rest_on_the_confirmation,
          without_a_confirmation_they_rest_on_all_blocks, levels_ascend_and_points_know_theirs,
          the_front_is_of_what_ran_well_more_than_once, damaged_facts_are_refused_or_say_nothing)
