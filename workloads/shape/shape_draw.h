/*
 * What chance decides of one thread's pass: which sizes are born in which order, which of them go to
 * other threads, when each dies, and what is there all the time. See shape.h for the law.
 */
#pragma once

#include "rng.h"
#include "shape_scale.h"

/* A birth by its number: all arrays are of scale->n_births. */
struct shape_draw {
    const struct shape_scale *scale;
    uint32_t n_births, n_remote;
    uint32_t *rows;    /* of the table */
    uint32_t *lengths; /* leaves the thread behind this many further births, fewer than n_births */
    uint8_t *remote;   /* freed by another thread */
    uint32_t *dying;   /* births by the birth behind which they leave: of b, from first[b] on */
    uint32_t *first;   /* n_births + 1 */
};

/* The birth behind which `birth` is freed or given away. */
static inline uint32_t shape_draw_end(const struct shape_draw *d, uint32_t birth)
{
    uint32_t end = birth + d->lengths[birth];
    return end < d->n_births ? end : end - d->n_births;
}

/* Whether it leaves in the next pass, so that its like is live when the body begins. */
static inline bool shape_draw_wraps(const struct shape_draw *d, uint32_t birth)
{
    return birth + d->lengths[birth] >= d->n_births;
}

/* Room for one thread after the other. 0 or -ENOMEM; release in any case. */
int shape_draw_init(struct shape_draw *d, const struct shape_scale *scale,
                    struct err *err) MUST_CHECK;
void shape_draw_release(struct shape_draw *d);

/*
 * Draws a thread. What was there is overwritten. `n_remote` of its births are remote: those first that live as
 * long as a hand-over takes, `lag` births, and chosen by chance among them. They leave their maker
 * so much earlier, that is at once where they do not live so long.
 */
void shape_draw_make(struct shape_draw *d, uint32_t n_remote, uint32_t lag, struct rng *rng);

/*
 * How many objects of each row are there all the time, into counts[n_rows], when arcs[i] is twice
 * the time that objects of row i of this pass are live. Systematic sampling from `start` on: with starts
 * spread evenly over all threads, each row comes out within about one object of what it should be over all of them.
 */
void shape_draw_lasting(const struct shape_scale *scale, const uint64_t *arcs, uint32_t start,
                        uint32_t *counts);

/* An exponential number of mean 1 in 2^-32, by comparisons alone (von Neumann 1951). */
uint64_t shape_draw_exponential(struct rng *rng);
