/* What the generators promise, seen in the words of the plans that they make. */
#include "plan_asked.h"
#include "unit.h"

/* Small, and near the edges of what the parameters allow. */
static const char *const words[] = {
    "nop:ops=2",
    "nop:ops=1001",
    "churn:live=500:ops=3000",
    "churn:live=32:ops=2",
    "churn:live=1:burst=1:ops=10",
    "churn:live=7:burst=7:ops=100:min=1:max=1",
    "larson:live=100:ops=1000:generations=3",
    "larson:live=50:ops=100:remote=1:generations=1",
    "larson:live=1:ops=2:remote=1",
    "producer-consumer:ops=700:ring=16:fan=3",
    "producer-consumer:ops=500:ring=1:fan=2048",
    "producer-consumer:ops=2:ring=1000000",
    "thread-churn:starts=3:objects=50",
    "thread-churn:starts=7:at-once=3:objects=20:kept=1",
    "thread-churn:starts=2:at-once=1000:objects=1:kept=0",
    "realloc-growth:ops=800",
    "realloc-growth:ops=3:vectors=1:start=1:min=1:max=1",
    "realloc-growth:ops=500:growth=1.01:start=1:min=1:max=64",
    "threshold-ratchet",
    "threshold-ratchet:live=1:main=no",
    "robson:live=64K:unit=64:doublings=5",
    "robson:live=4K:unit=16:doublings=8:header=0",
    "best-fit-worst:live=64K:unit=16:largest=20",
    "segregated-worst:objects=512:min=64",
    "segregated-worst:objects=4096:min=1:max=4K:classes=16:page=16",
    "blow-up:objects=65:size=1000",
    "blow-up:objects=1:size=1M",
    "blow-up:way=one:objects=65:rounds=3",
    "blow-up:way=one:objects=1",
};

START_TEST(every_plan_keeps_the_laws_and_the_seed_decides_all)
{
    plan_asked_keeps_laws(words, ARRAY_SIZE(words));
}
END_TEST

START_TEST(the_defaults_keep_the_laws)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        struct workload_spec spec = plan_spec(table[i]->name);
        for (uint32_t more = 0; more < 4; more++)
            plan_keeps_laws(&spec, table[i]->threads_min + more);
    }
}
END_TEST

START_TEST(a_threads_work_does_not_depend_on_how_many_there_are)
{
    const struct plan *two = plan_asked("churn:live=100:ops=500", 2, 1),
                      *four = plan_asked("churn:live=100:ops=500", 4, 1);
    for (uint32_t t = 0; t < 2; t++) {
        uint64_t n = plan_threads(two)[t].n_ops;
        ck_assert_uint_eq(n, plan_threads(four)[t].n_ops);
        ck_assert_mem_eq(plan_thread_ops(two, t), plan_thread_ops(four, t),
                         n * sizeof(struct plan_op));
    }
    ck_assert_mem_ne(plan_thread_ops(four, 0), plan_thread_ops(four, 1),
                     sizeof(struct plan_op) * 50);
    plan_drop(two);
    plan_drop(four);
}
END_TEST

START_TEST(main_says_whether_the_main_thread_takes_part)
{
    const struct plan *on = plan_asked("churn", 1, 1), *off = plan_asked("churn:main=no", 1, 1);
    ck_assert_uint_eq(on->flags & PLAN_OFF_MAIN, 0);
    ck_assert_uint_eq(off->flags & PLAN_OFF_MAIN, PLAN_OFF_MAIN);
    ck_assert_str_eq(off->name, "churn:main=no");
    plan_drop(on);
    plan_drop(off);
}
END_TEST

START_TEST(nop_is_one_word_over_and_over)
{
    const struct plan *plan = plan_asked("nop:ops=1000:size=48", 1, 1);
    const struct plan_thread *t = plan_threads(plan);
    ck_assert_uint_eq(t->loop_end - t->loop_begin, 500);
    for (uint64_t i = t->loop_begin; i < t->loop_end; i++) {
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, 0)[i]), PLAN_REPLACE);
        ck_assert_uint_eq(plan_thread_ops(plan, 0)[i].arg, 48);
    }
    plan_drop(plan);
}
END_TEST

START_TEST(churn_holds_what_it_was_told_to_and_its_sizes_spread_over_the_range)
{
    struct plan_walk seen = plan_asked_walk("churn:live=3000", 2, 5);
    ck_assert_uint_eq(seen.peak_live_objects, 2 * 3000);
    ck_assert_uint_eq(seen.least_bytes, 16);
    ck_assert_uint_eq(seen.most_bytes, 512);
    ck_assert_uint_eq(seen.remote_frees, 0);
    ck_assert_uint_eq(seen.body_calls, UINT64_C(100000) / 64 * 64 * 2);
    uint64_t n = seen.body_calls / 2;
    for (unsigned k = 4; k < 9; k++) /* five doublings, a fifth of the objects each */
        ck_assert_msg(seen.bytes_drawn[k] > n * 19 / 100 && seen.bytes_drawn[k] < n * 21 / 100,
                      "2^%u: %lu of %lu", k, seen.bytes_drawn[k], n);
}
END_TEST

START_TEST(churn_frees_and_refills_in_bursts)
{
    const struct plan *plan = plan_asked("churn:live=100:burst=5:ops=1000", 1, 3);
    const struct plan_thread *t = plan_threads(plan);
    const struct plan_op *ops = plan_thread_ops(plan, 0) + t->loop_begin;
    ck_assert_uint_eq(t->loop_end - t->loop_begin, 1000);
    for (uint64_t i = 0; i < 1000; i++)
        ck_assert_int_eq(plan_op_kind(ops[i]), i % 10 < 5 ? PLAN_FREE : PLAN_MALLOC);
    plan_drop(plan);
}
END_TEST

START_TEST(larsons_remote_share_is_met_exactly)
{
    static const struct {
        const char *word;
        uint64_t remote, frees; /* of one generation */
    } shares[] = {
        {"larson", 5000, 50000},
        {"larson:live=2000:remote=0.2:ops=20k", 2000, 10000},
        {"larson:live=2000:remote=5%:ops=20k", 500, 10000},
        {"larson:live=1000:remote=1:ops=2000", 1000, 1000},
        {"larson:live=1000:remote=0.0001:ops=2000", 1, 1000},
        {"larson:live=1000:remote=0.3333:ops=2000", 333, 1000},
    };
    for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
        struct plan_walk seen = plan_asked_walk(shares[i].word, 2, 11);
        ck_assert_uint_eq(seen.child_frees, 2 * 4 * shares[i].frees);
        ck_assert_uint_eq(seen.child_remote_frees, 2 * 4 * shares[i].remote);
        ck_assert_uint_eq(seen.peak_live_objects, 2 * plan_spec(shares[i].word).values[0]);
    }
}
END_TEST

START_TEST(producers_and_consumers_hold_no_more_than_their_rings)
{
    /* 3 producers, 2 consumers, 2 rings each of 16; one object in each thread's hands */
    struct plan_walk seen = plan_asked_walk("producer-consumer:ops=5000:ring=16:max=4K", 5, 1);
    ck_assert_uint_eq(seen.allocations, 3 * 5000);
    ck_assert_uint_eq(seen.remote_frees, seen.frees);
    ck_assert_uint_le(seen.peak_in_cells, 3 * 2 * 16);
    ck_assert_uint_ge(seen.peak_in_cells, 16);
    ck_assert_uint_le(seen.peak_live_objects, 3 * 2 * 16 + 5);
    ck_assert_uint_ge(seen.least_bytes, 16);
    ck_assert_uint_le(seen.most_bytes, 4096);
}
END_TEST

START_TEST(a_producer_fills_its_ring_before_it_waits)
{
    struct plan_walk seen = plan_asked_walk("producer-consumer:ops=500:ring=16", 2, 1);
    ck_assert_uint_eq(seen.peak_in_cells, 16);
}
END_TEST

START_TEST(short_lived_threads_leave_the_share_that_was_asked_for)
{
    const struct plan *plan =
        plan_asked("thread-churn:starts=10:at-once=4:objects=100:kept=0.3", 2, 1);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_eq(seen.allocations, 2 * 10 * 100);
    ck_assert_uint_eq(seen.child_frees, 2 * 10 * 70);
    ck_assert_uint_eq(seen.remote_frees, 2 * 10 * 30);
    ck_assert_uint_eq(plan->facts.most_threads, 2 * (1 + 4));
    plan_drop(plan);
}
END_TEST

START_TEST(vectors_grow_by_their_factor_and_touch_only_what_is_new)
{
    const struct plan *plan = plan_asked("realloc-growth:vectors=1:min=5000:max=5000:ops=90", 1, 1);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    for (uint64_t i = 0, bytes = 0; plan_op_kind(ops[i]) != PLAN_END; i++) {
        enum plan_kind kind = plan_op_kind(ops[i]);
        if (kind == PLAN_EXTENT)
            ck_assert_uint_eq(plan_op_slot(ops[i]), bytes / PLAN_EXTENT_UNIT);
        if (kind == PLAN_REALLOC)
            ck_assert_uint_eq(ops[i].arg, bytes == 4096 ? 5000 : 2 * bytes);
        if (kind == PLAN_FREE || kind == PLAN_REPLACE)
            ck_assert(bytes == 5000 || plan_op_kind(ops[i + 1]) == PLAN_END);
        if (kind == PLAN_MALLOC || kind == PLAN_REPLACE)
            ck_assert_uint_eq(ops[i].arg, 16);
        if (kind != PLAN_EXTENT)
            bytes = ops[i].arg;
    }
    plan_drop(plan);
}
END_TEST

START_TEST(a_pass_of_threshold_ratchet_is_short_enough_to_look_at_the_clock)
{
    const uint64_t faults_in_60_ms = 60 * 1000 * 1000 / 1500;
    uint64_t sum = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct plan_walk seen = plan_asked_walk("threshold-ratchet", 1, seed);
        ck_assert_uint_ge(seen.least_bytes, MIB);
        ck_assert_uint_le(seen.most_bytes, 32 * MIB);
        ck_assert_uint_eq(seen.peak_live_objects, 3);
        sum += seen.body_bytes / 4096;
    }
    ck_assert_uint_lt(sum / 20, faults_in_60_ms);
    ck_assert_uint_gt(sum / 20, faults_in_60_ms / 5);
}
END_TEST

UNIT_MAIN("generator", every_plan_keeps_the_laws_and_the_seed_decides_all,
          the_defaults_keep_the_laws, a_threads_work_does_not_depend_on_how_many_there_are,
          main_says_whether_the_main_thread_takes_part, nop_is_one_word_over_and_over,
          churn_holds_what_it_was_told_to_and_its_sizes_spread_over_the_range,
          churn_frees_and_refills_in_bursts, larsons_remote_share_is_met_exactly,
          producers_and_consumers_hold_no_more_than_their_rings,
          a_producer_fills_its_ring_before_it_waits,
          short_lived_threads_leave_the_share_that_was_asked_for,
          vectors_grow_by_their_factor_and_touch_only_what_is_new,
          a_pass_of_threshold_ratchet_is_short_enough_to_look_at_the_clock)
