/*
 * What sh6bench and sh8bench have in common: each thread holds groups of objects of many sizes, and
 * replaces one whole group after the other: frees it, now from its first object on, now from its
 * last, then fills it again. A share of the groups is freed by the next thread instead, which has
 * its own freed by the one behind it.
 */
#pragma once

#include "generate.h"

struct groups {
    uint32_t n_groups, n_objects; /* objects of each */
    uint64_t calls;               /* wanted in one pass; cut to whole turns of all groups */
    uint64_t remote;              /* millionths of the groups that are handed on */
    struct sizes sizes;
};

/* -EINVAL when a thread cannot have so many slots. The sizes passed sizes_check(). */
int groups_extent(const struct groups *g, const struct workload_args *args,
                  struct workload_extent *extent, struct err *err) MUST_CHECK;

void groups_claims(const struct groups *g, uint32_t threads, struct workload_claims *claims);

/*
 * Appends `threads` threads: fill, replace (the body, which ends with the very sizes it began with),
 * free all. 0 or -ENOMEM.
 */
int groups_plan(const struct groups *g, const struct workload_args *args, struct plan_builder *b,
                struct err *err);
