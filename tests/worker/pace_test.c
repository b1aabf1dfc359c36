/*
 * That a paced worker keeps to the recorded order and to the recorded times, that no thread waits for ever
 * for its turn, and that a streamed plan does what a mapped one does.
 */
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "rng.h"
#include "unit.h"

enum { STEPS = 5000, STEP = 64, WINDOW = 100, FIRST = 1000, LANES = 2 };

/* Both lanes go through the same positions, and the second has a lot more to do at each. */
static void plan_race(struct rig *r)
{
    struct plan_builder *b = r->builder;
    plan_builder_spawn(b, 0, 1);
    for (uint32_t i = 0; i < STEPS; i++) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            plan_builder_pace(b, lane, (uint64_t)i * STEP);
            plan_builder_malloc(b, lane, 0, FIRST + i * LANES + lane);
            plan_builder_free_slot(b, lane, 0);
        }
        for (uint32_t k = 0; k < 40; k++) {
            plan_builder_malloc(b, 1, 1, 64);
            plan_builder_free_slot(b, 1, 1);
        }
    }
    plan_builder_join(b, 0, 1);
}

/*
 * A lane that is told to be at a step may not have made its object yet: one more than the window.
 * The same race without a window is seen to leave these bounds.
 */
START_TEST(a_thread_keeps_within_the_window_of_the_recorded_order)
{
    static const char *const environment[] = {"WITNESS_AHEAD=101", "WITNESS_BYTES=1000",
                                              "WITNESS_LAST=11001", NULL};
    bool bounded = _i > 0;
    struct rig r;
    rig_init(&r, LANES);
    r.library = getenv("WITNESS");
    r.environment = environment;
    plan_race(&r);
    plan_builder_pace_by_order(r.builder, bounded ? WINDOW * STEP : UINT32_MAX);
    rig_run(&r);
    if (bounded) {
        ck_assert_msg(r.result.status == TRIAL_OK, "%s", r.result.message);
        ck_assert_uint_gt(r.result.pace_ns, 0);
    } else {
        ck_assert_int_eq(r.result.status, TRIAL_CRASHED);
        ck_assert_ptr_nonnull(strstr(r.result.message, "lane 0 is at step"));
    }
    rig_release(&r);
}
END_TEST

/* A made-up recording: one order in which threads make, hand over, start, end and join. */
struct tape {
    struct rng rng;
    struct rig *rig;
    uint64_t position;
    uint32_t n_threads, n_born;
    bool alive[16];
    uint32_t n_inbound[16]; /* objects on their way to the thread */
    struct {
        uint32_t cell, taker;
    } open[64];
    uint32_t n_open;
};

static uint32_t any_alive(struct tape *t)
{
    uint32_t thread;
    do
        thread = (uint32_t)rng_below(&t->rng, t->n_threads);
    while (!t->alive[thread]);
    return thread;
}

/* Words of pace come as seldom as it happens, so that threads are found where they no longer are. */
static void step_to(struct tape *t, uint32_t thread)
{
    t->position++;
    if (rng_below(&t->rng, 10) == 0)
        plan_builder_pace(t->rig->builder, thread, t->position);
}

static void give(struct tape *t, uint32_t thread)
{
    struct plan_builder *b = t->rig->builder;
    uint32_t taker = any_alive(t);
    if (taker == thread || t->n_open == ARRAY_SIZE(t->open))
        return;
    uint32_t cell = plan_builder_cell(b);
    plan_builder_malloc(b, thread, 1, 100);
    plan_builder_give(b, thread, 1, cell);
    t->open[t->n_open].cell = cell;
    t->open[t->n_open++].taker = taker;
    t->n_inbound[taker]++;
}

static void take(struct tape *t)
{
    struct plan_builder *b = t->rig->builder;
    if (t->n_open == 0)
        return;
    uint32_t i = (uint32_t)rng_below(&t->rng, t->n_open), taker = t->open[i].taker;
    step_to(t, taker);
    plan_builder_take(b, taker, 1, t->open[i].cell);
    plan_builder_free_slot(b, taker, 1);
    t->n_inbound[taker]--;
    t->open[i] = t->open[--t->n_open];
}

static void spawn_or_join(struct tape *t, uint32_t thread)
{
    struct plan_builder *b = t->rig->builder;
    uint32_t other = any_alive(t);
    if (t->n_born < t->n_threads) {
        plan_builder_spawn(b, thread, t->n_born);
        t->alive[t->n_born++] = true;
    } else if (other != 0 && t->n_inbound[other] == 0 && rng_below(&t->rng, 20) == 0) {
        t->alive[other] = false;
        step_to(t, 0);
        plan_builder_join(b, 0, other);
    }
}

static void record(struct tape *t, uint32_t n_events)
{
    struct plan_builder *b = t->rig->builder;
    t->alive[0] = true;
    t->n_born = 1;
    for (uint32_t i = 0; i < n_events; i++) {
        uint32_t thread = any_alive(t);
        step_to(t, thread);
        switch (rng_below(&t->rng, 8)) {
        case 0:
            spawn_or_join(t, thread);
            break;
        case 1:
            give(t, thread);
            break;
        case 2:
            take(t);
            break;
        default:
            plan_builder_malloc(b, thread, 0, 64);
            plan_builder_free_slot(b, thread, 0);
            break;
        }
    }
    while (t->n_open > 0)
        take(t);
    for (uint32_t i = 1; i < t->n_threads; i++) {
        if (i >= t->n_born)
            plan_builder_spawn(b, 0, i);
        if (i >= t->n_born || t->alive[i])
            plan_builder_join(b, 0, i);
    }
}

START_TEST(nobody_waits_for_ever_for_its_turn)
{
    static const uint64_t windows[] = {1, 3, 20, 1000};
    for (unsigned i = 0; i < ARRAY_SIZE(windows); i++) {
        struct rig r;
        struct tape t = {.rig = &r, .n_threads = 2 + (uint32_t)_i % 15};
        rng_seed(&t.rng, 1000u * (unsigned)_i + i);
        rig_init(&r, t.n_threads);
        r.limit_ns = 10 * NS_PER_S;
        plan_builder_pace_by_order(r.builder, windows[i]);
        record(&t, 4000);
        rig_run_well(&r);
        rig_release(&r);
    }
}
END_TEST

START_TEST(a_thread_waits_until_its_time)
{
    struct rig r;
    rig_init(&r, 2);
    plan_builder_pace_by_time(r.builder);
    plan_builder_spawn(r.builder, 0, 1);
    for (uint32_t i = 1; i <= 20; i++) {
        plan_builder_pace(r.builder, 1, i * 5 * NS_PER_MS);
        plan_builder_malloc(r.builder, 1, 0, 100);
        plan_builder_free_slot(r.builder, 1, 0);
    }
    plan_builder_join(r.builder, 0, 1);
    rig_run_well(&r);
    ck_assert_uint_eq(r.plan->facts.last_pace, 100 * NS_PER_MS);
    ck_assert_uint_ge(r.result.wall_ns, 100 * NS_PER_MS);
    ck_assert_uint_le(r.result.wall_ns, 2 * NS_PER_S);
    /* The other thread has waited, too, but for an end and not for its time. */
    ck_assert_uint_ge(r.result.pace_ns, 50 * NS_PER_MS);
    ck_assert_uint_le(r.result.pace_ns, r.result.thread_ns / 2 + r.result.thread_ns / 8);
    ck_assert_uint_ge(r.result.stall_ns, 50 * NS_PER_MS);
    ck_assert_uint_ge(r.result.thread_ns, 190 * NS_PER_MS);
    rig_release(&r);
}
END_TEST

/* Three words each, so that prefixes stand at the ends of windows. */
static void plan_prefixed(struct rig *r, uint32_t n)
{
    struct plan_builder *b = r->builder;
    uint32_t cell = plan_builder_cell(b);
    plan_builder_spawn(b, 0, 1);
    for (uint32_t i = 0; i < n; i++) {
        plan_builder_touch_pages(b, 0, 1);
        plan_builder_aligned(b, 0, 0, 4096, 5000 + i);
        plan_builder_give(b, 0, 0, cell);
        plan_builder_take(b, 1, 0, cell);
        plan_builder_free_slot(b, 1, 0);
    }
    plan_builder_join(b, 0, 1);
}

START_TEST(a_streamed_plan_does_the_same)
{
    static const char *const last_of_it[] = {"FAULT=starve", "FAULT_AFTER=20000",
                                             "FAULT_BYTES=5000", NULL};
    struct rig r;
    rig_init(&r, 2);
    plan_prefixed(&r, 20000);
    plan_builder_streamed(r.builder);
    if (_i == 1) { /* the last request fails, and is told with its place */
        r.library = getenv("FAULTY");
        r.environment = last_of_it;
        rig_run(&r);
        ck_assert_int_eq(r.result.status, TRIAL_OUT_OF_MEMORY);
        ck_assert_msg(strstr(r.result.message, "thread 0, operation 79999") != NULL, "%s",
                      r.result.message);
    } else {
        rig_run_well(&r);
    }
    ck_assert(r.plan->flags & PLAN_STREAMED);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("pace");
    tcase_add_loop_test(all, a_thread_keeps_within_the_window_of_the_recorded_order, 0, 2);
    tcase_add_loop_test(all, nobody_waits_for_ever_for_its_turn, 0, 30);
    tcase_add_test(all, a_thread_waits_until_its_time);
    tcase_add_loop_test(all, a_streamed_plan_does_the_same, 0, 2);
    return rig_main(all);
}
