/* Programs that do what is hard on a recorder (testing/edge_subject.c), really recorded. */
#include "trace_record.h"

#include <stdio.h>
#include <string.h>

#include "testing/edge_sizes.h"
#include "testing/recording.h"

#define PATH "trace_record_edge_test.trace"

enum { THREADS = EDGE_THREADS + 8, SIZES = 1024 };

/* How many objects of each size began and ended, whichever threads they went through. */
struct seen {
    struct places {
        uint64_t *bytes;
        uint32_t room;
    } threads[THREADS], cells;
    uint64_t made[SIZES], ended[SIZES];
};

static uint64_t *place_of(struct places *s, uint32_t i)
{
    while (i >= s->room) {
        uint32_t room = s->room ? 2 * s->room : 16;
        s->bytes = realloc(s->bytes, room * sizeof(*s->bytes));
        ck_assert_ptr_nonnull(s->bytes);
        memset(s->bytes + s->room, 0, (room - s->room) * sizeof(*s->bytes));
        s->room = room;
    }
    return &s->bytes[i];
}

static void count(uint64_t *by_size, uint64_t bytes)
{
    if (bytes < SIZES)
        by_size[bytes]++;
}

static void see(void *context, const struct trace_event *e)
{
    struct seen *s = context;
    ck_assert_uint_lt(e->thread, THREADS);
    struct places *mine = &s->threads[e->thread];
    switch (e->kind) {
    case TRACE_MALLOC:
    case TRACE_CALLOC:
    case TRACE_ALIGNED:
    case TRACE_REALLOC_IN:
        *place_of(mine, e->slot) = e->bytes;
        count(s->made, e->bytes);
        break;
    case TRACE_REALLOC:
        count(s->ended, *place_of(mine, e->slot));
        count(s->made, e->bytes);
        *place_of(mine, e->slot) = e->bytes;
        break;
    case TRACE_FREE:
        count(s->ended, *place_of(mine, e->slot));
        break;
    case TRACE_GIVE:
        *place_of(&s->cells, e->other) = *place_of(mine, e->slot);
        break;
    case TRACE_TAKE:
        *place_of(mine, e->slot) = *place_of(&s->cells, e->other);
        break;
    default:
        break;
    }
}

/* Every test has a process of its own: what is seen goes with it. */
static struct seen *look_at(const char *path)
{
    struct seen *s = calloc(1, sizeof(*s));
    ck_assert_ptr_nonnull(s);
    recording_visit(path, see, s);
    return s;
}

static void must_be_pairs(const struct seen *s, unsigned bytes, uint64_t n)
{
    ck_assert_uint_eq(s->made[bytes], n);
    ck_assert_uint_eq(s->ended[bytes], n);
}

static struct record_result record(const char *what)
{
    struct record_options options = recording_options(PATH);
    char *argv[] = {getenv("EDGE_SUBJECT"), (char *)what, NULL};
    return recording_make(&options, argv);
}

/* The program found everything in order, and all that it did was understood. */
static struct seen *record_whole(const char *what)
{
    struct record_result r = record(what);
    ck_assert_int_eq(r.end.exit_status, 0);
    recording_must_be_whole(&r);
    recording_must_make_a_plan(PATH);
    return look_at(PATH);
}

static void check_far(void)
{
    struct seen *s = record_whole("far");
    for (unsigned i = 0; i < 100; i++) {
        must_be_pairs(s, EDGE_FIRST + i, EDGE_FAR / 100);
        must_be_pairs(s, EDGE_FIRST + 100 + i, i % 2 == 0 ? EDGE_FAR / 100 : 0);
    }
}

START_TEST(objects_that_live_long_are_freed)
{
    check_far();
}
END_TEST

START_TEST(objects_at_multiples_of_eight_are_told_apart)
{
    setenv("LD_PRELOAD", getenv("BUMP"), 1);
    check_far();
}
END_TEST

START_TEST(signal_handlers_may_allocate_at_any_moment)
{
    setenv("LD_PRELOAD", getenv("BUMP"), 1);
    struct record_result r = record("handlers");
    ck_assert_int_eq(r.end.exit_status, 0);
    recording_must_be_whole(&r);
    struct seen *s = look_at(PATH);
    must_be_pairs(s, EDGE_FIRST, s->made[EDGE_FIRST]);
    ck_assert_uint_eq(s->made[EDGE_HANDLER], s->ended[EDGE_HANDLER]);
    ck_assert_uint_gt(s->made[EDGE_HANDLER], 0);
    ck_assert_uint_gt(r.inner_calls, 0);
    ck_assert_uint_eq(2 * s->made[EDGE_HANDLER] + r.inner_calls, 2 * EDGE_HANDLED);
}
END_TEST

START_TEST(a_jump_out_of_a_join_does_not_end_the_recording)
{
    must_be_pairs(record_whole("jumps"), EDGE_FIRST, EDGE_PAIRS);
}
END_TEST

START_TEST(a_thread_may_be_cancelled_in_a_join)
{
    struct record_result r = record("cancelled");
    ck_assert_int_eq(r.end.exit_status, 0);
    recording_must_be_whole(&r);
    must_be_pairs(look_at(PATH), EDGE_FIRST, 1);
    ck_assert_uint_eq(r.info.totals.n_events[TRACE_JOIN], 2); /* in time, and tried */
}
END_TEST

START_TEST(a_thousand_threads_on_small_stacks)
{
    struct record_result r = record("thousand");
    if (r.end.exit_status == 77)
        return; /* no room for so many here */
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_eq(r.info.n_threads, EDGE_THREADS + 1);
    ck_assert_uint_eq(r.info.totals.most_threads, EDGE_THREADS + 1);
    recording_must_be_whole(&r);
    must_be_pairs(look_at(PATH), EDGE_FIRST, 3 * EDGE_THREADS);
}
END_TEST

START_TEST(threads_may_outlive_main)
{
    struct seen *s = record_whole("main-ends-first");
    must_be_pairs(s, EDGE_FIRST, EDGE_PAIRS);
    must_be_pairs(s, EDGE_FIRST + 1, EDGE_PAIRS);
}
END_TEST

START_TEST(free_keeps_errno)
{
    must_be_pairs(record_whole("errno"), EDGE_FIRST, 4);
}
END_TEST

START_TEST(a_limit_of_file_sizes_ends_the_recording_and_not_the_program)
{
    struct record_result r = record("short-files");
    struct seen *s = look_at(PATH);
    ck_assert_int_eq(r.end.signal, 0);
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_gt(s->made[EDGE_FIRST], 1000);
    ck_assert_uint_ge(s->made[EDGE_FIRST] + s->ended[EDGE_FIRST] + r.info.totals.lost_events,
                      200000);
    recording_must_make_a_plan(PATH);
}
END_TEST

START_TEST(a_program_without_address_space_goes_on)
{
    struct record_result r = record("little-address-space");
    ck_assert_int_eq(r.end.exit_status, 0);
    recording_must_be_whole(&r);
    must_be_pairs(look_at(PATH), EDGE_FIRST, 65);
}
END_TEST

START_TEST(descriptors_may_be_closed)
{
    must_be_pairs(record_whole("closes"), EDGE_FIRST, EDGE_MANY);
}
END_TEST

START_TEST(rights_may_be_given_up)
{
    struct record_result r = record("rights");
    if (r.end.exit_status == 77)
        return; /* there are none */
    recording_must_be_whole(&r);
    must_be_pairs(look_at(PATH), EDGE_FIRST, EDGE_MANY);
}
END_TEST

START_TEST(what_finds_no_way_to_the_spool_is_counted)
{
    struct record_result r = record("all");
    if (r.end.exit_status == 77)
        return;
    struct seen *s = look_at(PATH);
    ck_assert_int_eq(r.end.exit_status, 0);
    ck_assert_uint_gt(r.info.totals.lost_events, 0);
    ck_assert_uint_ge(s->made[EDGE_FIRST] + s->ended[EDGE_FIRST] + r.info.totals.lost_events,
                      2 * EDGE_MANY);
}
END_TEST

START_TEST(children_are_left_alone_whoever_forks_them)
{
    struct seen *s = record_whole("forks");
    must_be_pairs(s, EDGE_FIRST, EDGE_PAIRS);
    must_be_pairs(s, EDGE_FIRST + 1, s->made[EDGE_FIRST + 1]);
    must_be_pairs(s, EDGE_CHILD, 0);
    must_be_pairs(s, EDGE_CHILD + 1, 0);
}
END_TEST

START_TEST(a_child_that_shares_memory_changes_nothing)
{
    must_be_pairs(record_whole("vforks"), EDGE_FIRST, EDGE_PAIRS);
}
END_TEST

START_TEST(a_copy_past_fork_writes_no_further)
{
    struct record_result r = record("clones");
    struct seen *s = look_at(PATH);
    ck_assert_int_eq(r.end.exit_status, 0);
    must_be_pairs(s, EDGE_FIRST, EDGE_MANY);
    must_be_pairs(s, EDGE_CHILD, 0);
}
END_TEST

static void check_forked(const struct record_result *r, unsigned n_traces, uint64_t of_children)
{
    struct record_options options = recording_options(PATH);
    uint64_t of_child = 0, of_grandchild = 0;
    ck_assert_int_eq(r->end.exit_status, 0);
    ck_assert_uint_eq(r->n_traces, n_traces);
    for (unsigned i = 1; i < n_traces; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%.*s.%u.trace", (int)strlen(options.output) - 6,
                 options.output, i);
        struct seen *s = look_at(path);
        recording_must_make_a_plan(path);
        must_be_pairs(s, EDGE_CHILD, s->made[EDGE_CHILD]);
        must_be_pairs(s, EDGE_CHILD + 1, s->made[EDGE_CHILD + 1]);
        ck_assert(s->made[EDGE_CHILD] % 10 == 0 && s->made[EDGE_CHILD] <= 10);
        of_child += s->made[EDGE_CHILD];
        of_grandchild += s->made[EDGE_CHILD + 1];
        unlink(path);
    }
    ck_assert_uint_eq(of_child, of_children);
    ck_assert(of_grandchild == 0 || of_grandchild == of_children);
}

static struct record_result record_tree(const char *what)
{
    struct record_options options = recording_options(PATH);
    char *argv[] = {getenv("EDGE_SUBJECT"), (char *)what, NULL};
    options.tree = true;
    return recording_make(&options, argv);
}

START_TEST(a_tree_has_a_trace_for_each_process)
{
    struct record_result r = record_tree("forks");
    check_forked(&r, 1 + 2 * EDGE_FORKS, 10 * EDGE_FORKS);
    must_be_pairs(look_at(PATH), EDGE_FIRST, EDGE_PAIRS);
}
END_TEST

START_TEST(a_daemon_is_waited_for)
{
    struct record_result r = record_tree("daemon");
    check_forked(&r, 3, 10);
    ck_assert_uint_eq(look_at(PATH)->ended[EDGE_FIRST], 0); /* that was the child's copy */
}
END_TEST

/* Pages of the object of EDGE_HUGE or EDGE_MIDDLE bytes, and of what a realloc added to it. */
struct pages {
    uint32_t made, added;
    unsigned n, n_unlike; /* objects, and those that had other pages than the last */
};

static void see_pages(void *context, const struct trace_event *e)
{
    struct pages *p = context;
    if (e->kind == TRACE_MALLOC && (e->bytes == EDGE_HUGE || e->bytes == EDGE_MIDDLE)) {
        p->n_unlike += p->n++ > 0 && e->pages != p->made;
        p->made = e->pages;
    }
    if (e->kind == TRACE_REALLOC && e->bytes >= 2 * (uint64_t)EDGE_MIDDLE)
        p->added = e->pages;
}

/* The first page is also that of the C library's own words before the object. */
static struct pages pages_of(const char *what)
{
    struct pages p = {.made = TRACE_PAGES_ALL, .added = TRACE_PAGES_ALL};
    unsetenv("MALLOC_PERTURB_"); /* touches all */
    record_whole(what);
    recording_visit(PATH, see_pages, &p);
    return p;
}

START_TEST(pages_are_counted_however_the_object_ends)
{
    ck_assert_uint_eq(pages_of("touched-freed").made, EDGE_PAGES);
    ck_assert_uint_eq(pages_of("touched-alive").made, EDGE_PAGES);
    ck_assert_uint_eq(pages_of("touched-exit").made, EDGE_PAGES);
}
END_TEST

START_TEST(a_moved_object_keeps_its_pages_and_counts_the_new_ones)
{
    struct pages p = pages_of("touched-moved");
    ck_assert_uint_eq(p.made, EDGE_PAGES);
    ck_assert_uint_eq(p.added, EDGE_PAGES / 2);
}
END_TEST

START_TEST(pages_of_smaller_objects_are_counted_in_memory_that_was_used_before)
{
    ck_assert_uint_eq(pages_of("touched-middle-freed").made, 2);
    struct pages p = pages_of("touched-middle-moved");
    ck_assert_uint_eq(p.made, 2);
    ck_assert_uint_eq(p.added, 2); /* and not what the copying wrote */
}
END_TEST

/* The page before an object's may be another's, so one in a row may have one page more. */
START_TEST(smaller_objects_that_are_not_watched_are_like_those_that_are)
{
    struct pages p = pages_of("touched-middle-many");
    ck_assert_uint_eq(p.n, 300);
    ck_assert_uint_ge(p.made, 3);
    ck_assert_uint_le(p.made, 4);
    ck_assert_uint_lt(p.n_unlike, 30);
}
END_TEST

struct times {
    uint64_t now[THREADS], first, second;
};

static void see_times(void *context, const struct trace_event *e)
{
    struct times *t = context;
    if (e->kind == TRACE_CLOCK)
        t->now[e->thread] += e->bytes;
    if (e->kind == TRACE_MALLOC && e->bytes == EDGE_FIRST)
        t->first = t->now[e->thread];
    if (e->kind == TRACE_MALLOC && e->bytes == EDGE_FIRST + 1)
        t->second = t->now[e->thread];
}

START_TEST(think_time_is_kept)
{
    static struct times t;
    record_whole("sleeps");
    recording_visit(PATH, see_times, &t);
    double ms = (double)(t.second - t.first) / 1e6;
    ck_assert_double_ge(ms, EDGE_SLEEP_MS - 5);
    ck_assert_double_le(ms, EDGE_SLEEP_MS + 50);
}
END_TEST

static void check_operators(void)
{
    struct seen *s = record_whole("operators");
    for (unsigned i = 0; i < 3; i++)
        must_be_pairs(s, EDGE_FIRST + i, EDGE_PAIRS);
}

START_TEST(operators_of_cxx_are_seen)
{
    check_operators();
    setenv("LD_PRELOAD", getenv("BUMP"), 1);
    check_operators();
}
END_TEST

UNIT_MAIN("trace_record_edge", objects_that_live_long_are_freed,
          objects_at_multiples_of_eight_are_told_apart, signal_handlers_may_allocate_at_any_moment,
          a_jump_out_of_a_join_does_not_end_the_recording, a_thread_may_be_cancelled_in_a_join,
          a_thousand_threads_on_small_stacks, threads_may_outlive_main, free_keeps_errno,
          a_limit_of_file_sizes_ends_the_recording_and_not_the_program,
          a_program_without_address_space_goes_on, descriptors_may_be_closed,
          rights_may_be_given_up, what_finds_no_way_to_the_spool_is_counted,
          children_are_left_alone_whoever_forks_them, a_child_that_shares_memory_changes_nothing,
          a_copy_past_fork_writes_no_further, a_tree_has_a_trace_for_each_process,
          a_daemon_is_waited_for, pages_are_counted_however_the_object_ends,
          pages_of_smaller_objects_are_counted_in_memory_that_was_used_before,
          smaller_objects_that_are_not_watched_are_like_those_that_are,
          a_moved_object_keeps_its_pages_and_counts_the_new_ones, think_time_is_kept,
          operators_of_cxx_are_seen)
