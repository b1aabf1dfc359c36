/*
 * Remote frees. Near the end of its life an object is given into a cell of a ring, and the ring's taker
 * frees it at that end, about. Thread t has `fan` rings, to the threads behind it, and uses them in turn.
 *
 *      messages   0 ... m ... m+h ...        as thread t gives them in a pass
 *      cells      a ring goes round in whole rounds, so that the next pass finds each cell as this one did
 *
 * Message m is taken where m + h is given, half a round later: so a taker may be half a ring ahead
 * of its giver or behind it before one of them waits. The last h messages of a pass stay in their
 * cells when the body ends, and lie there when it begins.
 *
 * Nobody waits for ever: gives and takes have an order in which each thread does its own and each
 * waits for earlier ones only. It is (birth, number j of the give among those of its ring behind
 * this birth, gives before takes): a give waits for a take that stands where an earlier give of its
 * ring does, a take for an earlier give.
 */
#pragma once

#include "plan_builder.h"
#include "shape_draw.h"

struct shape_ring {
    uint32_t giver, taker;
    uint32_t n; /* messages of a pass */
    uint32_t n_rounds;
    uint32_t n_late; /* h */
    uint32_t *at;    /* by message: the birth behind which it is given */
    uint32_t *rows;  /* and what it is */
    uint32_t *cells; /* of a round, the longest */
};

/* In how many rounds `n` messages go through a ring of at most `most` cells: 4 or more where there are as many. */
uint32_t shape_ring_rounds(uint32_t n, uint64_t most);

/* The cell of message m. */
uint32_t shape_ring_cell(const struct shape_ring *ring, uint32_t m);

/* The message that is taken where message k is given. */
static inline uint32_t shape_ring_taken(const struct shape_ring *ring, uint32_t k)
{
    return k >= ring->n_late ? k - ring->n_late : k + ring->n - ring->n_late;
}

/* By how many births message m outlives being given. */
uint32_t shape_ring_lag(const struct shape_ring *ring, uint32_t m, uint32_t n_births);

struct shape_wiring {
    uint32_t n_threads, fan; /* fan < n_threads */
    uint64_t most;           /* cells of a ring */
};

/*
 * The rings of giver `t`, which has drawn `d`: rings[wiring->fan]. 0 or -ENOMEM; release each in any
 * case. All zero is an empty ring.
 */
int shape_ring_make(struct shape_ring *rings, const struct shape_wiring *wiring, uint32_t t,
                    const struct shape_draw *d, struct plan_builder *b, struct err *err) MUST_CHECK;
void shape_ring_release(struct shape_ring *ring);
