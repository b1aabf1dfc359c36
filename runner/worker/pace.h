/*
 * Words PACE: a lane waits until it is its turn.
 *
 * By time: until the clock shows the word's time after the start.
 *
 * By order: until no lane of its group is more than the plan's window behind it in the recording.
 * Each lane tells its position, that of its last word PACE, on a cache line of its own. Lanes that
 * are not born yet or have ended do not count. Nor does one that waits for an object or for another
 * lane's end, as long as that has not come: then the one that it waits for is further behind,
 * because the recorded order is an order in which all can be done. So nobody is held back by a lane
 * that cannot go on: of the lanes that wait for their turn the one with the least position finds no
 * other behind it.
 *
 * Cost: a word by order is a store that other CPUs see and a comparison; once in half a window of
 * progress a lane looks at the positions of all others, a cache line each (128 at some 80 ns when
 * as many threads run), and shares what it found with them.
 */
#pragma once

#include <stdatomic.h>

#include "bits.h"

struct lane;
struct worker;
struct handover_cell;

#define PACE_NOWHERE UINT64_MAX /* told by who does not count */

/* What a lane waits for: a cell that is full or empty, or the end of a thread. */
struct pace_cause {
    struct handover_cell *cell; /* NULL: the thread */
    uint32_t full, thread;
};

/* Of one lane. */
struct pace_place {
    _Alignas(NO_SHARING_BYTES) _Atomic uint64_t position;
    /* While it waits position is PACE_NOWHERE, and this is where it is, and why. */
    _Atomic uint64_t waits_at;
    _Atomic uintptr_t cell;
    _Atomic uint32_t full, thread;
};

/* Of lanes that wait for each other: they lie in one copy of a recorded program. */
struct pace_group {
    _Alignas(NO_SHARING_BYTES) _Atomic uint64_t least;  /* no lane is behind it */
    _Alignas(NO_SHARING_BYTES) _Atomic uint64_t wanted; /* the least position anyone sleeps for */
    _Atomic uint32_t moved; /* the futex: changes when a position reached it */
    uint32_t first, end;    /* threads of the group are among them */
};

/* All of a worker's; memory of its own, made before the clock. */
struct pace {
    struct pace_place *places;
    struct pace_group *groups; /* by thread index of the group's name */
    _Atomic uint64_t *alive;   /* a bit per lane */
};

/* Bytes of memory, zeroed, that pace_init() divides up; 0 when the plan is not paced by order. */
size_t pace_bytes(const struct worker *w);
void pace_init(struct worker *w, void *memory);

/* The word PACE itself. */
void pace_wait(struct lane *lane, uint64_t value);

/* A lane is born, by `parent` (NULL: a root), before its thread is; it has ended. */
void pace_begin(struct lane *lane, const struct lane *parent);
void pace_end(struct lane *lane);

/* Around waiting for another lane. */
void pace_leave(struct lane *lane, const struct pace_cause *cause);
void pace_return(struct lane *lane);
