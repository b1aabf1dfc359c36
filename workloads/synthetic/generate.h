/*
 * What generators share: random streams, sizes, rows that mean the same everywhere, and the rows of
 * the table. Every function is pure.
 */
#pragma once

#include "rng.h"
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

/* The larger of 1 and n. */
static inline uint64_t generate_at_least_1(uint64_t n)
{
    return n > 0 ? n : 1;
}

/*
 * Sizes min..max, nearly log-uniform: each doubling from min on is equally likely, sizes within one
 * are, and the last one takes what is left up to max. Integers only, so that every machine draws
 * the same.
 */
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

extern const struct workload workload_nop;
extern const struct workload workload_churn;
extern const struct workload workload_larson;
extern const struct workload workload_producer_consumer;
extern const struct workload workload_thread_churn;
extern const struct workload workload_realloc_growth;
extern const struct workload workload_threshold_ratchet;
