/*
 * A live set of one thread whose random members are replaced by new ones of other sizes, in bursts:
 * so many frees, then so many allocations into the slots that became empty. A burst of 1 is a free
 * and an allocation of the same slot in turn; longer ones do not hand the block just freed straight
 * back, and keep the kind of the next call predictable, so that the allocator is measured and not
 * the processor's guess of which call comes next.
 */
#pragma once

#include "generate.h"

struct live_set {
    uint64_t n_objects;
    uint64_t n_burst; /* 1..n_objects */
    uint64_t calls;   /* wanted in one pass; cut to whole bursts, at least one */
    struct sizes sizes;
    bool in_turn; /* sizes come from each doubling in turn: where a pass is too short for chance */
};

/* One such set in each thread, for the row of a workload whose sizes passed sizes_check(). */
void live_set_extent(const struct live_set *set, const struct workload_args *args,
                     struct workload_extent *extent);

/* What `threads` such sets are like, each with its own stream: for the row of a workload. */
void live_set_claims(const struct live_set *set, uint32_t threads, struct workload_claims *claims);
double live_set_share_below(const struct live_set *set, uint64_t bytes);

/*
 * Appends all threads: fill, replace (the body, which ends with the very sizes it began with), free
 * all. 0 or -ENOMEM.
 */
int live_set_plan(const struct live_set *set, const struct workload_args *args,
                  struct plan_builder *b, struct err *err);
