/*
 * sh6bench, in which a share of the groups is freed by another thread than the one that made them:
 * each thread hands such a group to the next, and frees the one that it is handed in its place.
 */
#include "groups.h"
#include "known.h"

enum { GROUPS, OBJECTS, MIN, MAX, REMOTE, OPS, MAIN };

static const struct param params[] = {
    [GROUPS] = {"groups", PARAM_COUNT, 50, 1, 100000, "that each thread holds"},
    [OBJECTS] = {"objects", PARAM_COUNT, 100, 1, 100000, "of a group"},
    [MIN] = GENERATE_MIN_ROW(8),
    [MAX] = GENERATE_MAX_ROW(1000),
    [REMOTE] = {"remote", PARAM_SHARE, PARAM_MILLIONTHS(0.25), 0, PARAM_ONE,
                "groups that another thread frees"},
    [OPS] = GENERATE_OPS_ROW(50000,
                             "calls of one thread in one pass; cut to whole turns of all groups"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct groups groups_of(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    return (struct groups){
        .n_groups = (uint32_t)v[GROUPS],
        .n_objects = (uint32_t)v[OBJECTS],
        .calls = v[OPS],
        .remote = v[REMOTE],
        .sizes = sizes_of(v[MIN], v[MAX]),
    };
}

static int sh8_extent(const struct workload_args *args, struct workload_extent *extent,
                      struct err *err)
{
    int rc = sizes_check(args->values[MIN], args->values[MAX], err);
    if (rc < 0)
        return rc;
    struct groups groups = groups_of(args);
    return groups_extent(&groups, args, extent, err);
}

static void sh8_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct groups groups = groups_of(args);
    groups_claims(&groups, args->threads, claims);
}

static double sh8_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct groups groups = groups_of(args);
    return sizes_share_below(&groups.sizes, bytes);
}

static int sh8_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct groups groups = groups_of(args);
    return groups_plan(&groups, args, b, err);
}

const struct workload workload_sh8bench = {
    .name = "sh8bench",
    .summary = "groups of objects of many sizes, freed in and against their order, some remotely",
    .source = "sh8bench of MicroQuill's SmartHeap, in spirit: from what is told of it",
    .surprise = "memory above that of sh6bench by more than the share that is freed remotely: what "
                "another thread frees would not come back to its maker",
    .params = params,
    .threads_min = 2,
    .known = true,
    .claims = sh8_claims,
    .share_below = sh8_share_below,
    .extent = sh8_extent,
    .plan = sh8_plan,
};
