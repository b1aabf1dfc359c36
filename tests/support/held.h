/*
 * Objects for tests of allocators. A compiler knows that nothing else points to what malloc returns and how
 * long it is, and drops what a test writes around it; of these it knows nothing.
 */
#pragma once

#include <stdlib.h>

static void *volatile held[256];
static unsigned n_held;

static inline void *hold(void *p)
{
    unsigned i = n_held++ % (sizeof(held) / sizeof(held[0]));
    held[i] = p;
    return held[i];
}

static inline void *keep(size_t bytes)
{
    return hold(malloc(bytes));
}
