/*
 * Active false sharing: each thread makes a small object, writes it many times, frees it and makes
 * the next. Where an allocator puts objects of two threads into one cache line, that line goes to
 * and fro with every write. How many lines are shared the survey's marks tell, beside the time.
 */
#include "generate.h"
#include "micro.h"

enum { SIZE, ITERATIONS, REPETITIONS, MAIN };

static const struct param params[] = {
    [SIZE] = {"size", PARAM_BYTES, 8, 1, 64 * KIB, "of every object"},
    [ITERATIONS] = {"iterations", PARAM_COUNT, 1000, 1, 10000000,
                    "objects that each thread makes in one pass"},
    [REPETITIONS] = {"repetitions", PARAM_COUNT, 1000, 1, 100000000,
                     "writes into each object before it is freed"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int thrash_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * args->values[ITERATIONS] + 2);
    return 0;
}

/* Threads need not hold theirs at the same time. */
static void thrash_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t size = args->values[SIZE];
    *claims = (struct workload_claims){.live_min = size, .live_max = args->threads * size};
}

static double thrash_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static int thrash_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++) {
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < args->values[ITERATIONS]; i++) {
            plan_builder_malloc(b, t, 0, args->values[SIZE]);
            plan_builder_touch(b, t, 0, (uint32_t)args->values[REPETITIONS]);
            plan_builder_free_slot(b, t, 0);
        }
        plan_builder_loop_end(b, t);
    }
    return 0;
}

const struct workload workload_cache_thrash = {
    .name = "cache-thrash",
    .summary =
        "small objects, each written many times by the thread that made it: active false sharing",
    .source = "cache-thrash of Berger and others, Hoard: a scalable memory allocator (2000)",
    .surprise = "shared cache lines with an allocator that gives each thread pages of its "
                "own: a thread frees and gets back its own objects only (with one that "
                "serves all from common lists, as gperftools' tcmalloc does, they are the "
                "rule)",
    .params = params,
    .threads_min = 2,
    .known = true,
    .seedless = true,
    .claims = thrash_claims,
    .share_below = thrash_share_below,
    .extent = thrash_extent,
    .plan = thrash_plan,
};
