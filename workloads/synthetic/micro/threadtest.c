/*
 * A fixed number of equal objects, divided among the threads: each allocates its part, then frees
 * it, and shares nothing. With twice the threads each has half the work, so that perfect scaling
 * shows as passes of half the time.
 */
#include "generate.h"
#include "micro.h"

enum { OBJECTS, SIZE, ITERATIONS, MAIN };

static const struct param params[] = {
    [OBJECTS] = {"objects", PARAM_COUNT, 100000, 1, 10000000,
                 "of all threads together; at least one of each"},
    [SIZE] = {"size", PARAM_BYTES, 8, 1, GIB, "of every object"},
    [ITERATIONS] = {"iterations", PARAM_COUNT, 1, 1, 1000,
                    "times in one pass that all are allocated, then all freed"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t n_own(const struct workload_args *args)
{
    return generate_at_least_1(args->values[OBJECTS] / args->threads);
}

static int threadtest_extent(const struct workload_args *args, struct workload_extent *extent,
                             struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * args->values[ITERATIONS] * n_own(args) + 1);
    return 0;
}

/* Threads need not hold all at the same time. */
static void threadtest_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t own = n_own(args) * args->values[SIZE];
    *claims = (struct workload_claims){.live_min = own, .live_max = args->threads * own};
}

static double threadtest_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static int threadtest_plan(const struct workload_args *args, struct plan_builder *b,
                           struct err *err)
{
    (void)err;
    uint32_t n = (uint32_t)n_own(args);
    for (uint32_t t = 0; t < args->threads; t++) {
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < args->values[ITERATIONS]; i++) {
            for (uint32_t slot = 0; slot < n; slot++)
                plan_builder_malloc(b, t, slot, args->values[SIZE]);
            for (uint32_t slot = 0; slot < n; slot++)
                plan_builder_free_slot(b, t, slot);
        }
        plan_builder_loop_end(b, t);
    }
    return 0;
}

const struct workload workload_threadtest = {
    .name = "threadtest",
    .summary = "a fixed number of small equal objects, divided among threads that share nothing",
    .source = "threadtest of Berger and others, Hoard: a scalable memory allocator (2000)",
    .surprise = "a rate that does not grow with the threads: they share nothing, so a lock that "
                "they meet at would be the allocator's",
    .params = params,
    .threads_min = 1,
    .known = true,
    .seedless = true,
    .claims = threadtest_claims,
    .share_below = threadtest_share_below,
    .extent = threadtest_extent,
    .plan = threadtest_plan,
};
