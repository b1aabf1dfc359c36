/* Profiles of traces whose figures are known, and the way from a recorded program to a shape and back. */
#include "trace_profile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "rng.h"
#include "shape.h"
#include "shape_seen.h"
#include "trace_writer.h"
#include "unit.h"

#define PATH  "trace_profile_test.trace"
#define TABLE "trace_profile_test.csv"
#define HEAP  (128 * MIB)

static struct err err;
static struct trace_profile profile;

static struct trace_writer *begin_trace(enum trace_clock clock)
{
    static const char text[] = "/bin/program";
    const struct trace_header header = {.magic = TRACE_MAGIC,
                                        .version = TRACE_VERSION,
                                        .text_bytes = sizeof(text),
                                        .n_threads = 1,
                                        .page_bytes = 4096,
                                        .n_cpus = 1,
                                        .clock = (uint8_t)clock,
                                        .source = TRACE_GENERATED};
    struct trace_writer *w = trace_writer_new(PATH, &header, text, 3, &err);
    ck_assert_msg(w, "%s", err.text);
    return w;
}

static void end_trace(struct trace_writer *w, uint64_t duration_ns)
{
    struct trace_totals totals = {.duration_ns = duration_ns, .most_threads = 1};
    ck_assert_msg(trace_writer_finish(w, &totals, NULL, &err) == 0, "%s", err.text);
}

static void read_profile(uint32_t rows)
{
    ck_assert_msg(trace_profile_read(PATH, rows, &profile, &err) == 0, "%s", err.text);
    unlink(PATH);
}

static void expect(uint64_t bytes, double rate, double live)
{
    for (uint32_t i = 0; i < profile.counts.n; i++) {
        const struct size_count *c = &profile.counts.counts[i];
        if (c->bytes != bytes)
            continue;
        ck_assert_double_eq_tol(trace_profile_rate(&profile, c), rate, 1e-6 * rate);
        ck_assert_double_eq_tol(trace_profile_live(&profile, c), live, 1e-4);
        return;
    }
    ck_abort_msg("no row for %lu bytes", bytes);
}

/* 12.8 ms: 100 bytes live the first half, become 200 for the rest; 50 bytes from a quarter to three quarters. */
START_TEST(lives_are_weighted_by_time)
{
    struct trace_writer *w = begin_trace(TRACE_CLOCK_MONOTONIC);
    uint32_t a = trace_writer_enter(w, 0, TRACE_MALLOC, 100, 0);
    trace_writer_time(w, 0, 3200000);
    uint32_t b = trace_writer_enter(w, 0, TRACE_CALLOC, 50, 0);
    trace_writer_time(w, 0, 6400000);
    trace_writer_realloc(w, 0, a, 100, 200);
    trace_writer_time(w, 0, 9600000);
    trace_writer_free_slot(w, 0, b);
    trace_writer_time(w, 0, 12800000);
    trace_writer_enter(w, 0, TRACE_MALLOC, 7, 0);
    end_trace(w, 12800000);
    read_profile(1000);
    ck_assert(profile.timed);
    ck_assert_double_eq_tol(profile.duration, 0.0128, 1e-9);
    ck_assert_uint_eq(profile.n_sizes, 4);
    expect(100, 1 / 0.0128, 0.5);
    expect(50, 1 / 0.0128, 0.5);
    expect(200, 1 / 0.0128, 0.5);
    expect(7, 1 / 0.0128, 0);
    trace_profile_release(&profile);
}
END_TEST

START_TEST(events_are_the_time_where_there_is_none)
{
    struct trace_writer *w = begin_trace(TRACE_CLOCK_NONE);
    for (unsigned i = 0; i < 10; i++)
        trace_writer_free_slot(w, 0, trace_writer_enter(w, 0, TRACE_MALLOC, 64, 0));
    end_trace(w, 0);
    read_profile(1000);
    ck_assert(!profile.timed);
    ck_assert_double_eq(profile.duration, 20);
    expect(64, 0.5, 0.5);
    trace_profile_release(&profile);
}
END_TEST

/* 70000 sizes once each, live to the end, among which one is frequent. */
static void write_many_sizes(void)
{
    struct trace_writer *w = begin_trace(TRACE_CLOCK_NONE);
    for (uint64_t i = 0; i < 70000; i++) {
        trace_writer_enter(w, 0, TRACE_MALLOC, 1000 + i, 0);
        trace_writer_free_slot(w, 0, trace_writer_enter(w, 0, TRACE_MALLOC, 48, 0));
    }
    end_trace(w, 0);
}

START_TEST(sizes_are_merged_where_there_are_too_many)
{
    write_many_sizes();
    read_profile(100);
    ck_assert(profile.too_many_sizes);
    ck_assert_uint_le(profile.counts.n, 100);
    ck_assert_uint_gt(profile.counts.n, 50);
    double births = 0, bytes = trace_profile_live_bytes(&profile), exact = 0;
    for (uint32_t i = 0; i < profile.counts.n; i++) {
        births += (double)profile.counts.counts[i].births;
        ck_assert(i == 0 || profile.counts.counts[i].bytes >= profile.counts.counts[i - 1].bytes);
    }
    for (uint64_t i = 0; i < 70000; i++)
        exact += (double)(1000 + i) * (double)(210000 - 3 * i) / 210000;
    ck_assert_double_eq(births, 140000);
    ck_assert_double_eq_tol(bytes, exact, 0.002 * exact);
    expect(48, 1. / 3, 1. / 3);
    trace_profile_release(&profile);
}
END_TEST

/* What is merged to few rows keeps births, live objects and live bytes. */
START_TEST(merging_keeps_the_sums)
{
    struct size_counts s = {0};
    struct rng rng;
    double births = 0, live = 0, bytes = 0, merged_births = 0, merged_live = 0, merged_bytes = 0;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < 20000; i++) {
        size_counts_begin(&s, 1 + rng_below(&rng, (uint64_t)16 << rng_below(&rng, 16)));
        s.now += 1 + rng_below(&rng, 10);
    }
    size_counts_finish(&s);
    for (uint32_t i = 0; i < s.n; i++) {
        births += (double)s.counts[i].births;
        live += s.counts[i].live_time;
        bytes += s.counts[i].live_time * (double)s.counts[i].bytes;
    }
    ck_assert_uint_gt(s.n, 1000);
    ck_assert_uint_le(size_counts_merge(&s, 64), 64);
    for (uint32_t i = 0; i < s.n; i++) {
        merged_births += (double)s.counts[i].births;
        merged_live += s.counts[i].live_time;
        merged_bytes += s.counts[i].live_time * (double)s.counts[i].bytes;
    }
    ck_assert_double_eq(births, merged_births);
    ck_assert_double_eq_tol(live, merged_live, 1e-9 * live);
    ck_assert_double_eq_tol(bytes, merged_bytes, 1e-3 * bytes);
    size_counts_release(&s);
}
END_TEST

static void write_table(const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.trace", getenv("RECORDED"), name);
    ck_assert_msg(trace_profile_read(path, 1000, &profile, &err) == 0, "%s", err.text);
    FILE *f = fopen(TABLE, "w");
    fputs("size,rate,live\n", f);
    for (uint32_t i = 0; i < profile.counts.n; i++) {
        const struct size_count *c = &profile.counts.counts[i];
        fprintf(f, "%lu,%.9g,%.9g\n", c->bytes, trace_profile_rate(&profile, c),
                trace_profile_live(&profile, c));
    }
    fclose(f);
}

/* A shape of the profile, at a heap where one large object is little, in one pass as long as the recording. */
static struct shape_seen execute(const struct shape_table *table)
{
    struct shape_spec spec;
    const struct plan *plan;
    char words[128];
    int fd = -1;
    uint64_t births = 0;
    for (uint32_t i = 0; i < profile.counts.n; i++)
        births += profile.counts.counts[i].births;
    snprintf(words, sizeof(words), "heap=%lu:remote=%.4f:ops=%lu", (uint64_t)HEAP,
             profile.info.remote_share, 2 * (births / 2));
    const struct shape_wanted wanted = {table, &spec, "round", 2, 1};
    shape_preset(table, &spec);
    ck_assert_msg(shape_parse(&spec, words, &err) == 0, "%s", err.text);
    ck_assert_msg(shape_plan(&wanted, &fd, &plan, &err) == 0, "%s", err.text);
    close(fd);
    struct shape_seen seen = shape_seen(plan, table, 1);
    ck_assert_double_eq_tol((double)seen.remote_frees / (double)seen.frees,
                            profile.info.remote_share, 1e-4);
    os_unmap((void *)plan, plan->n_bytes);
    return seen;
}

/* The furthest that two cumulated distributions over sizes come apart: Kolmogorov's distance. */
static double distance(const struct shape_seen *seen, bool of_births)
{
    double a = 0, b = 0, all_a = 0, all_b = 0, most = 0;
    for (int round = 0; round < 2; round++) {
        a = b = 0;
        for (uint32_t i = 0; i < profile.counts.n; i++) {
            const struct size_count *c = &profile.counts.counts[i];
            a += of_births ? (double)c->births : trace_profile_live(&profile, c);
            b += of_births ? (double)seen->rows[i].births : seen->rows[i].live;
            if (round == 1)
                most = fmax(most, fabs(a / all_a - b / all_b));
        }
        all_a = a;
        all_b = b;
    }
    return most;
}

static void check_round(const char *name)
{
    struct shape_table table;
    write_table(name);
    ck_assert_msg(shape_table_read(TABLE, &table, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(table.n_rows, profile.counts.n);
    struct shape_seen seen = execute(&table);
    double born = distance(&seen, true), live = distance(&seen, false);
    double heap = seen.live_bytes / HEAP;
    ck_assert_msg(born < 0.001, "%s: births come %f apart", name, born);
    ck_assert_msg(live < 0.02, "%s: what is live comes %f apart", name, live);
    ck_assert_msg(fabs(heap - 1) < 0.03, "%s: %f of the live bytes", name, heap);
    shape_seen_release(&seen);
    shape_table_release(&table);
    trace_profile_release(&profile);
    unlink(TABLE);
}

START_TEST(haproxy_comes_back_from_its_shape)
{
    check_round("haproxy");
}
END_TEST

START_TEST(clang_comes_back_from_its_shape)
{
    check_round("clang");
}
END_TEST

UNIT_MAIN("trace profile", lives_are_weighted_by_time, events_are_the_time_where_there_is_none,
          sizes_are_merged_where_there_are_too_many, merging_keeps_the_sums,
          haproxy_comes_back_from_its_shape, clang_comes_back_from_its_shape)
