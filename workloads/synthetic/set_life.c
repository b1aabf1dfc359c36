#include "set_life.h"

void set_life_begin(const struct set_life *set, struct rng *rng, struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < set->n_objects; i++)
        set->make(set->context, rng, b, t, (uint32_t)i);
}

void set_life_replace(const struct set_life *set, uint64_t n, struct rng *rng,
                      struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < n; i++) {
        uint32_t slot = (uint32_t)rng_below(rng, set->n_objects);
        plan_builder_free_slot(b, t, slot);
        set->make(set->context, rng, b, t, slot);
    }
}

void set_life_end(const struct set_life *set, struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < set->n_objects; i++)
        plan_builder_free_slot(b, t, (uint32_t)i);
}

void set_life_body(const struct set_life *set, struct rng *rng, struct plan_builder *b, uint32_t t)
{
    plan_builder_loop_begin(b, t);
    set_life_begin(set, rng, b, t);
    set_life_replace(set, set->n_replaced, rng, b, t);
    set_life_end(set, b, t);
    plan_builder_loop_end(b, t);
}
