/*
 * What generators share: random streams, and rows of parameters that mean the same everywhere. Every
 * function is pure.
 */
#pragma once

#include "rng.h"
#include "sizes.h"
#include "workload.h"

/* The stream of thread `t`: independent of how many threads there are. */
static inline struct rng generate_rng(uint64_t seed, uint32_t t)
{
    uint64_t state = seed;
    state = rng_splitmix(&state) ^ t;
    struct rng rng;
    rng_seed(&rng, state);
    return rng;
}

/* Of one round of thread `t`: independent of how much was drawn in others. */
static inline struct rng generate_round_rng(uint64_t seed, uint32_t t, uint64_t round)
{
    return generate_rng(seed + round * UINT64_C(0x9e3779b97f4a7c15), t);
}

/* The larger of 1 and n. */
static inline uint64_t generate_at_least_1(uint64_t n)
{
    return n > 0 ? n : 1;
}

/* The size to which `bytes` grow by a factor in millionths: more than they were, `bound` at most. */
static inline uint64_t generate_grown(uint64_t bytes, uint64_t growth, uint64_t bound)
{
    uint64_t next = bytes * growth / PARAM_ONE;
    if (next <= bytes)
        next = bytes + 1;
    return next < bound ? next : bound;
}

/* A row of `main`: read by workload_plan(), so generators need not look at it. */
#define GENERATE_MAIN_KEY "main"
#define GENERATE_MAIN_ROW \
    { \
        GENERATE_MAIN_KEY, PARAM_YES_NO, 1, 0, 1, \
            "let one thread be the process's main thread (no: all are created)" \
    }
#define GENERATE_MIN_ROW(preset) \
    { \
        "min", PARAM_BYTES, preset, 1, GIB, "least size" \
    }
#define GENERATE_MAX_ROW(preset) \
    { \
        "max", PARAM_BYTES, preset, 1, GIB, \
            "greatest size; each doubling from min to max is equally likely" \
    }
#define GENERATE_OPS_ROW(preset, help) \
    { \
        "ops", PARAM_COUNT, preset, 2, 100000000, help \
    }

/* What is known of the bytes that one object, or one structure that grows, holds at some time. */
struct generate_spread {
    double mean, variance, least, most;
};

/*
 * Sets live_min and live_max to where the greatest bytes of `n` live objects, drawn independently,
 * lie at all but one in ten thousand seeds, while members are replaced `draws` times (Bernstein's
 * inequality, at each of the times).
 */
void generate_claim_spread(const struct generate_spread *each, uint64_t n, uint64_t draws,
                           struct workload_claims *claims);
void generate_claim_peak(const struct sizes *sizes, uint64_t n, uint64_t draws,
                         struct workload_claims *claims);
/* Where nothing is replaced. */
void generate_claim_live(const struct sizes *sizes, uint64_t n, struct workload_claims *claims);
/*
 * Likewise of `threads` threads that do not wait for each other, each with such objects of its own:
 * at the least one has all of them at some time, at the most all have their greatest at once.
 */
void generate_claim_peaks(const struct sizes *sizes, uint64_t n, uint32_t threads, uint64_t draws,
                          struct workload_claims *claims);
/* Every free is by a thread that did not make the object in this share of cases. */
static inline void generate_claim_remote(double share, struct workload_claims *claims)
{
    claims->remote_min = claims->remote_max = share;
}
