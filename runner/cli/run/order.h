/* The order of the trials inside a block. Pure; any thread may call. */
#pragma once

#include "bits.h"

/*
 * Writes a permutation of the numbers cell * n_subjects + subject: the cells in a random order, and
 * in each the subjects in a random order of their own, one right after the other, so that what is
 * compared ran within the same seconds. Seed and block determine it: a run that goes on later draws
 * the same.
 */
void order_block(uint32_t *order, uint32_t n_cells, uint32_t n_subjects, uint64_t seed,
                 uint32_t block);
