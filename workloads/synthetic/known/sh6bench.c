/*
 * Groups of objects of many sizes, freed as a whole: now the one allocated last first, now in the
 * order of allocation. Each thread has its own.
 */
#include "groups.h"
#include "known.h"

enum { GROUPS, OBJECTS, MIN, MAX, OPS, MAIN };

static const struct param params[] = {
    [GROUPS] = {"groups", PARAM_COUNT, 50, 1, 100000, "that each thread holds"},
    [OBJECTS] = {"objects", PARAM_COUNT, 100, 1, 100000, "of a group"},
    [MIN] = GENERATE_MIN_ROW(8),
    [MAX] = GENERATE_MAX_ROW(1000),
    [OPS] = GENERATE_OPS_ROW(100000,
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
        .sizes = sizes_of(v[MIN], v[MAX]),
    };
}

static int sh6_extent(const struct workload_args *args, struct workload_extent *extent,
                      struct err *err)
{
    int rc = sizes_check(args->values[MIN], args->values[MAX], err);
    if (rc < 0)
        return rc;
    struct groups groups = groups_of(args);
    return groups_extent(&groups, args, extent, err);
}

static void sh6_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct groups groups = groups_of(args);
    groups_claims(&groups, args->threads, claims);
}

static double sh6_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct groups groups = groups_of(args);
    return sizes_share_below(&groups.sizes, bytes);
}

static int sh6_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct groups groups = groups_of(args);
    return groups_plan(&groups, args, b, err);
}

const struct workload workload_sh6bench = {
    .name = "sh6bench",
    .summary = "groups of objects of many sizes, freed in and against the order of allocation",
    .source = "sh6bench of MicroQuill's SmartHeap, in spirit: from what is told of it",
    .surprise = "one thread's rate falling when others run beside it: the groups are its own",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = sh6_claims,
    .share_below = sh6_share_below,
    .extent = sh6_extent,
    .plan = sh6_plan,
};
