/*
 * The everyday case: many small objects live, random ones replaced. Threads share nothing, so that
 * what they cost each other is the allocator's doing.
 *
 * A pass of 100 000 calls replaces each of the 10 000 objects five times on average; with a larger
 * live set, raise `ops` with it, or the part that a pass does not reach is never replaced.
 */
#include <errno.h>

#include "known.h"
#include "live_set.h"

enum { LIVE, MIN, MAX, BURST, OPS, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_COUNT, 10000, 1, 100000000, "objects that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(512),
    [BURST] = {"burst", PARAM_COUNT, 32, 1, 1000000,
               "frees in a row, then as many allocations; at most live"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct live_set set_of(const struct workload_args *args)
{
    return (struct live_set){
        .n_objects = args->values[LIVE],
        .n_burst = args->values[BURST],
        .calls = args->values[OPS],
        .sizes = sizes_of(args->values[MIN], args->values[MAX]),
    };
}

static int churn_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    int rc = sizes_check(args->values[MIN], args->values[MAX], err);
    if (rc < 0)
        return rc;
    struct live_set set = set_of(args);
    if (set.n_burst > set.n_objects)
        return err_set(err, EINVAL, "burst=%lu lies above live=%lu", set.n_burst, set.n_objects);
    live_set_extent(&set, args, extent);
    return 0;
}

static void churn_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct live_set set = set_of(args);
    live_set_claims(&set, args->threads, claims);
}

static double churn_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct live_set set = set_of(args);
    return live_set_share_below(&set, bytes);
}

static int churn_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct live_set set = set_of(args);
    return live_set_plan(&set, args, b, err);
}

const struct workload workload_churn = {
    .name = "churn",
    .summary = "random replacement in a set of small objects of mixed sizes, each thread its own",
    .source = "the random replacement of Larson and Krishnan (1998), without hand-over",
    .surprise = "threads that slow each other down: they share nothing, so locks, or objects of "
                "two threads in one cache line, would be the allocator's doing",
    .params = params,
    .threads_min = 1,
    .claims = churn_claims,
    .share_below = churn_share_below,
    .extent = churn_extent,
    .plan = churn_plan,
};
