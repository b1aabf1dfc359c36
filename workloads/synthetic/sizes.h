/*
 * How sizes min..max are drawn. With integers only, so that every machine draws the same. Pure.
 */
#pragma once

#include "err.h"
#include "rng.h"

enum size_shape {
    /* Nearly log-uniform: each doubling from min on is equally likely, sizes within one are, and
     * the last one takes what is left up to max. */
    SIZES_DOUBLINGS,
    /* A power law of exponent 1, cut off: each doubling is half as likely as the one before. */
    SIZES_PARETO,
    SIZES_EVEN,   /* each size is equally likely */
    SIZES_LINEAR, /* the likelihood falls in a straight line, to 0 behind max */
};

struct sizes {
    uint64_t min, max;
    unsigned n_doublings;
    enum size_shape shape;
};

static inline struct sizes sizes_shaped(uint64_t min, uint64_t max, enum size_shape shape)
{
    unsigned n = log2_floor(max / min);
    return (struct sizes){.min = min, .max = max, .n_doublings = n > 0 ? n : 1, .shape = shape};
}

static inline struct sizes sizes_of(uint64_t min, uint64_t max)
{
    return sizes_shaped(min, max, SIZES_DOUBLINGS);
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
    uint64_t n = s->max - s->min + 1;
    uint64_t a, b;
    switch (s->shape) {
    case SIZES_PARETO: /* the heads before the first tail of so many coins */
        a = (uint64_t)__builtin_ctzll(rng_next(rng) | UINT64_C(1) << (s->n_doublings - 1));
        return sizes_draw_in(s, a, rng);
    case SIZES_EVEN:
        return s->min + rng_below(rng, n);
    case SIZES_LINEAR: /* the smaller of two */
        a = rng_below(rng, n);
        b = rng_below(rng, n);
        return s->min + (a < b ? a : b);
    default:
        return sizes_draw_in(s, rng_below(rng, s->n_doublings), rng);
    }
}

/* -EINVAL when no size lies in min..max. */
int sizes_check(uint64_t min, uint64_t max, struct err *err) MUST_CHECK;

/* What a draw is expected to be. */
double sizes_mean(const struct sizes *s);
double sizes_variance(const struct sizes *s);
/* The probability that a draw is below `bytes`; that one of doubling k is. */
double sizes_share_below(const struct sizes *s, uint64_t bytes);
double sizes_share_below_in(const struct sizes *s, unsigned k, uint64_t bytes);
