/*
 * False sharing as it lies in memory: how many cache lines hold bytes of live objects, and how many of them those of
 * objects of more than one thread. An object is of the thread that holds it: of its maker, until another
 * takes it over. Only requested bytes count: what an allocator writes beside them is not seen.
 */
#pragma once

#include "occupancy.h"

struct lines {
    uint64_t used, shared;
};

/* `objects` ascending by address. O(objects). */
struct lines lines_count(const struct extent *objects, size_t n);
