#include "live_set.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t n_bursts(const struct live_set *set)
{
    return generate_at_least_1(set->calls / (2 * set->n_burst));
}

void live_set_extent(const struct live_set *set, const struct workload_args *args,
                     struct workload_extent *extent)
{
    extent->threads = args->threads;
    /* sizes above 4 GiB, of two words, are out of every row's range */
    extent->words = args->threads * (2 * set->n_objects + 2 * n_bursts(set) * set->n_burst + 1);
}

void live_set_claims(const struct live_set *set, uint32_t threads, struct workload_claims *claims)
{
    uint64_t n = threads * set->n_objects;
    *claims =
        (struct workload_claims){.live_min = n * set->sizes.min, .live_max = n * set->sizes.max};
    /* taken in turn, the sizes that are live at one time are not independent */
    if (!set->in_turn)
        generate_claim_peak(&set->sizes, n, threads * n_bursts(set) * set->n_burst, claims);
}

double live_set_share_below(const struct live_set *set, uint64_t bytes)
{
    if (!set->in_turn)
        return sizes_share_below(&set->sizes, bytes);
    uint64_t n = n_bursts(set) * set->n_burst;
    unsigned in_turn = set->sizes.n_doublings;
    double sum = 0;
    for (unsigned k = 0; k < in_turn; k++) {
        uint64_t turns = n / in_turn + (k < n % in_turn);
        sum += (double)turns * sizes_share_below_in(&set->sizes, k, bytes);
    }
    return sum / (double)n;
}

/* An object in a slot of the thread; 0 bytes: the slot is empty. */
struct held {
    uint64_t *bytes;
    uint32_t *victims; /* of the burst under way */
};

/* The size of the n-th object of a pass. */
static uint64_t draw_size(const struct live_set *set, uint64_t n, struct rng *rng)
{
    return set->in_turn ? sizes_draw_in(&set->sizes, n % set->sizes.n_doublings, rng)
                        : sizes_draw(&set->sizes, rng);
}

static uint32_t pick_victim(const struct live_set *set, const struct held *held, struct rng *rng)
{
    for (;;) {
        uint32_t slot = (uint32_t)rng_below(rng, set->n_objects);
        if (held->bytes[slot] != 0)
            return slot;
    }
}

/*
 * One pass; without a builder only its effect on what is held. As the stream comes by value, passes
 * are alike: the dry one finds the sizes that a pass leaves, and a start with these makes it return
 * to them.
 */
static void replace(const struct live_set *set, struct held *held, struct rng rng,
                    struct plan_builder *b, uint32_t t)
{
    for (uint64_t burst = 0; burst < n_bursts(set); burst++) {
        for (uint64_t i = 0; i < set->n_burst; i++) {
            uint32_t slot = held->victims[i] = pick_victim(set, held, &rng);
            held->bytes[slot] = 0;
            if (b)
                plan_builder_free_slot(b, t, slot);
        }
        for (uint64_t i = 0; i < set->n_burst; i++) {
            uint32_t slot = held->victims[i];
            held->bytes[slot] = draw_size(set, burst * set->n_burst + i, &rng);
            if (b)
                plan_builder_malloc(b, t, slot, held->bytes[slot]);
        }
    }
}

static void append(const struct live_set *set, struct held *held, struct rng rng,
                   struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < set->n_objects; i++)
        held->bytes[i] = draw_size(set, i, &rng);
    replace(set, held, rng, NULL, t);
    for (uint64_t i = 0; i < set->n_objects; i++)
        plan_builder_malloc(b, t, (uint32_t)i, held->bytes[i]);
    plan_builder_loop_begin(b, t);
    replace(set, held, rng, b, t);
    plan_builder_loop_end(b, t);
    for (uint64_t i = 0; i < set->n_objects; i++)
        plan_builder_free_slot(b, t, (uint32_t)i);
}

int live_set_plan(const struct live_set *set, const struct workload_args *args,
                  struct plan_builder *b, struct err *err)
{
    struct held held = {
        .bytes = calloc(set->n_objects, sizeof(held.bytes[0])),
        .victims = calloc(set->n_burst, sizeof(held.victims[0])),
    };
    int rc = 0;
    for (uint32_t t = 0; held.bytes && held.victims && t < args->threads; t++)
        append(set, &held, generate_rng(args->seed, t), b, t);
    if (!held.bytes || !held.victims)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu objects", set->n_objects);
    free(held.bytes);
    free(held.victims);
    return rc;
}
