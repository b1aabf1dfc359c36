/*
 * Cells: mailboxes for one object each, through which objects cross threads. A cell's word is
 *   0                     empty
 *   pointer | FULL        full; pointers are at least 4-byte aligned, NULL included
 *   either  | WAITED      and the thread at the other end sleeps on it (futex on the low half)
 * One giver and one taker per cell (a law of the plan), so there is at most one sleeper.
 */
#pragma once

#include <stdatomic.h>

#include "bits.h"

struct lane;

struct handover_cell {
    _Atomic uintptr_t word;
};

/* How long a thread may poll and what waiting cost it; owned by the thread. */
struct handover_wait {
    uint32_t spin;
    uint64_t *stall_ns;
    struct lane *lane; /* for pace_leave(); NULL where none is needed */
};

/* Whether an object is in it now. */
bool handover_is_full(struct handover_cell *cell);

/* Waits until the cell is full, or empty, for whoever is the one to change that next. */
void handover_await(struct handover_cell *cell, bool full, const struct handover_wait *wait);

/* Puts `p` into the cell once it is empty. What was written to *p before is seen by the taker. */
void handover_give(struct handover_cell *cell, void *p, const struct handover_wait *wait);

/* Empties the cell once it is full. */
void *handover_take(struct handover_cell *cell, const struct handover_wait *wait);
