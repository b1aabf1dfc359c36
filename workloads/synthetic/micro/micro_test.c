/* What the small known benchmarks promise, seen in the words of their plans. */
#include "plan_asked.h"
#include "unit.h"

START_TEST(every_plan_keeps_the_laws_at_any_number_of_threads)
{
    static const char *const words[] = {
        "threadtest:objects=500",
        "threadtest:objects=1:size=1:iterations=3",
        "linux-scalability:iterations=100",
        "linux-scalability:iterations=1:size=1M",
        "cache-thrash:iterations=10",
        "cache-thrash:iterations=1:repetitions=1:size=1",
        "cache-scratch:iterations=10",
        "cache-scratch:iterations=1:repetitions=1:size=64K",
        "glibc-simple:blocks=25:ops=500",
        "glibc-simple:blocks=100:ops=2",
        "glibc-thread:blocks=50:ops=1000",
        "glibc-thread:blocks=1:ops=100",
        "mleak:starts=5:at-once=2:objects=20",
        "mleak:starts=2:at-once=1000:objects=1",
        "malloc-large",
        "malloc-large:part=allocate:ops=20",
        "malloc-large:part=reuse:ops=20:live=2",
    };
    plan_asked_keeps_laws(words, ARRAY_SIZE(words));
}
END_TEST

START_TEST(threadtest_divides_a_fixed_number_of_objects)
{
    for (uint32_t threads = 1; threads <= 64; threads *= 4) {
        struct plan_walk seen = plan_asked_walk("threadtest:objects=6400:iterations=3", threads, 1);
        ck_assert_uint_eq(seen.allocations, 3 * 6400);
        ck_assert_uint_eq(seen.least_bytes, 8);
        ck_assert_uint_eq(seen.most_bytes, 8);
    }
}
END_TEST

START_TEST(linux_scalability_holds_one_object)
{
    struct plan_walk seen = plan_asked_walk("linux-scalability:iterations=1000", 1, 1);
    ck_assert_uint_eq(seen.allocations, 1000);
    ck_assert_uint_eq(seen.peak_live_bytes, 512);
}
END_TEST

START_TEST(cache_thrash_writes_each_object_before_it_is_freed)
{
    const struct plan *plan = plan_asked("cache-thrash:iterations=50:repetitions=7", 2, 1);
    const struct plan_op *ops = plan_thread_ops(plan, 1);
    for (uint32_t i = 0; i < 50; i++) {
        ck_assert_int_eq(plan_op_kind(ops[2 * i]), i == 0 ? PLAN_MALLOC : PLAN_REPLACE);
        ck_assert_int_eq(plan_op_kind(ops[2 * i + 1]), PLAN_TOUCH);
        ck_assert_uint_eq(ops[2 * i + 1].arg, 7);
    }
    ck_assert_uint_eq(plan->facts.remote_frees, 0);
    plan_drop(plan);
}
END_TEST

START_TEST(cache_scratch_hands_out_objects_made_in_a_row)
{
    const struct plan *plan = plan_asked("cache-scratch:iterations=20", 8, 1);
    for (uint32_t t = 0; t < 8; t++)
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, 0)[t]), PLAN_MALLOC);
    for (uint32_t t = 1; t < 8; t++) {
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, t)[0]), PLAN_TAKE);
        ck_assert_int_eq(plan_op_kind(plan_thread_ops(plan, t)[1]), PLAN_TOUCH);
    }
    ck_assert_uint_eq(plan->facts.remote_frees, 7);
    ck_assert_uint_eq(plan->facts.frees, 8 * 21);
    plan_drop(plan);
}
END_TEST

/* As a queue: the block freed first is the one allocated first. */
START_TEST(glibc_simple_frees_in_the_order_of_allocation)
{
    const struct plan *plan = plan_asked("glibc-simple:blocks=25:ops=100", 1, 1);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    ck_assert_uint_eq(plan_threads(plan)->loop_end, 100);
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_int_eq(plan_op_kind(ops[i]), i % 50 < 25 ? PLAN_MALLOC : PLAN_FREE);
        ck_assert_uint_eq(plan_op_slot(ops[i]), i % 25);
    }
    plan_drop(plan);
}
END_TEST

START_TEST(each_doubling_of_glibc_threads_sizes_is_half_as_likely)
{
    struct plan_walk seen = plan_asked_walk("glibc-thread:ops=400k", 1, 3);
    uint64_t n = 200000;
    for (unsigned k = 2; k < 7; k++) { /* 4, 8, .. 64 bytes and up */
        n /= 2;
        ck_assert_msg(seen.bytes_drawn[k] > n * 95 / 100 && seen.bytes_drawn[k] < n * 105 / 100,
                      "2^%u: %lu of %lu", k, seen.bytes_drawn[k], n);
    }
    ck_assert_uint_eq(seen.peak_live_objects, 1024);
}
END_TEST

START_TEST(nothing_of_mleak_outlives_its_thread)
{
    const struct plan *plan = plan_asked("mleak:starts=10:at-once=4:objects=100", 2, 1);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_eq(seen.child_frees, 2 * 10 * 100);
    ck_assert_uint_eq(seen.child_frees, seen.frees);
    ck_assert_uint_eq(seen.remote_frees, 0);
    ck_assert_uint_eq(plan->facts.most_threads, 2 * (1 + 4));
    plan_drop(plan);
}
END_TEST

/* Of the words of thread 0, those of one kind. */
static uint64_t n_words(const struct plan *plan, enum plan_kind kind)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < plan_threads(plan)->n_ops; i++)
        n += plan_op_kind(plan_thread_ops(plan, 0)[i]) == kind;
    return n;
}

START_TEST(the_parts_of_malloc_large_ask_for_the_same_and_differ_in_the_touching)
{
    const struct plan *allocate = plan_asked("malloc-large:part=allocate:ops=40", 1, 5);
    const struct plan *touch = plan_asked("malloc-large:ops=40", 1, 5);
    ck_assert_uint_eq(allocate->facts.bytes, touch->facts.bytes);
    ck_assert_uint_eq(n_words(allocate, PLAN_EXTENT), 4 + 20);
    ck_assert_uint_eq(n_words(touch, PLAN_EXTENT), 0);
    for (uint64_t i = 0; i < plan_threads(allocate)->n_ops; i++) {
        struct plan_op op = plan_thread_ops(allocate, 0)[i];
        if (plan_op_kind(op) == PLAN_EXTENT)
            ck_assert(plan_op_slot(op) == 0 && op.arg == 1);
    }
    plan_drop(allocate);
    plan_drop(touch);
}
END_TEST

START_TEST(a_reused_block_gets_its_size_again)
{
    const struct plan *plan = plan_asked("malloc-large:part=reuse:live=3:ops=40", 1, 5);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    const struct plan_thread *t = plan_threads(plan);
    ck_assert_uint_eq(t->loop_end - t->loop_begin, 20);
    for (uint64_t i = t->loop_begin; i < t->loop_end; i++)
        ck_assert_uint_eq(ops[i].arg, ops[plan_op_slot(ops[i])].arg);
    plan_drop(plan);
}
END_TEST

UNIT_MAIN("micro", every_plan_keeps_the_laws_at_any_number_of_threads,
          threadtest_divides_a_fixed_number_of_objects, linux_scalability_holds_one_object,
          cache_thrash_writes_each_object_before_it_is_freed,
          cache_scratch_hands_out_objects_made_in_a_row,
          glibc_simple_frees_in_the_order_of_allocation,
          each_doubling_of_glibc_threads_sizes_is_half_as_likely,
          nothing_of_mleak_outlives_its_thread,
          the_parts_of_malloc_large_ask_for_the_same_and_differ_in_the_touching,
          a_reused_block_gets_its_size_again)
