/*
 * The slots of one thread: numbers from 0 on, the lowest free one first. Zero is a valid empty set.
 */
#pragma once

#include "bits.h"

#define SLOTS_LEVELS 5 /* 64^5 slots */
#define SLOTS_NONE   UINT32_MAX

/*
 * Bit i of level 0 is set when slot i is in use; bit i of level k + 1 when word i of level k is
 * full. Words beyond n_words are 0.
 */
struct slots {
    uint64_t *level[SLOTS_LEVELS];
    uint32_t n_words[SLOTS_LEVELS];
};

/* The lowest free slot, now in use. SLOTS_NONE when memory is out. */
uint32_t slots_enter(struct slots *s);
/* `slot` is in use. */
void slots_leave(struct slots *s, uint32_t slot);
bool slots_used(const struct slots *s, uint64_t slot);
/* The lowest slot in use that is not below `from`; SLOTS_NONE when there is none. */
uint32_t slots_next(const struct slots *s, uint32_t from);
void slots_release(struct slots *s);
