/* What shapes promise, seen in the words of their plans. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_walk.h"
#include "shape.h"
#include "shape_draw.h"
#include "shape_params.h"
#include "shape_seen.h"
#include "unit.h"

/* Of the words of the plan in plans_are_the_same_on_every_machine. */
#define PLAN_SUM 0xf81385d05bb1cec9ull

static struct err err;

/* From many and short-lived to few and long-lived, with one that is never freed and one that dies at once. */
static struct shape_row rows[] = {
    {16, 40000 * SHAPE_ONE, 200 * SHAPE_ONE},   {24, 3 * SHAPE_ONE, 9000 * SHAPE_ONE},
    {32, 20000 * SHAPE_ONE, 30000 * SHAPE_ONE}, {48, 7 * SHAPE_ONE / 10, 2 * SHAPE_ONE},
    {64, 15000 * SHAPE_ONE, 4 * SHAPE_ONE},     {100, 0, 777 * SHAPE_ONE},
    {128, 2500 * SHAPE_ONE, 5000 * SHAPE_ONE},  {300, 900 * SHAPE_ONE, 0},
    {1024, 1000 * SHAPE_ONE, 800 * SHAPE_ONE},  {5000, 50 * SHAPE_ONE, 60 * SHAPE_ONE},
    {70000, 4 * SHAPE_ONE, 3 * SHAPE_ONE},      {300000, SHAPE_ONE / 5, 4 * SHAPE_ONE},
};

static struct shape_table make_table(void)
{
    struct shape_table table = {.rows = calloc(ARRAY_SIZE(rows), sizeof(rows[0])),
                                .n_rows = ARRAY_SIZE(rows)};
    memcpy(table.rows, rows, sizeof(rows));
    ck_assert_int_eq(shape_table_cut(&table, 0, UINT64_MAX, &err), 0);
    return table;
}

static int try_plan(const struct shape_table *table, const char *words, uint32_t threads,
                    uint64_t seed, const struct plan **plan)
{
    struct shape_spec spec;
    int fd = -1;
    shape_preset(table, &spec);
    int rc = *words ? shape_parse(&spec, words, &err) : 0;
    if (rc == 0)
        rc = shape_check(table, &spec, threads, &err);
    if (rc == 0)
        rc = shape_plan(&(struct shape_wanted){table, &spec, "test-shape", threads, seed}, &fd,
                        plan, &err);
    if (rc == 0)
        close(fd);
    return rc;
}

static const struct plan *make(const struct shape_table *table, const char *words, uint32_t threads,
                               uint64_t seed)
{
    const struct plan *plan = NULL;
    int rc = try_plan(table, words, threads, seed, &plan);
    ck_assert_msg(rc == 0, "%s at %u threads: %s", words, threads, err.text);
    return plan;
}

static void drop(const struct plan *plan)
{
    os_unmap((void *)plan, plan->n_bytes);
}

/* Exponential numbers: their distribution within the Dvoretzky-Kiefer-Wolfowitz bound of one seed in a million. */
START_TEST(lifetimes_are_exponential)
{
    enum { N = 200000, STEPS = 200 };
    static uint64_t below[STEPS];
    struct rng rng;
    rng_seed(&rng, 3);
    for (unsigned i = 0; i < N; i++) {
        uint64_t step = (shape_draw_exponential(&rng) >> 16) * 20 >> 16; /* of a twentieth */
        for (uint64_t k = step + 1; k < STEPS; k++)
            below[k]++;
    }
    double most = sqrt(log(2 / 1e-6) / (2 * N));
    for (unsigned k = 0; k < STEPS; k++) {
        double expected = 1 - exp(-(double)k / 20);
        ck_assert_msg(fabs((double)below[k] / N - expected) < most, "%u: %lu", k, below[k]);
    }
}
END_TEST

/* Each size its share of the births: to one per thread. */
static void check_births(const struct shape_table *table, const struct shape_seen *seen,
                         uint32_t threads)
{
    for (uint32_t i = 0; i < table->n_rows; i++) {
        double expected = (double)seen->births * (double)table->rows[i].rate / (double)table->rate;
        ck_assert_msg(fabs((double)seen->rows[i].births - expected) <= threads + 1e-6,
                      "size %lu: %lu births, not %f", table->rows[i].bytes, seen->rows[i].births,
                      expected);
    }
}

/*
 * Each size its mean live count: to one object per thread, and five standard deviations of the time
 * average of a count in balance, sqrt(2 L W / time), where objects turn over within the time.
 * `handed`: more of them may be on their way, which live longer than they should.
 */
static void check_live(const struct shape_table *table, const struct shape_seen *seen, double heap,
                       uint32_t threads, uint64_t handed)
{
    double factor = heap / (double)table->live_bytes, variance = 0, handed_bytes = 0;
    for (uint32_t i = 0; i < table->n_rows; i++) {
        double live = factor * (double)table->rows[i].live / SHAPE_ONE;
        double bytes = (double)table->rows[i].bytes, born = (double)seen->rows[i].births;
        double turned = born > 0 ? fmin(live / born, 1) : 0; /* lifetimes in passes */
        double most = threads + 5 * sqrt(2 * live * turned);
        double more = seen->rows[i].live - live;
        ck_assert_msg(more >= -most && more <= most + (double)handed,
                      "size %.0f: %f live, not %f (+-%f)", bytes, seen->rows[i].live, live, most);
        variance += bytes * bytes * (2 * live * turned + fmin(live, threads));
        handed_bytes += (double)handed * bytes * born / (double)seen->births;
    }
    double more = seen->live_bytes - heap, most = 5 * sqrt(variance);
    ck_assert_msg(more > -most && more < most + handed_bytes, "%f live, not %f (+-%f)",
                  seen->live_bytes, heap, most);
}

/* Of this table so many objects live long enough to be handed over within their lives. */
#define MOST_REMOTE 0.2

static const struct {
    const char *words;
    uint32_t threads;
    double heap, remote;
} balances[] = {
    {"heap=4M:remote=0", 1, 4 << 20, 0},
    {"heap=40M:remote=0:ops=50k", 4, 40 << 20, 0},
    {"heap=16M:remote=10%", 2, 16 << 20, 0.1},
    {"heap=1M:remote=50%", 3, 1 << 20, 0.5},
    {"heap=100M:remote=1:ops=40k", 8, 100 << 20, 1},
    {"heap=64M:remote=1%:fan=5:ring=16:ops=10k", 64, 64 << 20, 0.01},
    {"heap=400K:remote=0:ops=300k", 1, 400 << 10, 0},
};

/* One after the other: each has its own time. */
START_TEST(plans_are_in_balance)
{
    struct shape_table table = make_table();
    uint32_t threads = balances[_i].threads;
    const char *words = balances[_i].words;
    const struct plan *plan = make(&table, words, threads, 5 + (uint64_t)_i);
    struct shape_seen seen = shape_seen(plan, &table, 1);
    ck_assert_uint_eq(seen.strangers, 0);
    ck_assert_uint_eq(seen.frees, seen.births);
    check_births(&table, &seen, threads);
    uint64_t handed = balances[_i].remote > MOST_REMOTE ? plan_walk(plan).peak_in_cells : 0;
    check_live(&table, &seen, balances[_i].heap, threads, handed);
    double remote = balances[_i].remote * (double)seen.frees;
    ck_assert_msg(fabs((double)seen.remote_frees - remote) <= threads, "%s: %lu of %lu remote",
                  words, seen.remote_frees, seen.frees);
    ck_assert_uint_eq(seen.remote_frees, plan->facts.body_remote_frees);
    shape_seen_release(&seen);
    drop(plan);
    shape_table_release(&table);
}
END_TEST

/*
 * Objects live L / p allocations, but for those that outlive a pass of n: what is left of an exponential life w
 * modulo n is w - n / (exp(n / w) - 1) on average. Within five standard deviations of the mean of so many.
 */
START_TEST(lives_follow_from_rates)
{
    enum { BIRTHS = 100000, HEAP = 20 << 20 };
    struct shape_table table = make_table();
    const struct plan *plan = make(&table, "heap=20M:ops=200k:remote=0", 1, 11);
    struct shape_seen seen = shape_seen(plan, &table, 1);
    unsigned n_checked = 0;
    for (uint32_t i = 0; i < table.n_rows; i++) {
        double p = (double)table.rows[i].rate / (double)table.rate, n = (double)seen.rows[i].ends;
        double live =
            (double)HEAP / (double)table.live_bytes * (double)table.rows[i].live / SHAPE_ONE;
        if (n < 100)
            continue;
        double life = live / p, mean = live > 0 ? life - BIRTHS / (exp(BIRTHS / life) - 1) : 0;
        double deviation = fmin(life, BIRTHS / sqrt(12)) / sqrt(n);
        ck_assert_msg(fabs(seen.rows[i].lived - mean) < 5 * deviation + 2,
                      "size %lu: %f, not %f (+-%f)", table.rows[i].bytes, seen.rows[i].lived, mean,
                      5 * deviation);
        n_checked++;
    }
    ck_assert_uint_ge(n_checked, 6);
    shape_seen_release(&seen);
    drop(plan);
    shape_table_release(&table);
}
END_TEST

/* Small, and near the edges of what the parameters allow. */
static const char *const edges[] = {
    "heap=1:ops=2",
    "heap=100K:ops=1000:remote=20%",
    "heap=1:ops=2:remote=1:ring=1:fan=64",
    "heap=3K:ops=77:remote=0.5:ring=1:fan=1",
    "heap=100K:ops=500:remote=1:ring=3:fan=7",
    "heap=100K:ops=400:remote=99%:ring=1000000:fan=64",
    "heap=1M:min=100:max=1024:ops=300:remote=5%",
    "heap=1M:min=300:max=1024:ops=300",
    "heap=500K:ops=3:main=no",
};

static void check_edge(const struct shape_table *table, const char *words, uint32_t threads)
{
    const struct plan *plan = make(table, words, threads, 42),
                      *again = make(table, words, threads, 42);
    ck_assert_msg(plan->n_bytes == again->n_bytes && memcmp(plan, again, plan->n_bytes) == 0,
                  "%s at %u threads: another plan", words, threads);
    drop(again);
    ck_assert_uint_eq(plan->n_roots, threads);
    ck_assert(plan->flags & PLAN_LOOPS);
    ck_assert(plan->flags & PLAN_SETTLES);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_msg(!seen.stuck, "%s at %u threads waits for ever", words, threads);
    ck_assert_uint_eq(seen.live_objects_at_end, 0);
    ck_assert_msg(seen.n_sizes_changed == 0, "%s: %lu slots end with other sizes", words,
                  seen.n_sizes_changed);
    drop(plan);
}

START_TEST(plans_are_valid_and_repeatable)
{
    static const uint32_t threads[] = {1, 2, 3, 4, 7, 8, 16, 31, 64};
    struct shape_table table = make_table();
    for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
        for (size_t k = 0; k < ARRAY_SIZE(threads); k++)
            check_edge(&table, edges[i], threads[k]);
    shape_table_release(&table);
}
END_TEST

/* What a pass leaves in the cells, too: many passes are one after the other. */
START_TEST(passes_follow_each_other)
{
    struct shape_table table = make_table();
    const struct plan *plan = make(&table, "heap=1M:ops=2000:remote=30%:ring=8:fan=3", 5, 1);
    struct shape_seen one = shape_seen(plan, &table, 1), ten = shape_seen(plan, &table, 10);
    ck_assert_uint_eq(10 * one.births, ten.births);
    ck_assert_uint_eq(10 * one.remote_frees, ten.remote_frees);
    ck_assert_double_eq_tol(one.live_bytes, ten.live_bytes, 0.02 * one.live_bytes);
    shape_seen_release(&one);
    shape_seen_release(&ten);
    drop(plan);
    shape_table_release(&table);
}
END_TEST

START_TEST(cells_hold_no_more_than_rings)
{
    struct shape_table table = make_table();
    const struct plan *plan = make(&table, "heap=10M:remote=40%:ring=20:fan=2", 4, 1);
    ck_assert_uint_le(plan_walk(plan).peak_in_cells, 4 * 2 * 20);
    drop(plan);
    shape_table_release(&table);
}
END_TEST

START_TEST(another_seed_is_another_plan)
{
    struct shape_table table = make_table();
    const struct plan *a = make(&table, "heap=1M:ops=1000", 2, 1),
                      *b = make(&table, "heap=1M:ops=1000", 2, 2);
    ck_assert(a->n_bytes != b->n_bytes || memcmp(a, b, a->n_bytes) != 0);
    drop(a);
    drop(b);
    shape_table_release(&table);
}
END_TEST

/*
 * A fixed sum over what a plan says, however its format packs that: fails where another machine or
 * compiler makes another one.
 */
START_TEST(plans_are_the_same_on_every_machine)
{
    struct shape_table table = make_table();
    const struct plan *plan = make(&table, "heap=1M:ops=5000:remote=10%", 3, 9);
    uint64_t sum = 0xcbf29ce484222325ull;
    for (uint32_t t = 0; t < plan->n_threads; t++) {
        const struct plan_op *ops = plan_thread_ops(plan, t);
        for (uint64_t i = 0; i < plan_threads(plan)[t].n_ops; i++) {
            uint64_t head = (uint64_t)plan_op_slot(ops[i]) << 4 | plan_op_kind(ops[i]);
            sum = (sum ^ (head << 32 | ops[i].arg)) * 0x100000001b3ull;
        }
    }
    ck_assert_msg(sum == PLAN_SUM, "%#lx", sum);
    drop(plan);
    shape_table_release(&table);
}
END_TEST

START_TEST(presets_follow_the_table)
{
    struct shape_table table = make_table();
    struct shape_spec spec;
    char text[256];
    table.remote_millionth = 70000;
    shape_preset(&table, &spec);
    ck_assert_uint_eq(spec.values[SHAPE_HEAP], table.live_bytes);
    ck_assert_uint_eq(spec.values[SHAPE_REMOTE], 70000);
    shape_format(&spec, text, sizeof(text));
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(shape_parse(&spec, "heap=2GiB:remote=0", &err), 0);
    shape_format(&spec, text, sizeof(text));
    ck_assert_str_eq(text, "heap=2G:remote=0");
    for (uint32_t i = 0; i < table.n_rows; i++)
        table.rows[i].bytes *= 1000;
    ck_assert_int_eq(shape_table_cut(&table, 0, UINT64_MAX, &err), 0);
    shape_preset(&table, &spec);
    ck_assert_uint_eq(spec.values[SHAPE_HEAP], SHAPE_HEAP_PRESET);
    ck_assert_uint_lt(spec.values[SHAPE_OPS], 5000); /* of 80 KB each on average */
    shape_table_release(&table);
}
END_TEST

START_TEST(what_cannot_be_had_is_refused)
{
    static const struct {
        const char *words;
        uint32_t threads;
        const char *told;
    } bad[] = {
        {"heap=1T:max=16", 1, "objects would be live"},
        {"heap=3.5G:max=64", 64, "words"},
        {"ops=20M", 64, "words"},
        {"min=200:max=250", 1, "no size from 200 to 250 bytes"},
        {"max=10", 1, "no size from 0 to 10 bytes"},
        {"min=300:max=300", 1, "less than one byte is live"},
        {"min=100:max=100", 1, "no row has a rate"},
        {"remote=2", 2, "remote"},
        {"heep=2", 1, "did you mean heap?"},
        {"", 0, "0 threads"},
        {"", 4097, "4097 threads"},
    };
    struct shape_table table = make_table();
    const struct plan *plan;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(try_plan(&table, bad[i].words, bad[i].threads, 1, &plan) == -EINVAL, "%s",
                      bad[i].words);
        ck_assert_msg(strstr(err.text, bad[i].told), "%s: %s", bad[i].words, err.text);
    }
    shape_table_release(&table);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lifetimes_are_exponential,           lives_follow_from_rates,
                                  plans_are_valid_and_repeatable,      passes_follow_each_other,
                                  cells_hold_no_more_than_rings,       another_seed_is_another_plan,
                                  plans_are_the_same_on_every_machine, presets_follow_the_table,
                                  what_cannot_be_had_is_refused};
    return unit_run_with("shape plan", tests, ARRAY_SIZE(tests), plans_are_in_balance,
                         ARRAY_SIZE(balances));
}
