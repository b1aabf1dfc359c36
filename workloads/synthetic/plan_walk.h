/*
 * For tests: executes a plan by its words alone, in one legal order, and tells what a trial would
 * see. Roots wait for each other before and behind their bodies, as they do there. Independent of plan_check(), so that generators are not tested by the code that they were
 * written with.
 */
#pragma once

#include "plan.h"

struct plan_walk {
    uint64_t allocations, frees, remote_frees; /* of the whole pass */
    uint64_t child_frees, child_remote_frees;  /* by threads that are not roots */
    uint64_t body_calls, body_bytes;           /* of the roots' own bodies */
    /* of all that is repeated: bodies, and the threads that these start */
    uint64_t again_allocations, again_grown; /* of them, by realloc of what was there */
    uint64_t again_frees, again_remote_frees;
    uint64_t least_bytes, most_bytes; /* of one request */
    uint64_t bytes_drawn[64];         /* requests by log2 of their size */
    uint64_t peak_live_objects, peak_live_bytes;
    uint64_t live_objects_at_end;
    uint64_t peak_in_cells; /* objects in one cell's hands summed over all cells, at most */
    uint64_t
        n_sizes_changed; /* slots whose size at the end of a body is not that at its beginning */
    bool stuck;          /* some thread never came to its end */
};

struct plan_walk plan_walk(const struct plan *p);

/*
 * Likewise, and stores the size of each of the `again_allocations`: there is room for as many as
 * p->facts.allocations.
 */
struct plan_walk plan_walk_sizes(const struct plan *p, uint64_t *sizes);
