/* The timed calls of a survey: of which calls, how many, and whether a slow one comes to light. */
#include <string.h>

#include "clock.h"
#include "histogram.h"
#include "rig.h"
#include "unit.h"

enum { N = 20000, PERIOD = 8 }; /* of short plans, one of so many calls is timed */

static void survey_well(struct rig *r)
{
    rig_survey(r);
    ck_assert_msg(r->result.status == TRIAL_OK, "%s: %s", trial_status_name(r->result.status),
                  r->result.message);
    ck_assert_uint_eq(r->survey.latency_period, PERIOD);
    ck_assert_uint_gt(r->survey.clock_ns, 0);
    ck_assert_uint_lt(r->survey.clock_ns, 1000);
}

/* What was timed of such calls, without faults and with. */
static struct histogram calls_of(const struct rig *r, enum latency_kind kind, unsigned size_class,
                                 bool is_remote)
{
    struct histogram h = {0};
    for (uint32_t i = 0; i < r->survey.n_latencies; i++) {
        const struct survey_latency *l = &r->survey.latencies[i];
        if (l->kind == kind && l->size_class == size_class && l->is_remote == is_remote)
            histogram_add(&h, l);
    }
    return h;
}

/* Of `n` calls one in PERIOD, give or take more than five standard deviations. */
static void check_count(const struct histogram *h, unsigned n)
{
    ck_assert_uint_gt(h->n, n / PERIOD * 85 / 100);
    ck_assert_uint_lt(h->n, n / PERIOD * 115 / 100);
}

START_TEST(every_kind_of_call_is_timed)
{
    struct rig r;
    rig_init(&r, 1);
    for (uint32_t i = 0; i < N; i++) {
        plan_builder_malloc(r.builder, 0, 0, 64);
        plan_builder_calloc(r.builder, 0, 1, 200);
        plan_builder_realloc(r.builder, 0, 0, 64, 1000);
        plan_builder_aligned(r.builder, 0, 2, 64, 4000);
        for (uint32_t slot = 0; slot < 3; slot++)
            plan_builder_free_slot(r.builder, 0, slot);
    }
    survey_well(&r);
    static const struct {
        enum latency_kind kind;
        unsigned size_class;
    } rows[] = {{LATENCY_MALLOC, 0},  {LATENCY_CALLOC, 1}, {LATENCY_REALLOC, 2},
                {LATENCY_ALIGNED, 3}, {LATENCY_FREE, 1},   {LATENCY_FREE, 2},
                {LATENCY_FREE, 3}};
    uint64_t n = 0, n_all = 0;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct histogram h = calls_of(&r, rows[i].kind, rows[i].size_class, false);
        check_count(&h, N);
        ck_assert_uint_ge(histogram_quantile(&h, 500000).ns, r.survey.clock_ns / 2);
        n += h.n;
    }
    for (uint32_t i = 0; i < r.survey.n_latencies; i++)
        n_all += r.survey.latencies[i].n;
    ck_assert_uint_eq(n, n_all); /* and nothing else */
    rig_release(&r);
}
END_TEST

/* A word REPLACE is two calls. */
START_TEST(both_calls_of_a_word_are_timed)
{
    struct rig r;
    rig_init(&r, 1);
    plan_builder_malloc(r.builder, 0, 0, 5000);
    for (uint32_t i = 0; i < N; i++) {
        plan_builder_free_slot(r.builder, 0, 0);
        plan_builder_malloc(r.builder, 0, 0, i % 2 ? 5000 : 50);
    }
    plan_builder_free_slot(r.builder, 0, 0);
    survey_well(&r);
    for (unsigned size_class = 0; size_class <= 4; size_class += 4) {
        struct histogram mallocs = calls_of(&r, LATENCY_MALLOC, size_class, false);
        struct histogram frees = calls_of(&r, LATENCY_FREE, size_class, false);
        check_count(&mallocs, N / 2);
        check_count(&frees, N / 2);
    }
    rig_release(&r);
}
END_TEST

START_TEST(what_another_thread_made_is_told_apart)
{
    struct rig r;
    rig_init(&r, 2);
    uint32_t cell = plan_builder_cell(r.builder);
    plan_builder_spawn(r.builder, 0, 1);
    for (uint32_t i = 0; i < N; i++) {
        plan_builder_malloc(r.builder, 0, 0, 64);
        plan_builder_give(r.builder, 0, 0, cell);
        plan_builder_take(r.builder, 1, 0, cell);
        plan_builder_free_slot(r.builder, 1, 0);
        plan_builder_malloc(r.builder, 1, 0, 64);
        plan_builder_free_slot(r.builder, 1, 0);
    }
    plan_builder_join(r.builder, 0, 1);
    survey_well(&r);
    struct histogram mallocs = calls_of(&r, LATENCY_MALLOC, 0, false);
    struct histogram local = calls_of(&r, LATENCY_FREE, 0, false);
    struct histogram remote = calls_of(&r, LATENCY_FREE, 0, true);
    check_count(&mallocs, 2 * N);
    check_count(&local, N);
    check_count(&remote, N);
    ck_assert_uint_eq(calls_of(&r, LATENCY_MALLOC, 0, true).n, 0);
    rig_release(&r);
}
END_TEST

/* A warm-up is not timed: it is that of the measured trials, and of no interest. */
START_TEST(what_is_before_the_clock_is_not_timed)
{
    struct rig r;
    rig_init(&r, 1);
    plan_builder_settles(r.builder);
    for (uint32_t i = 0; i < N; i++)
        plan_builder_malloc(r.builder, 0, i, 2000);
    plan_builder_loop_begin(r.builder, 0);
    for (uint32_t i = 0; i < N; i++) {
        plan_builder_malloc(r.builder, 0, N, 64);
        plan_builder_free_slot(r.builder, 0, N);
    }
    plan_builder_loop_end(r.builder, 0);
    for (uint32_t i = 0; i < N; i++)
        plan_builder_free_slot(r.builder, 0, i);
    survey_well(&r);
    struct histogram filling = calls_of(&r, LATENCY_MALLOC, 3, false);
    struct histogram body = calls_of(&r, LATENCY_MALLOC, 0, false);
    struct histogram draining = calls_of(&r, LATENCY_FREE, 3, false);
    ck_assert_uint_eq(filling.n, 0);
    check_count(&body, N);
    check_count(&draining, N);
    rig_release(&r);
}
END_TEST

/* One call of 500 sleeps for a fifth of a millisecond, which a mean of the plan hardly shows. */
START_TEST(a_seldom_slow_call_is_found)
{
    static const char *const slow[] = {"CALM_SLOW=500", NULL};
    struct rig r;
    rig_init(&r, 1);
    r.library = getenv("CALM");
    r.environment = slow;
    for (uint32_t i = 0; i < 4 * N; i++) {
        plan_builder_malloc(r.builder, 0, i % 3, 64);
        plan_builder_free_slot(r.builder, 0, i % 3);
    }
    survey_well(&r);
    struct histogram all = calls_of(&r, LATENCY_MALLOC, 0, false);
    for (uint32_t i = 0; i < r.survey.n_latencies; i++)
        if (r.survey.latencies[i].kind == LATENCY_FREE)
            histogram_add(&all, &r.survey.latencies[i]);
    ck_assert_uint_lt(histogram_quantile(&all, 500000).ns, 50000);
    ck_assert_uint_ge(histogram_quantile(&all, 999000).ns, 200000);
    ck_assert(histogram_quantile(&all, 999000).is_sure);
    ck_assert_uint_ge(all.max_ns, 200000);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("latency of calls");
    tcase_add_test(all, every_kind_of_call_is_timed);
    tcase_add_test(all, both_calls_of_a_word_are_timed);
    tcase_add_test(all, what_another_thread_made_is_told_apart);
    tcase_add_test(all, what_is_before_the_clock_is_not_timed);
    if (getenv("CALM"))
        tcase_add_test(all, a_seldom_slow_call_is_found);
    return rig_main(all);
}
