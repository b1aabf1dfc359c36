/* The clock for single calls, which calls it times, and what is counted of them. */
#include "latency.h"

#include <pthread.h>
#include <string.h>

#include "latency_bucket.h"
#include "os.h"
#include "unit.h"

static struct latency latency;
static struct survey_latency rows[SURVEY_LATENCIES_MAX];

static void make(uint32_t n_seats, uint64_t period)
{
    struct err err;
    ck_assert_int_eq(latency_make(&latency, n_seats, period, &err), 0);
}

/* A call that took so long and had so many faults. */
static struct latency_probe took(uint64_t ns, uint64_t faults)
{
    const struct stopwatch *w = &latency.watch;
    uint64_t ticks = (uint64_t)(((__uint128_t)ns << 32) / w->ns_per_tick + 1);
    return (struct latency_probe){
        .faults = latency_faults() - faults, .begin = 1000, .end = 1000 + ticks};
}

START_TEST(the_clock_keeps_time)
{
    struct stopwatch w;
    stopwatch_make(&w, 20 * NS_PER_MS);
    ck_assert_int_eq(w.has_tsc, tsc_is_sound());
    ck_assert_uint_gt(w.least_cost_ns, 0);
    ck_assert_uint_le(w.least_cost_ns, w.cost_ns);
    ck_assert_uint_lt(w.cost_ns, 1000);
    double least_error = 1;
    for (unsigned i = 0; i < 20; i++) { /* the processor may be taken away between two readings */
        uint64_t ns = clock_ns(), begin = stopwatch_read(&w);
        while (clock_ns() - ns < 2 * NS_PER_MS)
            continue;
        uint64_t real = clock_ns() - ns, told = stopwatch_ns(&w, begin, stopwatch_read(&w));
        double error = told > real ? (double)(told - real) : (double)(real - told);
        if (error / (double)real < least_error)
            least_error = error / (double)real;
    }
    ck_assert_double_lt(least_error, 1e-3);
    ck_assert_uint_eq(stopwatch_ns(&w, 5, 4), 0);
}
END_TEST

static unsigned count_due(struct latency_lane *lane, unsigned n_calls)
{
    unsigned n = 0;
    for (unsigned i = 0; i < n_calls; i++)
        if (latency_is_due(lane)) {
            struct latency_probe probe = took(10, 0);
            latency_count(lane, &probe, &(struct latency_call){.kind = LATENCY_FREE});
            n++;
        }
    return n;
}

START_TEST(one_call_of_a_period_is_timed)
{
    struct latency_lane lane;
    make(1, 64);
    latency_lane_make(&lane, &latency, 0, 7);
    unsigned n = count_due(&lane, 1 << 20);
    ck_assert_uint_gt(n, (1 << 20) / 64 * 98 / 100);
    ck_assert_uint_lt(n, (1 << 20) / 64 * 102 / 100);
    latency_release(&latency);
}
END_TEST

/* In a plan of 64 calls, again and again, a stride of 64 would time one of them only. */
START_TEST(calls_of_a_round_have_the_same_chance)
{
    enum { ROUND = 64, ROUNDS = 20000 };
    unsigned timed[ROUND] = {0};
    struct latency_lane lane;
    make(1, ROUND);
    latency_lane_make(&lane, &latency, 0, 8);
    for (unsigned i = 0; i < ROUNDS * ROUND; i++)
        timed[i % ROUND] += count_due(&lane, 1);
    for (unsigned i = 0; i < ROUND; i++) {
        ck_assert_uint_gt(timed[i], ROUNDS / ROUND * 7 / 10);
        ck_assert_uint_lt(timed[i], ROUNDS / ROUND * 13 / 10);
    }
    latency_release(&latency);
}
END_TEST

START_TEST(the_first_calls_have_the_same_chance)
{
    enum { PERIOD = 10, SEEDS = 40000, CALLS = 30 };
    unsigned timed[CALLS] = {0};
    make(1, PERIOD);
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct latency_lane lane;
        latency_lane_make(&lane, &latency, 0, seed);
        for (unsigned i = 0; i < CALLS; i++)
            timed[i] += count_due(&lane, 1);
    }
    for (unsigned i = 0; i < CALLS; i++) { /* 4000 each, give or take five deviations of 60 */
        ck_assert_uint_gt(timed[i], SEEDS / PERIOD - 300);
        ck_assert_uint_lt(timed[i], SEEDS / PERIOD + 300);
    }
    latency_release(&latency);
}
END_TEST

START_TEST(all_calls_or_none)
{
    struct latency_lane lane;
    make(1, 1);
    latency_lane_make(&lane, &latency, 0, 1);
    ck_assert_uint_eq(count_due(&lane, 1000), 1000);
    latency_release(&latency);
    make(1, 0);
    latency_lane_make(&lane, &latency, 0, 1);
    ck_assert_uint_eq(count_due(&lane, 1000), 0);
    ck_assert_uint_eq(latency_collect(&latency, rows), 0);
    latency_release(&latency);
}
END_TEST

START_TEST(calls_are_counted_by_what_they_are)
{
    static const struct latency_call calls[] = {
        {LATENCY_MALLOC, 64, false},
        {LATENCY_MALLOC, 65, false},
        {LATENCY_FREE, 2 * MIB, true},
    };
    struct latency_lane lanes[2];
    make(2, 16);
    for (unsigned i = 0; i < 2; i++)
        latency_lane_make(&lanes[i], &latency, i, i);
    for (unsigned i = 0; i < 12; i++) {
        struct latency_probe probe = took(100 * (i + 1), i >= 9);
        latency_count(&lanes[i % 2], &probe, &calls[i % 3]);
    }
    ck_assert_uint_eq(latency_collect(&latency, rows), 6);
    static const struct survey_latency expected[] = {
        {LATENCY_MALLOC, 0, 0, 0, .n = 3, .min_ns = 100, .max_ns = 700},
        {LATENCY_MALLOC, 0, 0, 1, .n = 1, .min_ns = 1000, .max_ns = 1000},
        {LATENCY_MALLOC, 1, 0, 0, .n = 3, .min_ns = 200, .max_ns = 800},
        {LATENCY_MALLOC, 1, 0, 1, .n = 1, .min_ns = 1100, .max_ns = 1100},
        {LATENCY_FREE, 8, 1, 0, .n = 3, .min_ns = 300, .max_ns = 900},
        {LATENCY_FREE, 8, 1, 1, .n = 1, .min_ns = 1200, .max_ns = 1200},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
        const struct survey_latency *r = &rows[i], *e = &expected[i];
        ck_assert_uint_eq(r->kind, e->kind);
        ck_assert_uint_eq(r->size_class, e->size_class);
        ck_assert_uint_eq(r->is_remote, e->is_remote);
        ck_assert_uint_eq(r->has_faulted, e->has_faulted);
        ck_assert_uint_eq(r->n, e->n);
        ck_assert_uint_ge(r->min_ns, e->min_ns); /* took() rounds up by a tick */
        ck_assert_uint_le(r->min_ns, e->min_ns + 1);
        ck_assert_uint_ge(r->max_ns, e->max_ns);
        ck_assert_uint_le(r->max_ns, e->max_ns + 1);
        ck_assert_uint_gt(r->counts[latency_bucket(r->max_ns)], 0);
    }
    struct survey s = {.latencies = rows, .n_latencies = 6};
    struct err err;
    ck_assert_msg(survey_check(&s, &err) == 0, "%s", err.text);
    latency_release(&latency);
}
END_TEST

START_TEST(a_fault_inside_is_told_apart)
{
    struct latency_lane lane;
    struct latency_call call = {.kind = LATENCY_CALLOC, .bytes = 100};
    make(1, 1);
    latency_lane_make(&lane, &latency, 0, 1);
    volatile char *page = os_map(os_page_bytes(), OS_PLAIN);
    ck_assert_ptr_nonnull((void *)page);
    for (unsigned i = 0; i < 2; i++) { /* the first write finds no page */
        struct latency_probe probe = latency_begin(&lane);
        page[0] = 1;
        latency_end(&lane, &probe);
        latency_count(&lane, &probe, &call);
    }
    ck_assert_uint_eq(latency_collect(&latency, rows), 2);
    ck_assert_uint_eq(rows[0].has_faulted, 0);
    ck_assert_uint_eq(rows[1].has_faulted, 1);
    ck_assert_uint_gt(rows[1].min_ns, rows[0].max_ns);
    os_unmap((void *)page, os_page_bytes());
    latency_release(&latency);
}
END_TEST

START_TEST(more_threads_than_tables_share_them)
{
    enum { SEATS = 3 * LATENCY_SEATS + 1 };
    struct latency_lane lane;
    make(SEATS, 1);
    for (unsigned i = 0; i < SEATS; i++) {
        struct latency_probe probe = took(100, 0);
        latency_lane_make(&lane, &latency, i, i);
        latency_count(&lane, &probe, &(struct latency_call){.kind = LATENCY_MALLOC});
    }
    uint32_t n_rows = latency_collect(&latency, rows);
    ck_assert_uint_ge(n_rows, 1);
    ck_assert_uint_le(n_rows, 2); /* the first reading of a process may fault */
    ck_assert_uint_eq(rows[0].n + (n_rows > 1 ? rows[1].n : 0), SEATS);
    latency_release(&latency);
}
END_TEST

enum { THREADS = 4, EACH = 50000 };

static void *count_many(void *context)
{
    struct latency_lane *lane = context;
    for (unsigned i = 0; i < EACH; i++) {
        struct latency_probe probe = {.faults = latency_faults(), .end = i};
        latency_count(lane, &probe, &(struct latency_call){.kind = LATENCY_MALLOC});
    }
    return NULL;
}

START_TEST(threads_on_one_seat_lose_nothing)
{
    struct latency_lane lanes[THREADS];
    pthread_t threads[THREADS];
    make(1, 2);
    for (unsigned i = 0; i < THREADS; i++) {
        latency_lane_make(&lanes[i], &latency, 0, i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, &lanes[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t n = 0, sum = 0, n_rows = latency_collect(&latency, rows);
    for (unsigned r = 0; r < n_rows; r++) { /* a histogram's first use may be a fault */
        n += rows[r].n;
        for (unsigned b = 0; b < LATENCY_BUCKETS; b++)
            sum += rows[r].counts[b];
    }
    ck_assert_uint_eq(n, THREADS * EACH);
    ck_assert_uint_eq(sum, THREADS * EACH);
    ck_assert_uint_eq(rows[0].min_ns, 0);
    ck_assert_uint_eq(rows[0].max_ns, stopwatch_ns(&latency.watch, 0, EACH - 1));
    latency_release(&latency);
}
END_TEST

UNIT_MAIN("latency", the_clock_keeps_time, one_call_of_a_period_is_timed,
          calls_of_a_round_have_the_same_chance, the_first_calls_have_the_same_chance,
          all_calls_or_none, calls_are_counted_by_what_they_are, a_fault_inside_is_told_apart,
          more_threads_than_tables_share_them, threads_on_one_seat_lose_nothing)
