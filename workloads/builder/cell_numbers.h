/*
 * Numbers for cells, such that cells of different pairs of threads never share a cache line in the
 * worker: in recorded programs objects handed over one after the other belong to unrelated threads,
 * and their cells, numbered in that order, would make these threads share what the program did not.
 * One thread.
 */
#pragma once

#include "bits.h"

/* Cells that lie together: as many as fit what two threads should not share. */
#define CELL_GROUP (NO_SHARING_BYTES / sizeof(void *))

/* Who gives and who takes a cell; PLAN_NO_THREAD when nobody does. */
struct cell_ends {
    uint32_t giver, taker;
};

/*
 * numbers[i] becomes the number of cell i: cells of one pair fill groups of CELL_GROUP in their
 * order. Returns how many numbers there are, unused ones at the ends of groups included, or 0 when
 * out of memory or numbers. Time: n log(pairs).
 */
uint32_t cell_numbers(const struct cell_ends *cells, uint32_t n, uint32_t *numbers);
