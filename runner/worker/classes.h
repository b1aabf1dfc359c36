/* The size classes of the allocator in this process, found by asking for sizes and how much of each may be used. */
#pragma once

#include "statistics_block.h"

/*
 * Appends a row for each class of at most `up_to` bytes, rising; those that are nearer than 8 bytes to the one before are
 * skipped. None where the allocator has no malloc_usable_size of its own, or one that cannot be. No other thread
 * runs.
 */
void classes_tell(struct statistics_block *block, uint64_t up_to);
