/*
 * Passive false sharing: the first thread makes a small object for each of all and hands them out.
 * Each writes its object many times and frees it, and then makes, writes and frees objects of its
 * own. Objects made in a row lie in one cache line; an allocator that gives a thread the memory it
 * has just freed, whoever made it, keeps the threads in that line. How many lines are shared the
 * survey's marks tell, beside the time.
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

static int scratch_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * args->values[ITERATIONS] + 6);
    return 0;
}

static void scratch_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t live = args->threads * args->values[SIZE];
    double own = (double)args->threads * (double)(args->values[ITERATIONS] + 1);
    *claims = (struct workload_claims){.live_min = live, .live_max = live};
    generate_claim_remote((double)(args->threads - 1) / own, claims);
}

static double scratch_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static void append_thread(const struct workload_args *args, struct plan_builder *b, uint32_t t)
{
    uint32_t repetitions = (uint32_t)args->values[REPETITIONS];
    plan_builder_touch(b, t, 0, repetitions);
    plan_builder_free_slot(b, t, 0);
    for (uint64_t i = 0; i < args->values[ITERATIONS]; i++) {
        plan_builder_malloc(b, t, 0, args->values[SIZE]);
        plan_builder_touch(b, t, 0, repetitions);
        plan_builder_free_slot(b, t, 0);
    }
    plan_builder_loop_end(b, t);
}

static int scratch_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++)
        plan_builder_loop_begin(b, t);
    for (uint32_t t = 0; t < args->threads; t++)
        plan_builder_malloc(b, 0, t, args->values[SIZE]);
    for (uint32_t t = 1; t < args->threads; t++) {
        uint32_t cell = plan_builder_cell(b);
        plan_builder_give(b, 0, t, cell);
        plan_builder_take(b, t, 0, cell);
    }
    for (uint32_t t = 0; t < args->threads; t++)
        append_thread(args, b, t);
    return 0;
}

const struct workload workload_cache_scratch = {
    .name = "cache-scratch",
    .summary =
        "small objects made in a row for all threads, then written by each: passive false sharing",
    .source = "cache-scratch of Berger and others, Hoard: a scalable memory allocator (2000)",
    .surprise =
        "as many shared cache lines late in the run as at its start: what was handed out is "
        "freed after its first use, and need not be given to a thread again",
    .params = params,
    .threads_min = 2,
    .known = true,
    .seedless = true,
    .claims = scratch_claims,
    .share_below = scratch_share_below,
    .extent = scratch_extent,
    .plan = scratch_plan,
};
