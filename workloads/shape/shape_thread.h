/* The words of one thread of a shape, from what was drawn for it. */
#pragma once

#include "shape_ring.h"

struct shape_thread {
    uint32_t t;
    uint32_t start; /* of shape_draw_lasting() */
    const struct shape_draw *draw;
    uint32_t fan;                 /* rings that it gives into, and as many that it takes from */
    const struct shape_ring *out; /* [fan] */
    const struct shape_ring **in; /* [fan] */
};

/* Appends all of the thread to `b`, filled in an order that `rng` decides. 0 or -ENOMEM. */
int shape_thread_plan(const struct shape_thread *thread, struct rng *rng, struct plan_builder *b,
                      struct err *err) MUST_CHECK;
