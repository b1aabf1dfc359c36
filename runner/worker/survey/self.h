/* What the kernel tells this process of its own memory: without stdio and without a request of memory. */
#pragma once

#include "heap_maps.h"
#include "occupancy.h"

/* Of /proc/self/smaps_rollup; SURVEY_UNKNOWN where that does not tell. */
struct self_memory {
    uint64_t lazy_free_bytes, huge_bytes, swap_bytes;
};

void self_memory_read(struct self_memory *out, char *buffer, size_t n_buffer);

/*
 * Has `o` take every page of `maps` that is resident: present, and not the zero page, which all share. The buffer
 * is of `n_words` entries of the page map. False when that cannot be read.
 */
bool self_pages_read(struct occupancy *o, const struct heap_maps *maps, uint64_t *buffer,
                     size_t n_words) MUST_CHECK;
