#include "order.h"

#include "rng.h"

/* Puts the `n` numbers from `first` on, in steps of `step`, into a random order. */
static void deal(struct rng *rng, uint32_t *out, uint32_t n, uint32_t first, uint32_t step)
{
    for (uint32_t i = 0; i < n; i++) { /* each goes to a random place of those so far */
        uint32_t k = (uint32_t)rng_below(rng, i + 1);
        out[i * step] = out[k * step];
        out[k * step] = first + i * step;
    }
}

void order_block(uint32_t *order, uint32_t n_cells, uint32_t n_subjects, uint64_t seed,
                 uint32_t block)
{
    struct rng rng;
    rng_seed(&rng, seed * 0x9e3779b97f4a7c15 + block);
    deal(&rng, order, n_cells, 0, n_subjects); /* each cell where its first trial will stand */
    for (uint32_t i = 0; i < n_cells; i++) {
        uint32_t *group = order + (size_t)i * n_subjects;
        deal(&rng, group, n_subjects, group[0], 1);
    }
}
