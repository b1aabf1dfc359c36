/*
 * The least and the greatest clock of the CPUs that a run saw, read before and after each of its
 * blocks, as two facts of the run (FACT_CPU_MHZ_LEAST, FACT_CPU_MHZ_MOST). Nothing where the machine does not tell.
 */
#pragma once

#include "store.h"

struct frequency_range {
    uint64_t least_mhz, most_mhz; /* 0: nothing was read yet */
};

/* What the run knows already, where it is one that goes on. */
void frequency_range_init(struct frequency_range *range, const struct store_run *run);

/* Reads the clock, and stores what is new. `block` counts from 0. */
int frequency_range_note(struct frequency_range *range, struct store *store, int64_t run_id,
                         uint32_t block, struct err *err) MUST_CHECK;
