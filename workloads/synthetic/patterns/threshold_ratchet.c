/*
 * Buffers around the sizes at which allocators ask the system for each one: a freed mapping raises
 * glibc's mmap threshold to its size and the trim threshold to twice that, up to 32 MiB, so what a
 * buffer costs depends on which were freed before it. Each is touched page by page.
 *
 * A pass of the defaults touches a buffer of each doubling from 1 to 32 MiB, 12 000 pages: 8 to 18
 * ms when each of them is a fault anew. Each doubling has its turn, so that threads and seeds
 * differ in order only.
 */
#include "live_set.h"
#include "patterns.h"

enum { LIVE, MIN, MAX, OPS, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_COUNT, 3, 1, 10000, "buffers that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(1 * MIB),
    [MAX] = GENERATE_MAX_ROW(32 * MIB),
    [OPS] = GENERATE_OPS_ROW(10, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct live_set set_of(const struct workload_args *args)
{
    return (struct live_set){
        .n_objects = args->values[LIVE],
        .n_burst = 1,
        .calls = args->values[OPS],
        .sizes = sizes_of(args->values[MIN], args->values[MAX]),
        .in_turn = true,
    };
}

static int ratchet_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    int rc = sizes_check(args->values[MIN], args->values[MAX], err);
    if (rc < 0)
        return rc;
    struct live_set set = set_of(args);
    live_set_extent(&set, args, extent);
    return 0;
}

static void ratchet_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct live_set set = set_of(args);
    live_set_claims(&set, args->threads, claims);
}

static double ratchet_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct live_set set = set_of(args);
    return live_set_share_below(&set, bytes);
}

static int ratchet_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct live_set set = set_of(args);
    return live_set_plan(&set, args, b, err);
}

const struct workload workload_threshold_ratchet = {
    .name = "threshold-ratchet",
    .summary =
        "few large buffers, replaced at random: moving mmap and trim thresholds, and page faults",
    .source = "the moving M_MMAP_THRESHOLD of glibc, as told in mallopt(3)",
    .surprise = "glibc taking as many page faults in late passes as in the first: its threshold "
                "should have risen above all sizes once the largest buffer was freed",
    .params = params,
    .threads_min = 1,
    .claims = ratchet_claims,
    .share_below = ratchet_share_below,
    .extent = ratchet_extent,
    .plan = ratchet_plan,
};
