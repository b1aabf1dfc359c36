/* What the benchmarks that the literature knows promise, seen in the words of their plans. */
#include <stdio.h>
#include <stdlib.h>

#include "plan_asked.h"
#include "unit.h"

START_TEST(every_plan_keeps_the_laws_at_any_number_of_threads)
{
    static const char *const words[] = {
        "xmalloc-test:ops=200:batch=30:queue=2",
        "xmalloc-test:ops=2:batch=50:queue=1000",
        "xmalloc-test:ops=100:batch=1:queue=1",
        "sh6bench:groups=5:objects=10:ops=500",
        "sh6bench:groups=1:objects=1:ops=2",
        "sh8bench:groups=4:objects=10:ops=500",
        "sh8bench:groups=3:objects=7:ops=300:remote=1",
        "sh8bench:groups=3:objects=7:ops=300:remote=0",
        "mstress:objects=100:rounds=3",
        "mstress:objects=10:rounds=4:kept=0:transfer=1",
        "mstress:objects=1:rounds=1:kept=1:transfer=0",
        "rptest:blocks=100:op=20:loops=6",
        "rptest:blocks=10:op=10:loops=5:cross=1:mode=linear",
        "rptest:blocks=10:op=3:loops=5:cross=0:mode=even",
        "t-test1:bins=20:actions=200:lives=2",
        "t-test1:bins=1:actions=50:lives=1:calloc=1:memalign=0",
        "t-test1:bins=5:actions=50:calloc=0:memalign=1:realloc=0.95",
        "alloc-test:slots=50:ops=500",
        "alloc-test:slots=1:ops=7:max=8K",
    };
    plan_asked_keeps_laws(words, ARRAY_SIZE(words));
}
END_TEST

START_TEST(a_batch_is_complete_before_it_is_handed_over_and_before_it_is_freed)
{
    const struct plan *plan = plan_asked("xmalloc-test:ops=200:batch=20:queue=2", 2, 1);
    for (uint64_t i = 0; i < 400; i++) {
        bool first_half = i % 40 < 20;
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, 0)[i]),
                         first_half ? PLAN_MALLOC : PLAN_GIVE);
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, 1)[i]),
                         first_half ? PLAN_TAKE : PLAN_FREE);
    }
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_le(seen.peak_in_cells, 2 * 20);
    ck_assert_uint_eq(seen.remote_frees, 200);
    plan_drop(plan);
}
END_TEST

/* The slots that the next n words free, in order. */
static void check_frees(const struct plan_op *ops, uint32_t first, bool from_last)
{
    for (uint32_t i = 0; i < 10; i++) {
        enum plan_kind kind = plan_op_kind(ops[i]);
        ck_assert(kind == PLAN_FREE || kind == PLAN_REPLACE);
        ck_assert_uint_eq(plan_op_slot(ops[i]), first + (from_last ? 9 - i : i));
    }
}

START_TEST(groups_are_freed_in_and_against_their_order_in_turn)
{
    const struct plan *plan = plan_asked("sh6bench:groups=2:objects=10:ops=80", 1, 1);
    const struct plan_op *op = plan_thread_ops(plan, 0) + plan_threads(plan)->loop_begin;
    for (uint32_t round = 0; round < 4; round++) {
        bool from_last = (round / 2 + round) % 2 == 0;
        check_frees(op, round % 2 * 10, from_last);
        op += from_last ? 10 : 20;
        /* the object freed last, the first, and that made first are of one slot: one word */
        op += from_last ? 9 : 0;
    }
    plan_drop(plan);
}
END_TEST

START_TEST(sh8bench_has_its_share_freed_by_other_threads)
{
    struct plan_walk seen = plan_asked_walk("sh8bench:remote=0.3:ops=20k", 4, 1);
    ck_assert_uint_eq(seen.again_frees, 4 * 2 * 50 * 100 / 2 * 2);
    ck_assert_uint_eq(seen.again_remote_frees, seen.again_frees * 3 / 10);
    ck_assert_uint_eq(seen.peak_live_objects, 4 * 50 * 100);
}
END_TEST

START_TEST(mstress_leaves_exactly_its_share_to_the_next_round)
{
    const struct plan *plan = plan_asked("mstress:objects=200:rounds=5:transfer=0.3", 3, 1);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_eq(seen.allocations, 3 * 5 * 200);
    ck_assert_uint_eq(seen.remote_frees, 3 * 5 * 60);
    ck_assert_uint_eq(seen.child_remote_frees, 3 * 4 * 60); /* the last round's: by the roots */
    ck_assert_uint_eq(plan->n_threads, 3 * (1 + 5));
    plan_drop(plan);
}
END_TEST

START_TEST(what_mstress_leaves_goes_to_all_other_lines)
{
    const struct plan *plan = plan_asked("mstress:objects=100:rounds=2:kept=0:transfer=0.9", 4, 1);
    uint32_t *giver_of = calloc(plan->n_cells, sizeof(giver_of[0])), n[4] = {0};
    for (uint32_t t = 4; t < 12; t++)
        for (uint64_t i = 0; i < plan_threads(plan)[t].n_ops; i++)
            if (plan_op_kind(plan_thread_ops(plan, t)[i]) == PLAN_GIVE)
                giver_of[plan_thread_ops(plan, t)[i].arg] = (t - 4) / 2;
    const uint32_t taker = 4 + 1; /* the second round of line 0 */
    for (uint64_t i = 0; i < plan_threads(plan)[taker].n_ops; i++)
        if (plan_op_kind(plan_thread_ops(plan, taker)[i]) == PLAN_TAKE)
            n[giver_of[plan_thread_ops(plan, taker)[i].arg]]++;
    ck_assert_uint_eq(n[0], 0);
    for (uint32_t line = 1; line < 4; line++)
        ck_assert_uint_eq(n[line], 30);
    free(giver_of);
    plan_drop(plan);
}
END_TEST

START_TEST(the_cross_rate_of_rptest_is_met)
{
    static const struct {
        const char *word;
        uint64_t frees, remote;
    } rates[] = {
        {"rptest:loops=12:op=100:cross=0", 12, 0},
        {"rptest:loops=12:op=100:cross=1", 24, 12},
        {"rptest:loops=12:op=100:cross=4", 15, 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        struct plan_walk seen = plan_asked_walk(rates[i].word, 2, 1);
        ck_assert_uint_eq(seen.again_frees, 2 * 100 * rates[i].frees);
        ck_assert_uint_eq(seen.again_remote_frees, 2 * 100 * rates[i].remote);
    }
}
END_TEST

START_TEST(the_modes_of_rptest_spread_sizes_differently)
{
    static const char *const modes[] = {"fixed", "exponential", "linear", "even"};
    uint64_t last = 0;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        char word[64];
        snprintf(word, sizeof(word), "rptest:mode=%s:max=8000", modes[i]);
        struct plan_walk seen = plan_asked_walk(word, 1, 1);
        ck_assert_uint_eq(seen.least_bytes / 100, 0);
        ck_assert(i == 0 ? seen.most_bytes == 16 : seen.most_bytes > 7000);
        ck_assert_uint_gt(seen.body_bytes, last * 5 / 4);
        last = seen.body_bytes;
    }
}
END_TEST

START_TEST(t_test1_acts_by_its_shares)
{
    const struct plan *plan =
        plan_asked("t-test1:bins=100:actions=20k:lives=1:calloc=0.3:memalign=0.2", 1, 1);
    double n[PLAN_KINDS] = {0};
    for (uint64_t i = 0; i < plan_threads(plan)[1].n_ops; i++)
        n[plan_op_kind(plan_thread_ops(plan, 1)[i])]++;
    double filled = n[PLAN_MALLOC] + n[PLAN_CALLOC] + n[PLAN_ALIGNED] + n[PLAN_REPLACE];
    ck_assert_double_eq_tol(n[PLAN_CALLOC] / filled, 0.3, 0.03);
    ck_assert_double_eq_tol(n[PLAN_ALIGNED] / filled, 0.2, 0.03);
    double emptied = n[PLAN_FREE] + n[PLAN_REPLACE];
    ck_assert_double_eq_tol(n[PLAN_REALLOC] / (n[PLAN_REALLOC] + emptied), 0.25, 0.03);
    plan_drop(plan);
}
END_TEST

START_TEST(half_of_the_slots_of_alloc_test_are_picked_most_of_the_time)
{
    const struct plan *plan = plan_asked("alloc-test:slots=1024:ops=100k", 1, 1);
    const struct plan_thread *t = plan_threads(plan);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    uint64_t low = 0, n = t->loop_end - t->loop_begin;
    for (uint64_t i = t->loop_begin; i < t->loop_end; i++)
        low += plan_op_slot(ops[i]) < 512;
    /* half of the picks are below n, a quarter below n/2, ..: 1/2 * 1/2 + 1/2 */
    ck_assert_msg(low > n * 72 / 100 && low < n * 78 / 100, "%lu of %lu", low, n);
    plan_drop(plan);
}
END_TEST

UNIT_MAIN("known", every_plan_keeps_the_laws_at_any_number_of_threads,
          a_batch_is_complete_before_it_is_handed_over_and_before_it_is_freed,
          groups_are_freed_in_and_against_their_order_in_turn,
          sh8bench_has_its_share_freed_by_other_threads,
          mstress_leaves_exactly_its_share_to_the_next_round,
          what_mstress_leaves_goes_to_all_other_lines, the_cross_rate_of_rptest_is_met,
          the_modes_of_rptest_spread_sizes_differently, t_test1_acts_by_its_shares,
          half_of_the_slots_of_alloc_test_are_picked_most_of_the_time)
