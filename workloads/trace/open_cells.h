/*
 * Hand-overs of which one end was seen: as many as objects wait for another thread. Zero is a valid
 * empty set.
 */
#pragma once

#include "number_map.h"

struct open_cell {
    uint32_t thread;
    bool used, gives; /* gives: the end that was seen */
    uint64_t place;   /* of the word in the thread's sequence */
    uint64_t at;      /* events before it */
};

struct open_cells {
    struct number_map index; /* from a cell's number + 1 */
    struct open_cell *cells; /* those that are `used` are open */
    uint32_t n, room;
    uint32_t *unused; /* of the first n */
    uint32_t n_unused;
};

/* NULL when nothing of the cell was seen. */
struct open_cell *open_cells_find(const struct open_cells *o, uint32_t cell);
/* False when memory is out. */
bool open_cells_add(struct open_cells *o, uint32_t cell, const struct open_cell *end) MUST_CHECK;
void open_cells_remove(struct open_cells *o, uint32_t cell);
void open_cells_release(struct open_cells *o);
