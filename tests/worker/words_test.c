/*
 * That a worker does what the plan says, each word of it. Libraries that watch or fail on purpose
 * are preloaded where the runner's own figures, which follow from the plan, would prove nothing.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

/* Thread 0 makes objects of 1000, 1001, ... bytes, thread 1 frees them in that order. */
static void plan_handovers(struct rig *r, uint32_t n, uint32_t ring)
{
    struct plan_builder *b = r->builder;
    uint32_t cell[64];
    plan_builder_root(b, 1);
    for (uint32_t i = 0; i < ring; i++)
        cell[i] = plan_builder_cell(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_loop_begin(b, 1);
    for (uint32_t i = 0; i < n; i++) {
        plan_builder_malloc(b, 0, i % 3, 1000 + i);
        plan_builder_give(b, 0, i % 3, cell[i % ring]);
        plan_builder_take(b, 1, i % 5, cell[i % ring]);
        plan_builder_free_slot(b, 1, i % 5);
    }
    plan_builder_loop_end(b, 0);
    plan_builder_loop_end(b, 1);
}

static void watch(struct rig *r, const char *const *environment)
{
    r->library = getenv("WITNESS");
    ck_assert_ptr_nonnull(r->library);
    r->environment = environment;
}

START_TEST(objects_handed_over_arrive_in_order_and_are_freed_by_the_other_thread)
{
    static const char *const environment[] = {"WITNESS_FREES=remote", "WITNESS_BYTES=1000",
                                              "WITNESS_LAST=2999", NULL};
    static const uint32_t rings[] = {1, 2, 64};
    struct rig r;
    rig_init(&r, 2);
    watch(&r, environment);
    r.run_ns = 20 * NS_PER_MS;
    plan_handovers(&r, 2000, rings[_i]);
    rig_run_well(&r);
    ck_assert_uint_eq(r.plan->facts.remote_frees, 2000);
    ck_assert_uint_eq(r.result.calls, r.result.passes * 4000);
    rig_release(&r);
}
END_TEST

/* Shows that the test above can fail. */
START_TEST(the_witness_sees_what_is_wrong)
{
    static const char *const environment[][4] = {
        {"WITNESS_FREES=ascending", "WITNESS_BYTES=1000", "WITNESS_LAST=1001", NULL},
        {"WITNESS_FREES=remote", "WITNESS_BYTES=1000", "WITNESS_LAST=1001", NULL}};
    static const char *const words[] = {"freed an object of 1001 bytes where one of 1000 was next",
                                        "freed an object of 1000 bytes in the thread that made it"};
    struct rig r;
    rig_init(&r, 1);
    watch(&r, environment[_i]);
    plan_builder_malloc(r.builder, 0, 0, 1000);
    plan_builder_malloc(r.builder, 0, 1, 1001);
    plan_builder_free_slot(r.builder, 0, _i == 0);
    plan_builder_free_slot(r.builder, 0, _i != 0);
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_CRASHED);
    ck_assert_int_eq(r.result.signal, SIGABRT);
    ck_assert_ptr_nonnull(strstr(r.result.message, words[_i]));
    rig_release(&r);
}
END_TEST

/* Each kind of allocation, a few times. */
static void plan_all_kinds(struct rig *r)
{
    struct plan_builder *b = r->builder;
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t bytes = 1 + 37 * i;
        plan_builder_malloc(b, 0, 0, bytes);
        plan_builder_calloc(b, 0, 1, bytes);
        plan_builder_aligned(b, 0, 2, (uint64_t)1 << (i % 17), bytes);
        plan_builder_realloc_null(b, 0, 3, bytes);
        plan_builder_realloc(b, 0, 3, bytes, 3 * bytes);
        plan_builder_realloc(b, 0, 3, 3 * bytes, bytes);
        plan_builder_phase(b, 0, i);
        plan_builder_free_slot(b, 0, 1);
        plan_builder_malloc(b, 0, 1, 2 * bytes); /* in place: one word */
        for (uint32_t slot = 0; slot < 4; slot++)
            plan_builder_free_slot(b, 0, slot);
    }
}

/* One thread that replaces an object of 1000 bytes, on the process's main thread or off it. */
static void run_alone(struct rig *r, bool off_main, const char *const *environment)
{
    rig_init(r, 1);
    watch(r, environment);
    r->run_ns = 5 * NS_PER_MS;
    r->warm_up = 2;
    if (off_main)
        plan_builder_off_main(r->builder);
    plan_builder_malloc(r->builder, 0, 0, 1000);
    plan_builder_loop_begin(r->builder, 0);
    for (int i = 0; i < 1000; i++) {
        plan_builder_free_slot(r->builder, 0, 0);
        plan_builder_malloc(r->builder, 0, 0, 1000);
    }
    plan_builder_loop_end(r->builder, 0);
    plan_builder_free_slot(r->builder, 0, 0);
}

START_TEST(a_plan_of_one_thread_has_the_process_to_itself_or_runs_on_a_second_thread)
{
    static const char *const alone[] = {"WITNESS_THREAD=alone", "WITNESS_BYTES=1000",
                                        "WITNESS_LAST=1000", NULL};
    static const char *const second[] = {"WITNESS_THREAD=second", "WITNESS_BYTES=1000",
                                         "WITNESS_LAST=1000", NULL};
    for (int off_main = 0; off_main < 2; off_main++) {
        struct rig r;
        run_alone(&r, off_main, off_main ? second : alone);
        rig_run_well(&r);
        ck_assert_uint_gt(r.result.calls, 2000);
        rig_release(&r);
        run_alone(&r, off_main, off_main ? alone : second); /* the witness does look */
        rig_run(&r);
        ck_assert_int_eq(r.result.status, TRIAL_CRASHED);
        ck_assert_ptr_nonnull(strstr(r.result.message, "witness: an object is asked for by"));
        rig_release(&r);
    }
}
END_TEST

START_TEST(each_kind_of_call_works_with_each_way_of_touching)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = (enum touch)_i;
    plan_all_kinds(&r);
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.calls, 1200);
    rig_release(&r);
}
END_TEST

/* The calls that the runner tells follow from the plan; here a library counts them. */
START_TEST(just_as_many_requests_are_made_as_the_plan_has)
{
    static const char *const last_of_it[] = {"FAULT=starve", "FAULT_AFTER=600", "FAULT_BYTES=5000",
                                             NULL};
    static const char *const one_more[] = {"FAULT=starve", "FAULT_AFTER=601", "FAULT_BYTES=5000",
                                           NULL};
    struct rig r;
    rig_init(&r, 1);
    r.library = getenv("FAULTY");
    r.environment = _i ? one_more : last_of_it;
    for (uint32_t i = 0; i < 600; i++) {
        plan_builder_malloc(r.builder, 0, 0, 5000 + i);
        plan_builder_free_slot(r.builder, 0, 0);
    }
    rig_run(&r);
    ck_assert_int_eq(r.result.status, _i ? TRIAL_OK : TRIAL_OUT_OF_MEMORY);
    if (_i == 0)
        ck_assert_ptr_nonnull(strstr(r.result.message, "malloc of 5599 bytes returned NULL"));
    rig_release(&r);
}
END_TEST

START_TEST(a_body_is_repeated_until_the_time_is_over)
{
    struct rig r;
    rig_init(&r, 1);
    r.run_ns = 30 * NS_PER_MS;
    plan_builder_malloc(r.builder, 0, 1, 10); /* before and after: once */
    plan_builder_loop_begin(r.builder, 0);
    plan_builder_malloc(r.builder, 0, 0, 100);
    plan_builder_free_slot(r.builder, 0, 0);
    plan_builder_loop_end(r.builder, 0);
    plan_builder_free_slot(r.builder, 0, 1);
    rig_run_well(&r);
    ck_assert_uint_gt(r.result.passes, 1);
    ck_assert_uint_eq(r.result.calls, 2 + 2 * r.result.passes);
    ck_assert_uint_ge(r.result.wall_ns, r.run_ns);
    rig_release(&r);
}
END_TEST

/* `n` threads alive at once, each with an object of its own. */
static void plan_crowd(struct rig *r, uint32_t n)
{
    struct plan_builder *b = r->builder;
    for (uint32_t i = 1; i < n; i++) {
        plan_builder_malloc(b, i, 0, 100 + i);
        plan_builder_free_slot(b, i, 0);
        plan_builder_spawn(b, 0, i);
    }
    for (uint32_t i = 1; i < n; i++)
        plan_builder_join(b, 0, i);
}

START_TEST(a_thread_may_start_and_join_499_others)
{
    struct rig r;
    rig_init(&r, 500);
    plan_crowd(&r, 500);
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.calls, 998);
    rig_release(&r);
}
END_TEST

START_TEST(five_hundred_threads_may_start_with_the_clock)
{
    struct rig r;
    rig_init(&r, 500);
    for (uint32_t i = 0; i < 500; i++) {
        plan_builder_root(r.builder, i);
        plan_builder_malloc(r.builder, i, 0, 100);
        plan_builder_free_slot(r.builder, i, 0);
    }
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.calls, 1000);
    rig_release(&r);
}
END_TEST

START_TEST(a_line_of_threads_each_started_by_the_one_before)
{
    struct rig r;
    rig_init(&r, 100);
    for (uint32_t i = 0; i + 1 < 100; i++) {
        plan_builder_spawn(r.builder, i, i + 1);
        plan_builder_malloc(r.builder, i, 0, 64);
        plan_builder_free_slot(r.builder, i, 0);
        plan_builder_join(r.builder, i, i + 1);
    }
    rig_run_well(&r);
    rig_release(&r);
}
END_TEST

START_TEST(threads_that_need_nothing_of_each_other_do_not_wait)
{
    struct rig r;
    rig_init(&r, 2);
    r.run_ns = 20 * NS_PER_MS;
    for (uint32_t i = 0; i < 2; i++) {
        plan_builder_root(r.builder, i);
        plan_builder_loop_begin(r.builder, i);
        plan_builder_malloc(r.builder, i, 0, 100);
        plan_builder_free_slot(r.builder, i, 0);
        plan_builder_loop_end(r.builder, i);
    }
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.stall_ns, 0);
    rig_release(&r);
}
END_TEST

/* The maker has a lot to do first. */
static void plan_late_handover(struct rig *r)
{
    struct plan_builder *b = r->builder;
    uint32_t cell = plan_builder_cell(b);
    plan_builder_root(b, 1);
    for (uint32_t i = 0; i < 1000000; i++) {
        plan_builder_malloc(b, 0, 0, 100);
        plan_builder_free_slot(b, 0, 0);
    }
    plan_builder_malloc(b, 0, 0, 100);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_free_slot(b, 1, 0);
}

/*
 * The maker's calls take some ms, and no allocator does one in less than half a nanosecond; but on a
 * busy machine the taker may get a CPU only when the maker is done, and then has not waited.
 */
START_TEST(waiting_for_an_object_is_told)
{
    bool told = false;
    for (unsigned round = 0; round < 10 && !told; round++) {
        struct rig r;
        rig_init(&r, 2);
        plan_late_handover(&r);
        rig_run_well(&r);
        told = r.result.stall_ns > NS_PER_MS / 2;
        ck_assert_uint_le(r.result.stall_ns, r.result.wall_ns);
        rig_release(&r);
    }
    ck_assert(told);
}
END_TEST

START_TEST(a_request_that_nobody_can_serve_is_out_of_memory)
{
    struct rig r;
    char expected[128];
    rig_init(&r, 2);
    plan_builder_spawn(r.builder, 0, 1);
    plan_builder_join(r.builder, 0, 1);
    plan_builder_malloc(r.builder, 1, 1, 16);
    plan_builder_malloc(r.builder, 1, 0, (uint64_t)1 << 50);
    plan_builder_free_slot(r.builder, 1, 0);
    plan_builder_free_slot(r.builder, 1, 1);
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_OUT_OF_MEMORY);
    snprintf(expected, sizeof(expected), "malloc of %lu bytes returned NULL", (1ul << 50));
    ck_assert_ptr_nonnull(strstr(r.result.message, expected));
    ck_assert_ptr_nonnull(strstr(r.result.message, "thread 1, operation 2"));
    rig_release(&r);
}
END_TEST

START_TEST(an_object_of_no_bytes_is_fine)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    plan_builder_malloc(r.builder, 0, 0, 0);
    plan_builder_calloc(r.builder, 0, 1, 0);
    plan_builder_free_slot(r.builder, 0, 1);
    plan_builder_free_slot(r.builder, 0, 0);
    rig_run_well(&r);
    rig_release(&r);
}
END_TEST

START_TEST(the_result_names_the_file_and_the_facts)
{
    struct rig r;
    rig_init(&r, 1);
    plan_all_kinds(&r);
    rig_run_well(&r);
    ck_assert_str_ne(r.result.malloc_path, "");
    ck_assert_str_eq(r.result.environment, "");
    ck_assert_uint_gt(r.result.wall_ns, 0);
    ck_assert_uint_gt(r.result.baseline_bytes, 0);
    ck_assert_uint_gt(r.result.n_mappings, 0);
    ck_assert_int_eq(r.result.signal, 0);
    rig_release(&r);
}
END_TEST

/* Aligned, so that the first byte of each object lies in a page that nothing else has written. */
static void plan_touches(struct rig *r, uint32_t times)
{
    for (uint32_t i = 0; i < 200; i++)
        plan_builder_aligned(r->builder, 0, i, 64 * KIB, MIB);
    for (uint32_t i = 0; i < 200 && times > 0; i++)
        plan_builder_touch(r->builder, 0, i, times);
    for (uint32_t i = 0; i < 200; i++)
        plan_builder_free_slot(r->builder, 0, i);
}

START_TEST(the_word_touch_writes_as_often_as_it_says_whatever_the_policy)
{
    enum { MANY = 100000, WRITES_PER_NS = 16 }; /* more than any processor does */
    static const uint32_t times[] = {0, 1, MANY};
    struct trial_result seen[ARRAY_SIZE(times)];
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        struct rig r;
        rig_init(&r, 1);
        r.touch = TOUCH_NONE;
        plan_touches(&r, times[i]);
        rig_run_well(&r);
        seen[i] = r.result;
        rig_release(&r);
    }
    ck_assert_uint_eq(seen[2].calls, seen[0].calls);
    ck_assert_uint_ge(seen[1].minor_faults, seen[0].minor_faults + 190);
    ck_assert_uint_lt(seen[2].minor_faults, seen[1].minor_faults + 20);
    ck_assert_uint_ge(seen[2].wall_ns, (uint64_t)200 * MANY / WRITES_PER_NS);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("words");
    if (getenv("WITNESS")) {
        tcase_add_loop_test(
            all, objects_handed_over_arrive_in_order_and_are_freed_by_the_other_thread, 0, 3);
        tcase_add_test(all,
                       a_plan_of_one_thread_has_the_process_to_itself_or_runs_on_a_second_thread);
        tcase_add_loop_test(all, the_witness_sees_what_is_wrong, 0, 2);
        tcase_add_test(all, the_word_touch_writes_as_often_as_it_says_whatever_the_policy);
        tcase_add_loop_test(all, just_as_many_requests_are_made_as_the_plan_has, 0, 2);
    }
    tcase_add_loop_test(all, each_kind_of_call_works_with_each_way_of_touching, 0, TOUCH_KINDS);
    tcase_add_test(all, a_body_is_repeated_until_the_time_is_over);
    tcase_add_test(all, a_thread_may_start_and_join_499_others);
    tcase_add_test(all, five_hundred_threads_may_start_with_the_clock);
    tcase_add_test(all, a_line_of_threads_each_started_by_the_one_before);
    tcase_add_test(all, threads_that_need_nothing_of_each_other_do_not_wait);
    tcase_add_test(all, waiting_for_an_object_is_told);
    tcase_add_test(all, a_request_that_nobody_can_serve_is_out_of_memory);
    tcase_add_test(all, an_object_of_no_bytes_is_fine);
    tcase_add_test(all, the_result_names_the_file_and_the_facts);
    return rig_main(all);
}
