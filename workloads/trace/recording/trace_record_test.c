/* Real programs, really recorded: record_subject.c knows what it does, the tests what to find. */
#include "trace_record.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing/recording.h"
#include "testing/subject_sizes.h"

#define PATH "trace_record_test.trace"

static struct record_options options_for_test(void)
{
    return recording_options(PATH);
}

static char *subject(void)
{
    return getenv("SUBJECT");
}

static struct record_result record_with(const struct record_options *options, char *const argv[])
{
    return recording_make(options, argv);
}

static struct record_result record(char *const argv[])
{
    struct record_options options = options_for_test();
    return record_with(&options, argv);
}

static void must_make_a_plan(void)
{
    recording_must_make_a_plan(PATH);
}

static void visit(void (*see)(void *, const struct trace_event *), void *context)
{
    recording_visit(PATH, see, context);
}

static void must_be_whole(const struct record_result *r)
{
    recording_must_be_whole(r);
}

enum { RING_THREADS = 4, RING_OBJECTS = 20000, SLOTS = 4096 };
static unsigned ring_objects = RING_OBJECTS; /* at most as many */

/* What each thread of the ring freed, in its order, as the trace pairs it. */
struct ring_seen {
    uint64_t bytes[RING_THREADS + 1][SLOTS]; /* by thread and slot; 0: of another thread */
    uint32_t cell[RING_THREADS + 1][SLOTS];  /* where that one came from */
    uint64_t cell_bytes[RING_THREADS * RING_OBJECTS];
    uint32_t freed[RING_THREADS + 1][RING_OBJECTS]; /* cells */
    uint32_t n_freed[RING_THREADS + 1];
};

static void see_ring(void *context, const struct trace_event *e)
{
    struct ring_seen *s = context;
    if (e->thread == 0 || e->slot >= SLOTS)
        return;
    if (e->kind == TRACE_MALLOC)
        s->bytes[e->thread][e->slot] = e->bytes;
    if (e->kind == TRACE_GIVE)
        s->cell_bytes[e->other] = s->bytes[e->thread][e->slot];
    if (e->kind == TRACE_TAKE) {
        s->bytes[e->thread][e->slot] = 0;
        s->cell[e->thread][e->slot] = e->other;
    }
    if (e->kind == TRACE_FREE && s->n_freed[e->thread] < RING_OBJECTS) {
        ck_assert_uint_eq(s->bytes[e->thread][e->slot], 0);
        s->freed[e->thread][s->n_freed[e->thread]++] = s->cell[e->thread][e->slot];
    }
}

/*
 * Thread t frees in order what thread t - 1 allocated in order: sizes tell whether the trace says
 * so.
 */
static void check_ring(unsigned n_threads, uint64_t range)
{
    struct ring_seen *s = calloc(1, sizeof(*s));
    visit(see_ring, s);
    for (unsigned t = 0; t < n_threads; t++) {
        unsigned from = (t + n_threads - 1) % n_threads;
        ck_assert_uint_eq(s->n_freed[t + 1], ring_objects);
        for (unsigned k = 0; k < ring_objects; k++)
            ck_assert_uint_eq(s->cell_bytes[s->freed[t + 1][k]],
                              subject_ring_bytes(from, k, range));
    }
    free(s);
}

static void record_ring(const char *n_threads, const char *range, bool monotonic)
{
    char objects[16];
    snprintf(objects, sizeof(objects), "%u", ring_objects);
    char *argv[] = {subject(), "ring", (char *)n_threads, objects, (char *)range, NULL};
    struct record_options options = options_for_test();
    options.monotonic = monotonic;
    struct record_result r = record_with(&options, argv);
    ck_assert_int_eq(r.end.exit_status, 0);
    must_be_whole(&r);
    unsigned n = (unsigned)strtoul(n_threads, NULL, 10);
    ck_assert_uint_eq(r.info.totals.remote_frees, n * ring_objects);
    ck_assert_uint_eq(r.info.totals.n_cells, n * ring_objects);
    check_ring(n, strtoul(range, NULL, 10));
    must_make_a_plan();
}

START_TEST(hand_overs_are_paired_right_with_glibc)
{
    for (unsigned round = 0; round < 3; round++) {
        record_ring("2", "16", false);
        record_ring("3", "1000", false);
        record_ring("4", "16", round % 2 == 1);
    }
}
END_TEST

/*
 * A freed address is the next one handed out, to any thread: the order of stamps is all there is.
 */
START_TEST(hand_overs_are_paired_right_when_addresses_return_at_once)
{
    setenv("LD_PRELOAD", getenv("REUSE"), 1);
    for (unsigned round = 0; round < 4; round++) {
        record_ring("2", "3000", false);
        record_ring("4", "3000", round == 3);
    }
}
END_TEST

/*
 * Many short recordings, each with another interleaving: threads that begin, hand over a few
 * objects at addresses that return at once, and end. ROUNDS in the environment: how many.
 */
START_TEST(no_recording_of_many_pairs_wrong)
{
    const char *rounds = getenv("ROUNDS");
    setenv("LD_PRELOAD", getenv("REUSE"), 1);
    for (unsigned long i = rounds ? strtoul(rounds, NULL, 10) : 30; i > 0; i--) {
        ring_objects = 50 + (unsigned)(i * 7919 % 1000);
        record_ring(i % 3 == 0 ? "4" : "2", "3000", i % 16 == 1);
    }
}
END_TEST

static void count_churn(void *context, const struct trace_event *e)
{
    unsigned *n_by_hundreds = context;
    if (e->kind == TRACE_MALLOC && e->bytes % 100 == 0 && e->bytes <= 500)
        n_by_hundreds[e->bytes / 100]++;
}

START_TEST(threads_that_come_and_go_keep_their_events)
{
    char *argv[] = {subject(), "churn", NULL};
    struct record_result r = record(argv);
    const uint64_t *n = r.info.totals.n_events;
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_eq(r.info.n_threads, 1 + SUBJECT_THREADS);
    ck_assert_uint_eq(n[TRACE_JOIN], 2 * SUBJECT_THREADS / 3);
    unsigned made[6] = {0};
    visit(count_churn, made);
    ck_assert_uint_eq(made[1], SUBJECT_THREADS / 3 * 20);
    for (unsigned i = 2; i <= 5; i++)
        ck_assert_uint_eq(made[i], SUBJECT_THREADS / 3);
    ck_assert_uint_ge(n[TRACE_FREE], SUBJECT_THREADS / 3 * 24); /* by destructors, too */
    ck_assert_uint_eq(r.info.totals.remote_frees, SUBJECT_THREADS / 3);
    ck_assert_uint_eq(r.info.totals.conflicts, 0);
    must_make_a_plan();
}
END_TEST

START_TEST(a_killed_program_leaves_all_it_did)
{
    char *argv[] = {subject(), "killed", "30000", NULL};
    struct record_result r = record(argv);
    ck_assert_int_eq(r.end.signal, 9);
    ck_assert_int_eq(r.end.exit_status, 137);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_MALLOC], 30000);
    ck_assert_uint_eq(r.info.totals.peak_live_bytes, 30000 * 48);
    must_be_whole(&r);
    must_make_a_plan();
}
END_TEST

START_TEST(an_interrupt_ends_the_program_and_not_the_recording)
{
    char *argv[] = {subject(), "interrupted", NULL};
    ck_assert_int_eq(setpgid(0, 0), 0);
    struct record_result r = record(argv);
    ck_assert_int_eq(r.end.signal, 2);
    ck_assert_uint_eq(r.info.frees, 1000);
    must_be_whole(&r);
}
END_TEST

/* What ships with the project is a trace of this version, and makes a plan. */
START_TEST(the_shipped_trace_is_whole)
{
    int fd;
    const struct plan *plan;
    struct trace_info info;
    struct err err;
    ck_assert_msg(trace_plan(getenv("SHIPPED"), NULL, &fd, &plan, &info, &err) == 0, "%s",
                  err.text);
    ck_assert_uint_eq(info.totals.lost_events + info.totals.unknown_frees + info.totals.conflicts,
                      0);
    ck_assert_uint_gt(info.totals.remote_frees, 100000);
    ck_assert_uint_ge(plan->facts.remote_frees, info.totals.remote_frees);
    ck_assert_uint_eq(plan->facts.bytes, info.totals.bytes);
    os_unmap((void *)plan, plan->n_bytes);
    close(fd);
}
END_TEST

START_TEST(an_exit_without_goodbye_leaves_all_it_did)
{
    char *argv[] = {subject(), "quick-exit", "100000", NULL};
    struct record_result r = record(argv);
    ck_assert_int_eq(r.end.exit_status, 7);
    ck_assert_int_eq(r.end.signal, 0);
    ck_assert_uint_eq(r.info.frees, 100000);
    must_be_whole(&r);
}
END_TEST

static void see_child(void *context, const struct trace_event *e)
{
    unsigned *n = context;
    *n += e->bytes == SUBJECT_CHILD;
}

START_TEST(a_forked_child_is_left_alone)
{
    char *argv[] = {subject(), "forks", NULL};
    struct record_result r = record(argv);
    unsigned of_child = 0;
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_MALLOC], 5010);
    visit(see_child, &of_child);
    ck_assert_uint_eq(of_child, 0);
    must_be_whole(&r);
}
END_TEST

START_TEST(the_program_does_not_see_the_recorder)
{
    char *plain[] = {subject(), "environment", "-", NULL};
    unsetenv("LD_PRELOAD");
    ck_assert_int_eq(record(plain).end.exit_status, 0);
    char *preloaded[] = {subject(), "environment", getenv("REUSE"), NULL};
    setenv("LD_PRELOAD", getenv("REUSE"), 1);
    ck_assert_int_eq(record(preloaded).end.exit_status, 0);
}
END_TEST

START_TEST(every_function_of_the_family_is_seen)
{
    char *argv[] = {subject(), "family", NULL};
    struct record_result r = record(argv);
    const struct trace_totals *t = &r.info.totals;
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_eq(t->n_events[TRACE_MALLOC], 1);
    ck_assert_uint_eq(t->n_events[TRACE_CALLOC], 1);
    ck_assert_uint_eq(t->n_events[TRACE_REALLOC], 2);
    ck_assert_uint_eq(t->n_events[TRACE_REALLOC_IN], 1);
    ck_assert_uint_eq(t->n_events[TRACE_ALIGNED], 5);
    ck_assert_uint_eq(t->n_events[TRACE_FREE], 8);
    uint64_t page = os_page_bytes(), rounded = round_up(1010, page);
    ck_assert_uint_eq(t->bytes,
                      1001 + 1002 + 3 * 501 + 1004 + 5 * 201 + 1006 + 1024 + 1008 + 1009 + rounded);
    must_be_whole(&r);
    must_make_a_plan();
}
END_TEST

START_TEST(an_object_may_travel)
{
    char *argv[] = {subject(), "travels", NULL};
    struct record_result r = record(argv);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_GIVE], 2);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_TAKE], 2);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_REALLOC], 1);
    ck_assert_uint_eq(r.info.totals.remote_frees, 1);
    must_be_whole(&r);
    must_make_a_plan();
}
END_TEST

START_TEST(what_is_never_freed_and_never_joined_is_drained)
{
    char *argv[] = {subject(), "leaves", NULL};
    struct record_result r = record(argv);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_MALLOC], 100);
    ck_assert_uint_eq(r.info.frees, 0);
    ck_assert_uint_eq(r.info.n_threads, 2);
    must_make_a_plan();
}
END_TEST

START_TEST(a_full_spool_leaves_the_beginning_and_counts_the_rest)
{
    struct record_options options = options_for_test();
    options.spool_bytes = 96 << 10;
    char *argv[] = {subject(), "killed", "100000", NULL};
    struct record_result r = record_with(&options, argv);
    uint64_t kept = r.info.totals.n_events[TRACE_MALLOC];
    ck_assert_uint_gt(kept, 3000);
    ck_assert_uint_lt(kept, 100000);
    ck_assert_uint_eq(kept + r.info.totals.lost_events, 100000);
    must_make_a_plan();
}
END_TEST

/* One clear line, no trace, nothing left behind. */
static void must_fail(const struct record_options *options, char *const argv[],
                      const char *sentence)
{
    struct record_result result;
    struct err err;
    unlink(PATH);
    ck_assert_int_lt(trace_record(options, argv, &result, &err), 0);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "%s", err.text);
    ck_assert_int_ne(access(PATH, F_OK), 0);
}

START_TEST(what_cannot_be_recorded_is_told)
{
    struct record_options options = options_for_test();
    char *missing[] = {"no-such-program", NULL};
    must_fail(&options, missing, "cannot start no-such-program: No such file or directory");
    char *fixed[] = {getenv("STATIC_SUBJECT"), NULL};
    must_fail(&options, fixed, "did not load the recorder");
    options.output = "no/such/folder/x.trace";
    must_fail(&options, fixed, "cannot write to folder no/such/folder");
    options = options_for_test();
    options.recorder = "no-such-recorder.so";
    must_fail(&options, fixed, "cannot use the recorder no-such-recorder.so");
}
END_TEST

START_TEST(nothing_but_the_trace_is_left)
{
    ck_assert_int_eq(system("rm -rf left && mkdir left"), 0);
    struct record_options options = options_for_test();
    options.output = "left/x.trace";
    char *argv[] = {subject(), "travels", NULL};
    record_with(&options, argv);
    ck_assert_int_eq(system("test \"$(ls -A left)\" = x.trace"), 0);
    char *missing[] = {"no-such-program", NULL};
    unlink("left/x.trace");
    must_fail(&options, missing, "cannot start");
    ck_assert_int_eq(system("test -z \"$(ls -A left)\" && rmdir left"), 0);
}
END_TEST

UNIT_MAIN("trace_record", hand_overs_are_paired_right_with_glibc,
          hand_overs_are_paired_right_when_addresses_return_at_once,
          no_recording_of_many_pairs_wrong, threads_that_come_and_go_keep_their_events,
          a_killed_program_leaves_all_it_did, an_interrupt_ends_the_program_and_not_the_recording,
          the_shipped_trace_is_whole, an_exit_without_goodbye_leaves_all_it_did,
          a_forked_child_is_left_alone, the_program_does_not_see_the_recorder,
          every_function_of_the_family_is_seen, an_object_may_travel,
          what_is_never_freed_and_never_joined_is_drained,
          a_full_spool_leaves_the_beginning_and_counts_the_rest, what_cannot_be_recorded_is_told,
          nothing_but_the_trace_is_left)
