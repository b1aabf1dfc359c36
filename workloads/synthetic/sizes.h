/*
 * Sizes min..max, nearly log-uniform: each doubling from min on is equally likely, sizes within one
 * are, and the last one takes what is left up to max. Drawn with integers only, so that every
 * machine draws the same. Pure.
 */
#pragma once

#include "err.h"
#include "rng.h"

struct sizes {
    uint64_t min, max;
    unsigned n_doublings;
};

static inline struct sizes sizes_of(uint64_t min, uint64_t max)
{
    unsigned n = log2_floor(max / min);
    return (struct sizes){.min = min, .max = max, .n_doublings = n > 0 ? n : 1};
}

/* A size of doubling k, which is below n_doublings. */
static inline uint64_t sizes_draw_in(const struct sizes *s, uint64_t k, struct rng *rng)
{
    uint64_t low = s->min << k;
    uint64_t high = k == s->n_doublings - 1 ? s->max : 2 * low - 1;
    return low + rng_below(rng, high - low + 1);
}

static inline uint64_t sizes_draw(const struct sizes *s, struct rng *rng)
{
    return sizes_draw_in(s, rng_below(rng, s->n_doublings), rng);
}

/* -EINVAL when no size lies in min..max. */
int sizes_check(uint64_t min, uint64_t max, struct err *err) MUST_CHECK;

/* What a draw is expected to be. */
double sizes_mean(const struct sizes *s);
double sizes_variance(const struct sizes *s);
/* The probability that a draw is below `bytes`; that one of doubling k is. */
double sizes_share_below(const struct sizes *s, uint64_t bytes);
double sizes_share_below_in(const struct sizes *s, unsigned k, uint64_t bytes);
