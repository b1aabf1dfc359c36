/*
 * The smallest allocator over the arena layer, for its tests: objects are cut from the newest
 * memory of an arena, one after the other, and never come back.
 */
#pragma once

#include "arena.h"

struct bump {
    struct arena arena;
    char *at, *end; /* what is still free */
    size_t in_use;
    bool damaged; /* a test broke the heap's own law, "bump damage" */
};

/* How often a thread gave its cache back: thread_end of the kind. */
extern _Atomic unsigned bump_thread_ends;

/* Own settings: bump_word, "low" or "high"; bump_number, 1 to 99, mallopt BUMP_NUMBER. */
#define BUMP_NUMBER 4711
extern size_t bump_word, bump_number;

/* Zeroed and 16-aligned, or NULL. Any thread. */
void *bump_alloc(size_t bytes);
