/* A trace as a plan: which words it becomes, paced, copied, streamed, and cut off. */
#include "trace_plan.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "trace_writer.h"
#include "unit.h"

#define PATH "trace_plan_test.trace"

static struct trace_writer *begin(uint32_t n_threads)
{
    struct trace_header header = {.magic = TRACE_MAGIC,
                                  .version = TRACE_VERSION,
                                  .text_bytes = sizeof("test"),
                                  .n_threads = n_threads,
                                  .page_bytes = 4096,
                                  .n_cpus = 2,
                                  .source = TRACE_GENERATED};
    struct err err = {""};
    unlink(PATH);
    struct trace_writer *w = trace_writer_new(PATH, &header, "test", 1, &err);
    ck_assert_msg(w != NULL, "%s", err.text);
    return w;
}

static void finish(struct trace_writer *w)
{
    struct trace_totals totals = {.most_threads = 1};
    struct err err = {""};
    ck_assert_msg(trace_writer_finish(w, &totals, NULL, &err) == 0, "%s", err.text);
}

struct made {
    int fd;
    const struct plan *plan;
    struct trace_info info;
};

static void make(struct made *m, const struct trace_plan_options *options)
{
    struct err err = {""};
    ck_assert_msg(trace_plan(PATH, options, &m->fd, &m->plan, &m->info, &err) == 0, "%s", err.text);
}

static void release(struct made *m)
{
    os_unmap((void *)m->plan, m->plan->n_bytes);
    close(m->fd);
}

static const struct plan_thread *thread_of(const struct made *m, uint32_t t)
{
    return &plan_threads(m->plan)[t];
}

static uint32_t enter(struct trace_writer *w, uint32_t t, uint64_t bytes)
{
    return trace_writer_enter(w, t, TRACE_MALLOC, bytes, 0);
}

static void pass(struct trace_writer *w, uint32_t from, uint32_t slot, uint32_t to)
{
    uint32_t cell = trace_writer_give(w, from, slot);
    trace_writer_free_slot(w, to, trace_writer_take(w, to, cell));
}

/* Two threads, every kind of event. */
static void write_all_kinds(void)
{
    struct trace_writer *w = begin(2);
    trace_writer_time(w, 0, 1000);
    uint32_t a = enter(w, 0, 100), b = trace_writer_enter(w, 0, TRACE_CALLOC, 200, 0);
    uint32_t c = trace_writer_enter(w, 0, TRACE_ALIGNED, 300, 6);
    uint32_t d = trace_writer_enter(w, 0, TRACE_REALLOC_IN, 400, 0);
    trace_writer_free_slot(w, 0, a);
    a = enter(w, 0, 500);
    trace_writer_realloc(w, 0, b, 200, 640);
    trace_writer_thread(w, 0, TRACE_SPAWN, 1);
    trace_writer_time(w, 1, 5000);
    pass(w, 0, c, 1);
    enter(w, 1, 77); /* never freed */
    trace_writer_thread(w, 1, TRACE_END, 0);
    trace_writer_thread(w, 0, TRACE_JOIN, 1);
    trace_writer_free_slot(w, 0, d);
    trace_writer_free_slot(w, 0, a);
    finish(w); /* b lives to the end */
}

#define WORD(kind, slot, last) \
    { \
        (uint32_t)(slot) << PLAN_KIND_BITS | PLAN_##kind, (last) \
    }

static void check_words(const struct made *m, uint32_t t, const struct plan_op *words, size_t n)
{
    const struct plan_op *ops = plan_thread_ops(m->plan, t);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(ops[i].head == words[i].head && ops[i].arg == words[i].arg,
                      "thread %u, word %zu: kind %u, slot %u, arg %u", t, i, plan_op_kind(ops[i]),
                      plan_op_slot(ops[i]), ops[i].arg);
    ck_assert_uint_eq(thread_of(m, t)->n_ops, n);
}

START_TEST(every_event_becomes_its_words)
{
    static const struct plan_op root[] = {
        WORD(PHASE, 0, TRACE_PHASE_RUN),
        WORD(MALLOC, 0, 100),
        WORD(CALLOC, 1, 200),
        WORD(WIDE, 6, 0),
        WORD(ALIGNED, 2, 300),
        WORD(REALLOC_NULL, 3, 400),
        WORD(REPLACE, 0, 500),
        WORD(EXTENT, 3, 0),
        WORD(REALLOC, 1, 640),
        WORD(SPAWN, 0, 1),
        WORD(GIVE, 2, 0),
        WORD(JOIN, 0, 1),
        WORD(FREE, 3, 0),
        WORD(FREE, 0, 0),
        WORD(PHASE, 0, TRACE_PHASE_DRAIN),
        WORD(FREE, 1, 0),
        WORD(TAKE, 0, 16), /* of another pair: in a line of its own */
        WORD(FREE, 0, 0),
        WORD(END, 0, 0),
    };
    static const struct plan_op child[] = {WORD(TAKE, 0, 0), WORD(REPLACE, 0, 77),
                                           WORD(GIVE, 0, 16), WORD(END, 0, 0)};
    struct made m;
    write_all_kinds();
    make(&m, NULL);
    check_words(&m, 0, root, ARRAY_SIZE(root));
    check_words(&m, 1, child, ARRAY_SIZE(child));
    ck_assert(m.plan->flags & PLAN_LOOPS);
    ck_assert_uint_eq(m.plan->facts.peak_live_objects, 4);
    ck_assert_uint_eq(m.info.totals.n_cells, 1);
    release(&m);
}
END_TEST

START_TEST(large_objects_are_touched_as_the_program_did)
{
    static const struct plan_op root[] = {
        WORD(PHASE, 0, TRACE_PHASE_RUN),
        WORD(EXTENT, 0, 3),
        WORD(MALLOC, 0, 1 << 20),
        WORD(EXTENT, (1 << 20) / 64 + 1, 1), /* nothing: behind the end */
        WORD(CALLOC, 1, 1 << 20),
        WORD(MALLOC, 2, 1 << 20),
        WORD(EXTENT, (1 << 20) / 64, 5),
        WORD(REALLOC, 0, 1 << 22),
        WORD(PHASE, 0, TRACE_PHASE_DRAIN),
        WORD(FREE, 0, 0),
        WORD(FREE, 1, 0),
        WORD(FREE, 2, 0),
        WORD(END, 0, 0),
    };
    struct made m;
    struct trace_writer *w = begin(1);
    trace_writer_pages(w, 0, 3);
    uint32_t slot = enter(w, 0, 1 << 20);
    trace_writer_pages(w, 0, 0);
    trace_writer_enter(w, 0, TRACE_CALLOC, 1 << 20, 0);
    enter(w, 0, 1 << 20);
    trace_writer_pages(w, 0, 5);
    trace_writer_realloc(w, 0, slot, 1 << 20, 1 << 22);
    finish(w);
    make(&m, NULL);
    check_words(&m, 0, root, ARRAY_SIZE(root));
    release(&m);
}
END_TEST

/* The main thread gives `n` objects to the other, which frees each at once; 4 events each. */
static void write_handovers(uint32_t n)
{
    struct trace_writer *w = begin(2);
    trace_writer_thread(w, 0, TRACE_SPAWN, 1);
    for (uint32_t i = 0; i < n; i++) {
        trace_writer_time(w, 0, 1000 * i);
        trace_writer_time(w, 1, 1000 * i + 500);
        pass(w, 0, enter(w, 0, 100 + i % 7), 1);
    }
    trace_writer_thread(w, 1, TRACE_END, 0);
    trace_writer_thread(w, 0, TRACE_JOIN, 1);
    finish(w);
}

START_TEST(cells_are_used_again_after_a_pause)
{
    enum { N = 300000, PER_OBJECT = 4, PAUSE = 4 * 65536, EPOCH = 65536 };
    struct made m;
    write_handovers(N);
    make(&m, NULL); /* which proves that nobody waits for ever */
    ck_assert_uint_eq(m.plan->facts.remote_frees, N);
    ck_assert_uint_ge(m.plan->n_cells, (PAUSE - EPOCH) / PER_OBJECT);
    ck_assert_uint_le(m.plan->n_cells, (PAUSE + 2 * EPOCH) / PER_OBJECT);
    release(&m);
    make(&m, &(struct trace_plan_options){.pause = UINT32_MAX});
    ck_assert_uint_ge(m.plan->n_cells, N);
    release(&m);
}
END_TEST

START_TEST(a_long_plan_is_on_disk_and_has_the_same_words)
{
    struct made mapped, streamed;
    struct stat st;
    write_handovers(50000);
    make(&mapped, NULL);
    make(&streamed, &(struct trace_plan_options){.mapped_most = mapped.plan->n_bytes - 1});
    ck_assert_uint_eq(mapped.plan->flags, PLAN_LOOPS);
    ck_assert_uint_eq(streamed.plan->flags, PLAN_STREAMED);
    ck_assert_uint_eq(streamed.plan->n_bytes, mapped.plan->n_bytes);
    for (uint32_t t = 0; t < 2; t++)
        check_words(&streamed, t, plan_thread_ops(mapped.plan, t), thread_of(&mapped, t)->n_ops);
    ck_assert_int_eq(fstat(streamed.fd, &st), 0);
    ck_assert_uint_eq(st.st_nlink, 0);
    ck_assert_int_lt(pwrite(streamed.fd, "x", 1, 0), 0); /* nobody can change it */
    ck_assert_int_lt(pwrite(mapped.fd, "x", 1, 0), 0);
    release(&mapped);
    release(&streamed);
}
END_TEST

/* The last value of pace of a thread and how many there are; none falls. */
static uint64_t last_pace(const struct made *m, uint32_t t, uint64_t *n)
{
    const struct plan_op *ops = plan_thread_ops(m->plan, t);
    uint64_t last = 0;
    *n = 0;
    for (uint64_t i = 0; i < thread_of(m, t)->n_ops; i++) {
        if (plan_op_kind(ops[i]) != PLAN_PACE)
            continue;
        ck_assert_uint_gt(plan_op_pace(ops[i]), last);
        last = plan_op_pace(ops[i]);
        ++*n;
    }
    return last;
}

START_TEST(paces_are_positions_or_scaled_times)
{
    enum { N = 10000 };
    struct made m;
    uint64_t n;
    write_handovers(N);
    make(&m, &(struct trace_plan_options){.pace = TRACE_PACE_ORDER});
    ck_assert_uint_eq(m.plan->flags, PLAN_PACE_ORDER);
    ck_assert_uint_eq(m.plan->pace_window, 4 * N / TRACE_PACE_PARTS); /* a short trace */
    for (uint32_t t = 0; t < 2; t++) {
        uint64_t last = last_pace(&m, t, &n);
        ck_assert_uint_ge(n, 2 * N / 64); /* one in 64 events */
        ck_assert_uint_gt(last, 4 * N - 300);
        ck_assert_uint_lt(last, 4 * N + 4);
    }
    release(&m);
    static const uint64_t scales[] = {1000000, 500000, 3000000};
    for (unsigned i = 0; i < ARRAY_SIZE(scales); i++) {
        make(&m, &(struct trace_plan_options){.pace = TRACE_PACE_TIME, .scale = scales[i]});
        ck_assert_uint_eq(m.plan->flags, PLAN_PACE_TIME);
        uint64_t last = last_pace(&m, 1, &n), wanted = 1000 * (uint64_t)N * scales[i] / 1000000;
        ck_assert_uint_ge(last, wanted - wanted / 50);
        ck_assert_uint_le(last, wanted);
        ck_assert_uint_le(last, m.plan->facts.last_pace);
        release(&m);
    }
    make(&m, &(struct trace_plan_options){.pace = TRACE_PACE_TIME, .scale = 0});
    last_pace(&m, 1, &n);
    ck_assert_uint_eq(n, 0);
    release(&m);
}
END_TEST

START_TEST(copies_share_nothing)
{
    struct made one, three;
    write_handovers(1000);
    make(&one, NULL);
    make(&three, &(struct trace_plan_options){.copies = 3, .pace = TRACE_PACE_ORDER});
    ck_assert_uint_eq(three.plan->n_threads, 6);
    ck_assert_uint_eq(three.plan->n_roots, 3);
    ck_assert_uint_eq(three.plan->n_groups, 3);
    ck_assert_uint_eq(three.plan->n_cells, 3 * one.plan->n_cells);
    ck_assert_uint_eq(three.plan->facts.calls, 3 * one.plan->facts.calls);
    ck_assert_uint_eq(three.plan->facts.remote_frees, 3 * one.plan->facts.remote_frees);
    ck_assert_uint_eq(three.plan->facts.most_threads, 6);
    release(&one);
    release(&three);
}
END_TEST

/* Objects given long before they are taken, in both directions, by threads that start in turn. */
static void write_long_ways(void)
{
    enum { N = 60000, THREADS = 4 };
    struct trace_writer *w = begin(THREADS);
    static uint32_t cells[2][N];
    for (uint32_t i = 0; i < N; i++)
        cells[0][i] = trace_writer_give(w, 0, enter(w, 0, 64 + i % 100));
    for (uint32_t t = 1; t < THREADS; t++) {
        trace_writer_thread(w, 0, TRACE_SPAWN, t);
        for (uint32_t i = t - 1; i < N; i += THREADS - 1) {
            uint32_t slot = trace_writer_take(w, t, cells[0][i]);
            cells[1][i] = trace_writer_give(w, t, slot);
            enter(w, t, 1000);
        }
        trace_writer_thread(w, t, TRACE_END, 0);
    }
    for (uint32_t i = 0; i < N; i++)
        trace_writer_free_slot(w, 0, trace_writer_take(w, 0, cells[1][i]));
    finish(w);
}

START_TEST(what_is_whole_of_a_trace_that_was_cut_off_is_a_plan)
{
    static const enum trace_pace paces[] = {TRACE_PACE_NONE, TRACE_PACE_ORDER, TRACE_PACE_TIME};
    struct stat st;
    struct err err;
    struct made m;
    unsigned n_plans = 0;
    uint64_t calls = 0;
    write_long_ways();
    ck_assert_int_eq(stat(PATH, &st), 0);
    for (off_t bytes = st.st_size * 9 / 10; bytes > 300; bytes = bytes * 4 / 5) {
        ck_assert_int_eq(truncate(PATH, bytes), 0);
        int rc = trace_plan(
            PATH,
            &(struct trace_plan_options){.pace = paces[n_plans % 3], .copies = 1 + n_plans % 2},
            &m.fd, &m.plan, &m.info, &err);
        if (rc < 0) {
            ck_assert_str_ne(err.text, "");
            continue;
        }
        n_plans++;
        calls += m.plan->facts.calls;
        ck_assert_uint_eq(m.plan->facts.allocations, m.plan->facts.frees);
        release(&m);
    }
    ck_assert_uint_ge(n_plans, 4);
    ck_assert_uint_gt(calls, 0);
}
END_TEST

UNIT_MAIN("trace plan", every_event_becomes_its_words, large_objects_are_touched_as_the_program_did,
          cells_are_used_again_after_a_pause, a_long_plan_is_on_disk_and_has_the_same_words,
          paces_are_positions_or_scaled_times, copies_share_nothing,
          what_is_whole_of_a_trace_that_was_cut_off_is_a_plan)
