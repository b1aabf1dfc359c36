/*
 * Pairs of malloc and free, and nothing else: each thread allocates an object, frees it at once and
 * does so again. It is what nop is, but for the size, and for a thread that holds nothing between
 * its passes.
 */
#include "generate.h"
#include "micro.h"

enum { SIZE, ITERATIONS, MAIN };

static const struct param params[] = {
    [SIZE] = {"size", PARAM_BYTES, 512, 1, GIB, "of every request"},
    [ITERATIONS] = {"iterations", PARAM_COUNT, 100000, 1, 100000000,
                    "pairs of malloc and free of one thread in one pass"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int scalability_extent(const struct workload_args *args, struct workload_extent *extent,
                              struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (args->values[ITERATIONS] + 2);
    return 0;
}

/* Threads need not hold theirs at the same time. */
static void scalability_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t size = args->values[SIZE];
    *claims = (struct workload_claims){.live_min = size, .live_max = args->threads * size};
}

static double scalability_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static int scalability_plan(const struct workload_args *args, struct plan_builder *b,
                            struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++) {
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < args->values[ITERATIONS]; i++) {
            plan_builder_malloc(b, t, 0, args->values[SIZE]);
            plan_builder_free_slot(b, t, 0);
        }
        plan_builder_loop_end(b, t);
    }
    return 0;
}

const struct workload workload_linux_scalability = {
    .name = "linux-scalability",
    .summary = "pairs of malloc and free of one size: whether threads get in each other's way",
    .source = "Lever and Boreham, malloc() performance in a multithreaded Linux environment (2000)",
    .surprise = "a pair that takes longer with more threads than with one, up to the number of "
                "cores: a lock or a cache line would be common to all",
    .params = params,
    .threads_min = 1,
    .known = true,
    .seedless = true,
    .claims = scalability_claims,
    .share_below = scalability_share_below,
    .extent = scalability_extent,
    .plan = scalability_plan,
};
