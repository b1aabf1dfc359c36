/*
 * A live set from nothing to nothing: made, its members replaced at random one by one, all freed.
 * For threads that begin with an empty hand, and for objects that malloc alone does not make.
 */
#pragma once

#include "plan_builder.h"
#include "rng.h"

struct set_life {
    uint64_t n_objects, n_replaced;
    /* Appends the allocation of one object into `slot` of thread `t`, which is empty. */
    void (*make)(const void *context, struct rng *rng, struct plan_builder *b, uint32_t t,
                 uint32_t slot);
    const void *context;
};

/* Of one life, at most: `make` appends so many words at most. */
static inline uint64_t set_life_words(uint64_t n_objects, uint64_t n_replaced, uint64_t make_words)
{
    return (n_objects + n_replaced) * (1 + make_words);
}

void set_life_begin(const struct set_life *set, struct rng *rng, struct plan_builder *b,
                    uint32_t t);
void set_life_replace(const struct set_life *set, uint64_t n, struct rng *rng,
                      struct plan_builder *b, uint32_t t);
void set_life_end(const struct set_life *set, struct plan_builder *b, uint32_t t);

/* All of it, as the body of thread `t`. */
void set_life_body(const struct set_life *set, struct rng *rng, struct plan_builder *b, uint32_t t);
