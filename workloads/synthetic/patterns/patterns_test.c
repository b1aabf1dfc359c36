/* What each pattern promises beyond what all workloads do, seen in the words of its plans. */
#include <string.h>

#include "plan_asked.h"
#include "unit.h"

/* Small, and near the edges of what the parameters allow. */
static const char *const words[] = {
    "asymmetric:ops=300:held=20:ring=3",
    "asymmetric:ops=100:makers=1:held=1:ring=1",
    "asymmetric:ops=7:makers=0:held=100:ring=1000000",
    "burst-idle:burst=200",
    "burst-idle:burst=3:kept=1",
    "burst-idle:burst=1:kept=0",
    "batch-free:batch=100:ops=1000",
    "batch-free:batch=1:order=fifo:ops=10",
    "batch-free:batch=30:order=random:ops=2",
    "calloc-recycled:live=10:ops=200",
    "calloc-recycled:live=1:ops=2:pages=1",
    "calloc-fresh:live=1",
    "alignment:live=20:ops=200",
    "alignment:live=1:ops=2:from=64:to=64",
    "realloc-blocked:vectors=3",
    "realloc-blocked:vectors=3:blocked=no:growth=1.01",
    "realloc-blocked:vectors=1:start=7:min=7:max=7",
    "oversubscribed:children=5:live=20:ops=10:rounds=3",
    "oversubscribed:children=2:live=1:ops=2:rounds=1",
};

START_TEST(plans_at_the_edges_keep_the_laws)
{
    plan_asked_keeps_laws(words, ARRAY_SIZE(words));
}
END_TEST

/* How often each kind stands in what thread `t` repeats: its body, or all of it if it has none. */
struct tally {
    uint64_t of[PLAN_KINDS];
};

static struct tally tally_of(const struct plan *plan, uint32_t t)
{
    const struct plan_thread *th = &plan_threads(plan)[t];
    bool root = th->flags & PLAN_ROOT;
    struct tally tally = {0};
    for (uint64_t i = root ? th->loop_begin : 0; i < (root ? th->loop_end : th->n_ops); i++)
        tally.of[plan_op_kind(plan_thread_ops(plan, t)[i])]++;
    return tally;
}

static const struct plan_op *body_of(const struct plan *plan, uint32_t t, uint64_t *n)
{
    const struct plan_thread *th = &plan_threads(plan)[t];
    *n = th->loop_end - th->loop_begin;
    return plan_thread_ops(plan, t) + th->loop_begin;
}

START_TEST(few_make_and_many_end_or_the_other_way_round)
{
    static const struct {
        const char *word;
        uint32_t threads, makers;
    } cases[] = {
        {"asymmetric:ops=500", 2, 1},
        {"asymmetric:ops=500", 3, 1},
        {"asymmetric:ops=500", 16, 4},
        {"asymmetric:ops=500", 64, 16},
        {"asymmetric:ops=500:makers=0.75", 16, 12},
        {"asymmetric:ops=500:makers=0", 64, 1},
        {"asymmetric:ops=500:makers=1", 64, 63},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct plan *plan = plan_asked(cases[i].word, cases[i].threads, 1);
        for (uint32_t t = 0; t < cases[i].threads; t++) {
            struct tally tally = tally_of(plan, t);
            bool makes = t < cases[i].makers;
            ck_assert_uint_eq(tally.of[PLAN_MALLOC], makes ? 500 : 0);
            ck_assert_uint_eq(tally.of[PLAN_GIVE], tally.of[PLAN_MALLOC]);
            ck_assert_uint_eq(tally.of[PLAN_TAKE], tally.of[PLAN_FREE]);
            ck_assert_uint_eq(tally.of[PLAN_FREE] > 0, !makes);
        }
        ck_assert_uint_eq(plan->facts.body_frees, plan->facts.body_remote_frees);
        plan_drop(plan);
    }
}
END_TEST

START_TEST(what_lies_between_makers_and_enders_is_bounded)
{
    /* 1 maker, 3 enders: as many pairs */
    const struct plan *plan = plan_asked("asymmetric:ops=3000:ring=8:held=100", 4, 1);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_le(seen.peak_in_cells, 3 * 8);
    ck_assert_uint_le(seen.peak_live_objects, 3 * (100 + 8) + 4);
    ck_assert_uint_ge(seen.peak_live_objects, 3 * 100);
    plan_drop(plan);
}
END_TEST

/* A turn begins with the baton and ends without it, and nothing crosses threads in between. */
START_TEST(idle_threads_make_no_call_between_their_bursts)
{
    enum { THREADS = 5, BURST = 1000, KEPT = 10 };
    const struct plan *plan = plan_asked("burst-idle:burst=1000:kept=0.01", THREADS, 1);
    uint32_t given[THREADS];
    uint32_t taken[THREADS];
    for (uint32_t t = 0; t < THREADS; t++) {
        uint64_t n;
        const struct plan_op *ops = body_of(plan, t, &n);
        struct tally tally = tally_of(plan, t);
        ck_assert_uint_eq(n, 2 * BURST + 2 - tally.of[PLAN_REPLACE]);
        ck_assert_uint_eq(tally.of[PLAN_GIVE], 1);
        ck_assert_uint_eq(tally.of[PLAN_TAKE], 1);
        ck_assert_uint_eq(tally.of[PLAN_MALLOC] + tally.of[PLAN_REPLACE], BURST);
        ck_assert_uint_eq(tally.of[PLAN_FREE] + tally.of[PLAN_REPLACE], BURST);
        const struct plan_op *take = t == 0 ? &ops[n - 1] : &ops[0];
        const struct plan_op *give = t == 0 ? &ops[n - 2] : &ops[n - 1];
        ck_assert_int_eq(plan_op_kind(*take), PLAN_TAKE);
        ck_assert_int_eq(plan_op_kind(*give), PLAN_GIVE);
        taken[t] = take->arg;
        given[t] = give->arg;
    }
    for (uint32_t t = 0; t < THREADS; t++)
        ck_assert_uint_eq(given[t], taken[(t + 1) % THREADS]);
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_eq(seen.peak_live_objects, BURST + (THREADS - 1) * KEPT + 1);
    plan_drop(plan);
}
END_TEST

/* The slots of the first batch's frees, in their order; slots are allocated from 0 on. */
static void batch_frees(const char *word, uint32_t *slots, uint32_t n)
{
    const struct plan *plan = plan_asked(word, 1, 1);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_int_eq(plan_op_kind(ops[i]), PLAN_MALLOC);
        ck_assert_uint_eq(plan_op_slot(ops[i]), i);
        enum plan_kind kind = plan_op_kind(ops[n + i]);
        ck_assert(kind == PLAN_FREE || (kind == PLAN_REPLACE && i == n - 1));
        slots[i] = plan_op_slot(ops[n + i]);
    }
    plan_drop(plan);
}

START_TEST(batches_are_freed_in_the_order_that_was_asked_for)
{
    enum { N = 500 };
    uint32_t slots[N];
    bool freed[N] = {0};
    batch_frees("batch-free:batch=500:ops=2000", slots, N);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(slots[i], N - 1 - i);
    batch_frees("batch-free:batch=500:ops=2000:order=fifo", slots, N);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(slots[i], i);
    batch_frees("batch-free:batch=500:ops=2000:order=random", slots, N);
    uint32_t n_in_place = 0;
    uint32_t n_rising = 0;
    for (uint32_t i = 0; i < N; i++) {
        ck_assert(!freed[slots[i]]);
        freed[slots[i]] = true;
        n_in_place += slots[i] == i;
        n_rising += i > 0 && slots[i] > slots[i - 1];
    }
    ck_assert_uint_lt(n_in_place, 10);
    ck_assert(n_rising > N * 2 / 5 && n_rising < N * 3 / 5);
}
END_TEST

START_TEST(calloc_is_all_that_the_rows_of_its_name_call)
{
    static const char *const callocs[] = {"calloc-recycled", "calloc-fresh"};
    for (size_t i = 0; i < ARRAY_SIZE(callocs); i++) {
        const struct plan *plan = plan_asked(callocs[i], 2, 1);
        struct tally tally = tally_of(plan, 1);
        ck_assert_uint_gt(tally.of[PLAN_CALLOC], 0);
        ck_assert_uint_eq(tally.of[PLAN_CALLOC], tally.of[PLAN_FREE]);
        ck_assert_uint_eq(tally.of[PLAN_MALLOC] + tally.of[PLAN_REPLACE], 0);
        plan_drop(plan);
    }
}
END_TEST

/* Above what glibc's mmap threshold rises to; of each the first 16 pages are used. */
START_TEST(fresh_blocks_are_beyond_any_threshold_and_hardly_used)
{
    const struct plan *plan = plan_asked("calloc-fresh", 1, 3);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    for (uint64_t i = 0; plan_op_kind(ops[i]) != PLAN_END; i++) {
        if (plan_op_kind(ops[i]) != PLAN_CALLOC)
            continue;
        ck_assert_uint_ge(ops[i].arg, 33 * MIB);
        ck_assert_uint_le(ops[i].arg, 64 * MIB);
        ck_assert(i > 0 && plan_op_kind(ops[i - 1]) == PLAN_EXTENT);
        ck_assert_uint_eq(plan_op_slot(ops[i - 1]), 0);
        ck_assert_uint_eq(ops[i - 1].arg, 16);
    }
    plan_drop(plan);
}
END_TEST

START_TEST(each_alignment_from_16_bytes_to_2_mib_is_equally_likely)
{
    const struct plan *plan = plan_asked("alignment:ops=100k", 1, 1);
    const struct plan_op *ops = plan_thread_ops(plan, 0);
    uint64_t drawn[64] = {0};
    uint64_t n = 0;
    for (uint64_t i = 0; plan_op_kind(ops[i]) != PLAN_END; i++) {
        enum plan_kind kind = plan_op_kind(ops[i]);
        ck_assert(kind == PLAN_WIDE || kind == PLAN_ALIGNED || kind == PLAN_FREE);
        if (kind == PLAN_ALIGNED) {
            ck_assert_int_eq(plan_op_kind(ops[i - 1]), PLAN_WIDE);
            drawn[plan_op_slot(ops[i - 1])]++;
            n++;
        }
    }
    for (unsigned k = 0; k < 64; k++) {
        bool wanted = k >= 4 && k <= 21;
        ck_assert_msg(wanted ? drawn[k] > n / 18 * 9 / 10 && drawn[k] < n / 18 * 11 / 10
                             : drawn[k] == 0,
                      "2^%u: %lu of %lu", k, drawn[k], n);
    }
    plan_drop(plan);
}
END_TEST

/* The sizes of a vector's neighbours, in their order, and when they were allocated. */
struct neighbours {
    uint64_t n, n_behind; /* behind the vector's first allocation */
    uint64_t bytes[64];
};

static struct neighbours first_neighbours(const char *word)
{
    const struct plan *plan = plan_asked(word, 1, 1);
    struct neighbours seen = {0};
    bool begun = false;
    for (const struct plan_op *op = plan_thread_ops(plan, 0); plan_op_kind(*op) != PLAN_FREE;
         op++) {
        bool malloced = plan_op_kind(*op) == PLAN_MALLOC;
        if (malloced && plan_op_slot(*op) > 0) {
            ck_assert_uint_lt(seen.n, ARRAY_SIZE(seen.bytes));
            seen.bytes[seen.n++] = op->arg;
            seen.n_behind += begun;
            /* what follows at once, behind its prefix, is the growth that it stands in the way of */
            ck_assert(!begun || plan_op_kind(op[2]) == PLAN_REALLOC);
        }
        begun |= malloced && plan_op_slot(*op) == 0;
    }
    plan_drop(plan);
    return seen;
}

START_TEST(neighbours_are_the_same_behind_a_vector_and_before_it)
{
    struct neighbours blocked = first_neighbours("realloc-blocked");
    struct neighbours not_blocked = first_neighbours("realloc-blocked:blocked=no");
    ck_assert_uint_ge(blocked.n, 13); /* from 256 bytes to 64 KiB by halves */
    ck_assert_uint_eq(blocked.n, blocked.n_behind);
    ck_assert_uint_eq(not_blocked.n_behind, 0);
    ck_assert_uint_eq(blocked.n, not_blocked.n);
    ck_assert_mem_eq(blocked.bytes, not_blocked.bytes, blocked.n * sizeof(uint64_t));
}
END_TEST

/* Each child waits for what the root gives when the last one has been started. */
START_TEST(a_crowd_is_alive_together)
{
    enum { ROOTS = 2, CHILDREN = 64 };
    const struct plan *plan = plan_asked("oversubscribed", ROOTS, 1);
    ck_assert_uint_eq(plan->n_threads, ROOTS * (1 + CHILDREN));
    ck_assert_uint_eq(plan->facts.most_threads, ROOTS * (1 + CHILDREN));
    uint64_t n;
    const struct plan_op *ops = body_of(plan, 1, &n);
    for (uint32_t i = 0; i < CHILDREN; i++)
        ck_assert_int_eq(plan_op_kind(ops[i]), PLAN_SPAWN);
    for (uint32_t i = 0; i < CHILDREN; i++) {
        const struct plan_op *give = &ops[CHILDREN + 2 * i + 1];
        struct plan_op first = plan_thread_ops(plan, ops[i].arg)[0];
        ck_assert_int_eq(plan_op_kind(*give), PLAN_GIVE);
        ck_assert_int_eq(plan_op_kind(first), PLAN_TAKE);
        ck_assert_uint_eq(first.arg, give->arg);
    }
    plan_drop(plan);
}
END_TEST

START_TEST(a_crowd_moves_on_together)
{
    const struct plan *plan = plan_asked("oversubscribed:children=4:rounds=5", 1, 1);
    for (uint32_t t = 1; t <= 4; t++) {
        struct tally tally = tally_of(plan, t);
        ck_assert_uint_eq(tally.of[PLAN_GIVE], 5);
        ck_assert_uint_eq(tally.of[PLAN_TAKE], 5 + 1);
    }
    struct plan_walk seen = plan_walk(plan);
    ck_assert_uint_ge(seen.peak_live_objects, 4 * 100);
    plan_drop(plan);
}
END_TEST

UNIT_MAIN("patterns", plans_at_the_edges_keep_the_laws,
          few_make_and_many_end_or_the_other_way_round,
          what_lies_between_makers_and_enders_is_bounded,
          idle_threads_make_no_call_between_their_bursts,
          batches_are_freed_in_the_order_that_was_asked_for,
          calloc_is_all_that_the_rows_of_its_name_call,
          fresh_blocks_are_beyond_any_threshold_and_hardly_used,
          each_alignment_from_16_bytes_to_2_mib_is_equally_likely,
          neighbours_are_the_same_behind_a_vector_and_before_it, a_crowd_is_alive_together,
          a_crowd_moves_on_together)
