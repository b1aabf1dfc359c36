/*
 * That at the marks of a survey no thread is in the allocator, and that all get to their ends. The library calm ends
 * the worker where a thread is; see calm.h.
 */
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

static void be_calm(struct rig *r)
{
    static const char *const environment[] = {"CALM_SLOW=50", NULL};
    r->library = getenv("CALM");
    ck_assert_ptr_nonnull(r->library);
    r->environment = environment;
}

/* A survey that ends well, with the steps that a plan has, all of which asked the allocator. */
static void survey_calmly(struct rig *r)
{
    be_calm(r);
    rig_survey(r);
    ck_assert_msg(r->result.status == TRIAL_OK, "%s: %s", trial_status_name(r->result.status),
                  r->result.message);
    /* By time there are fewer where the machine is busy. */
    ck_assert_uint_gt(r->survey.n_marks, r->plan->flags & PLAN_LOOPS ? 5 : 16);
    for (uint32_t i = 0; i < r->survey.n_marks; i++)
        ck_assert_uint_gt(r->survey.marks[i].held_bytes,
                          i > 0 ? r->survey.marks[i - 1].held_bytes : 0);
    const struct survey_mark *last = &r->survey.marks[r->survey.n_marks - 1];
    ck_assert_uint_eq(last->kind, SURVEY_DRAINED);
    if (!(r->plan->flags & PLAN_LOOPS))
        ck_assert_uint_eq(last->ops, r->plan->n_ops - r->plan->n_threads);
    ck_assert_uint_eq(last->live_objects, 0);
    ck_assert_uint_eq(last->live_bytes, 0);
}

static void plan_pairs(struct rig *r, uint32_t thread, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        plan_builder_malloc(r->builder, thread, i % 7, 100 + i);
        plan_builder_free_slot(r->builder, thread, i % 7);
    }
}

START_TEST(threads_that_run_all_the_time)
{
    struct rig r;
    rig_init(&r, 8);
    for (uint32_t t = 0; t < 8; t++) {
        plan_builder_root(r.builder, t);
        plan_pairs(&r, t, 1000 + 200 * t);
    }
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

START_TEST(threads_that_repeat_their_bodies)
{
    struct rig r;
    rig_init(&r, 6);
    r.run_ns = 100 * NS_PER_MS;
    for (uint32_t t = 0; t < 6; t++) {
        plan_builder_root(r.builder, t);
        plan_builder_loop_begin(r.builder, t);
        plan_pairs(&r, t, 50);
        plan_builder_loop_end(r.builder, t);
    }
    survey_calmly(&r);
    /* Time that was spent standing still is not taken from the plan. */
    uint32_t drained = r.survey.n_marks - 1;
    ck_assert_uint_ge(r.survey.marks[drained].t_ns, 100 * NS_PER_MS);
    rig_release(&r);
}
END_TEST

/* A ring of threads, each of which waits for the one before it. */
static void plan_ring(struct rig *r, uint32_t n_threads, uint32_t rounds)
{
    struct plan_builder *b = r->builder;
    uint32_t cells[16];
    for (uint32_t t = 0; t < n_threads; t++) {
        plan_builder_root(b, t);
        cells[t] = plan_builder_cell(b);
    }
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t t = 0; t < n_threads; t++) {
            uint32_t before = (t + n_threads - 1) % n_threads;
            if (t == 0 && i == 0)
                plan_builder_malloc(b, t, 0, 4000);
            else
                plan_builder_take(b, t, 0, cells[before]);
            plan_builder_malloc(b, t, 1, 50 + i);
            plan_builder_give(b, t, 0, cells[t]);
            plan_builder_free_slot(b, t, 1);
        }
    }
    plan_builder_take(b, 0, 0, cells[n_threads - 1]);
    plan_builder_free_slot(b, 0, 0);
}

START_TEST(threads_that_wait_for_each_other)
{
    struct rig r;
    rig_init(&r, 8);
    plan_ring(&r, 8, 300);
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

/* What is in cells is live, too. */
START_TEST(objects_in_cells_are_counted)
{
    struct rig r;
    uint32_t cells[64];
    rig_init(&r, 2);
    plan_builder_root(r.builder, 1);
    for (uint32_t i = 0; i < 64; i++)
        cells[i] = plan_builder_cell(r.builder);
    uint32_t last = plan_builder_cell(r.builder);
    for (uint32_t i = 0; i < 64; i++) {
        plan_builder_malloc(r.builder, 0, 0, 1000);
        plan_builder_give(r.builder, 0, 0, cells[i]);
    }
    plan_builder_malloc(r.builder, 0, 0, 1);
    plan_builder_give(r.builder, 0, 0, last);
    plan_builder_take(r.builder, 1, 0, last);
    for (uint32_t i = 0; i < 64; i++) {
        plan_builder_take(r.builder, 1, 1, cells[i]);
        plan_builder_free_slot(r.builder, 1, 1);
    }
    plan_builder_free_slot(r.builder, 1, 0);
    survey_calmly(&r);
    uint64_t most = 0;
    for (uint32_t i = 0; i < r.survey.n_marks; i++) {
        const struct survey_mark *m = &r.survey.marks[i];
        ck_assert_uint_ge(m->usable_bytes, m->live_bytes);
        ck_assert_uint_le(m->usable_bytes, m->live_bytes + 24 * m->live_objects);
        most = m->live_bytes > most ? m->live_bytes : most;
    }
    ck_assert_uint_ge(most, 63000);
    rig_release(&r);
}
END_TEST

/* Threads come and go; each leaves through the allocator. */
START_TEST(threads_that_come_and_go)
{
    struct rig r;
    rig_init(&r, 200);
    for (uint32_t t = 1; t < 200; t++) {
        plan_pairs(&r, t, 20);
        plan_builder_spawn(r.builder, 0, t);
        plan_pairs(&r, 0, 5);
        if (t > 3)
            plan_builder_join(r.builder, 0, t - 3);
    }
    for (uint32_t t = 197; t < 200; t++)
        plan_builder_join(r.builder, 0, t);
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

START_TEST(many_threads_at_once)
{
    struct rig r;
    rig_init(&r, 300);
    for (uint32_t t = 0; t < 300; t++) {
        plan_builder_root(r.builder, t);
        plan_pairs(&r, t, 20);
    }
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

START_TEST(a_plan_that_is_paced_by_order)
{
    struct rig r;
    rig_init(&r, 4);
    plan_builder_pace_by_order(r.builder, 20);
    for (uint32_t t = 0; t < 4; t++)
        plan_builder_root(r.builder, t);
    for (uint32_t i = 0; i < 2000; i++) {
        plan_builder_pace(r.builder, i % 4, i);
        plan_builder_malloc(r.builder, i % 4, 0, 100 + i);
        plan_builder_free_slot(r.builder, i % 4, 0);
    }
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

/* The last word is due after 100 ms of the plan's own time. */
START_TEST(a_plan_that_is_paced_by_time)
{
    struct rig r;
    rig_init(&r, 3);
    plan_builder_pace_by_time(r.builder);
    for (uint32_t t = 0; t < 3; t++)
        plan_builder_root(r.builder, t);
    for (uint32_t i = 0; i <= 1000; i++) {
        plan_builder_pace(r.builder, i % 3, i * 100000ul);
        plan_builder_malloc(r.builder, i % 3, 0, 100 + i);
        plan_builder_free_slot(r.builder, i % 3, 0);
    }
    survey_calmly(&r);
    ck_assert_uint_ge(r.survey.marks[r.survey.n_marks - 1].t_ns, 100 * NS_PER_MS);
    rig_release(&r);
}
END_TEST

START_TEST(a_plan_that_is_streamed)
{
    struct rig r;
    rig_init(&r, 3);
    plan_builder_streamed(r.builder);
    for (uint32_t t = 0; t < 3; t++) {
        plan_builder_root(r.builder, t);
        plan_pairs(&r, t, 9000);
    }
    survey_calmly(&r);
    rig_release(&r);
}
END_TEST

/* Shows that the tests above can fail: here a thread of the library's own calls it all the time. */
START_TEST(the_library_sees_who_is_in_it)
{
    static const char *const environment[] = {"CALM_RESTLESS=1", NULL};
    struct rig r;
    rig_init(&r, 1);
    be_calm(&r);
    r.environment = environment;
    plan_pairs(&r, 0, 2000);
    rig_survey(&r);
    ck_assert_int_eq(r.result.status, TRIAL_CRASHED);
    ck_assert_int_eq(r.result.signal, SIGABRT);
    ck_assert_ptr_nonnull(strstr(r.result.message, "calm: a thread"));
    rig_release(&r);
}
END_TEST

/* In the tail nothing but that calls the allocator: who fails there fails in it. What was found before is kept. */
START_TEST(an_allocator_that_fails_to_give_back_is_a_result)
{
    static const char *const environments[][2] = {{"CALM_TRIM=abort", NULL},
                                                  {"CALM_TRIM=hang", NULL}};
    static const enum trial_status statuses[] = {TRIAL_CRASHED, TRIAL_HUNG};
    struct rig r;
    rig_init(&r, 1);
    be_calm(&r);
    r.environment = environments[_i];
    r.has_tail = true;
    r.limit_ns = 2 * NS_PER_S;
    plan_pairs(&r, 0, 100);
    rig_survey(&r);
    ck_assert_int_eq(r.result.status, statuses[_i]);
    ck_assert_ptr_nonnull(strstr(r.result.message, "when asked to give back memory"));
    ck_assert_uint_gt(r.survey.n_marks, 4);
    ck_assert_uint_eq(r.survey.marks[r.survey.n_marks - 1].kind, SURVEY_IDLE_5S);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("still");
    tcase_add_test(all, threads_that_run_all_the_time);
    tcase_add_test(all, threads_that_repeat_their_bodies);
    tcase_add_test(all, threads_that_wait_for_each_other);
    tcase_add_test(all, objects_in_cells_are_counted);
    tcase_add_test(all, threads_that_come_and_go);
    tcase_add_test(all, many_threads_at_once);
    tcase_add_test(all, a_plan_that_is_paced_by_order);
    tcase_add_test(all, a_plan_that_is_paced_by_time);
    tcase_add_test(all, a_plan_that_is_streamed);
    tcase_add_test(all, the_library_sees_who_is_in_it);
    tcase_add_loop_test(all, an_allocator_that_fails_to_give_back_is_a_result, 0, 2);
    return rig_main(all);
}
