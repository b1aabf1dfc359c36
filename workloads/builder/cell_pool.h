/*
 * Cells for hand-overs in the order in which a recording has them. A cell belongs to one pair of
 * threads. It is used again by that pair for an object that was given at least CELL_POOL_PAUSE
 * events after the last one was taken: a giver that would find it still full is so far ahead of the
 * recording. So there are as many cells as objects wait in them at once, and within such a pause.
 *
 * Cells of different pairs never share a cache line in the worker: in recorded programs objects
 * handed over one after the other belong to unrelated threads. Zero is a valid empty pool. One
 * thread.
 */
#pragma once

#include "bits.h"

/* Four times what an event's place in a file and in the recorded order may differ by. */
#define CELL_POOL_PAUSE ((uint64_t)4 * 65536)
#define CELL_POOL_NONE  UINT32_MAX

struct cell_pool {
    void *tree; /* of pairs, by their threads */
    uint64_t pause;
    uint32_t n_cells; /* all numbers are below; unused ones at the ends of groups included */
};

/*
 * The cell for an object that `giver` gave at `given` and `taker` took at `taken`; events of one
 * taker come in its order. CELL_POOL_NONE when out of memory or numbers.
 */
uint32_t cell_pool_take(struct cell_pool *p, uint32_t giver, uint32_t taker, uint64_t given,
                        uint64_t taken);
void cell_pool_release(struct cell_pool *p);
