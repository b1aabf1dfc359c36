/*
 * Random replacement, one block at a time, in a working set per thread whose sizes follow an inverse
 * power law: most are a few bytes, some are many kilobytes. Unlike in the original, each thread has
 * a random stream of its own, so that threads do not ask for the same sizes in lock step.
 */
#include "live_set.h"
#include "micro.h"

enum { BLOCKS, MIN, MAX, OPS, MAIN };

static const struct param params[] = {
    [BLOCKS] = {"blocks", PARAM_COUNT, 1024, 1, 10000000, "in the working set of a thread"},
    [MIN] = GENERATE_MIN_ROW(4),
    [MAX] = {"max", PARAM_BYTES, 32768, 1, GIB,
             "greatest size; each doubling from min on is half as likely as the one before"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct live_set set_of(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    return (struct live_set){
        .n_objects = v[BLOCKS],
        .n_burst = 1,
        .calls = v[OPS],
        .sizes = sizes_shaped(v[MIN], v[MAX], SIZES_PARETO),
    };
}

static int thread_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    int rc = sizes_check(args->values[MIN], args->values[MAX], err);
    if (rc < 0)
        return rc;
    struct live_set set = set_of(args);
    live_set_extent(&set, args, extent);
    return 0;
}

static void thread_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct live_set set = set_of(args);
    live_set_claims(&set, args->threads, claims);
}

static double thread_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct live_set set = set_of(args);
    return live_set_share_below(&set, bytes);
}

static int thread_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct live_set set = set_of(args);
    return live_set_plan(&set, args, b, err);
}

const struct workload workload_glibc_thread = {
    .name = "glibc-thread",
    .summary = "random replacement in a small working set whose sizes follow a power law",
    .source = "malloc-thread of the GNU C library's benchtests",
    .surprise = "an allocator with caches per thread whose rate does not grow with the threads: "
                "nearly all requests are of the sizes that such caches hold",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = thread_claims,
    .share_below = thread_share_below,
    .extent = thread_extent,
    .plan = thread_plan,
};
