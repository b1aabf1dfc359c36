/*
 * What the unit tests of this folder work on: arenas in heaps of their own, and chunks in them. Everything
 * here asserts by itself that it could be done. One thread.
 */
#pragma once

#include "malloc_state.h"

/* A new arena, the calling thread attached to it, and its lock held. */
struct malloc_state *built_arena(void);

/* An arena with one chunk, or two, of every kind; no two of them side by side. */
struct built_heap {
    struct malloc_state *m;
    struct chunk *used;              /* 64 bytes */
    struct chunk *fast, *fast_older; /* 64 bytes */
    struct chunk *unsorted;          /* 640 bytes */
    struct chunk *small;             /* 256 bytes, sorted */
    struct chunk *largest, *large, *same,
        *smallest; /* one large bin: 1584, 1552 twice, 1536 bytes */
};
struct built_heap built_heap(void);
struct built_heap built_heap_in(struct malloc_state *m); /* one that is new */

/* What int_malloc() gives for a chunk of `bytes`: it is exactly that long. */
struct chunk *built_chunk(struct malloc_state *m, size_t bytes);

/* A chunk in use, cut off the top with another one in use behind it. */
struct chunk *built_fenced(struct malloc_state *m, size_t bytes);

/* A fenced chunk that is free, and in the unsorted bin or in a fast one. */
struct chunk *built_free(struct malloc_state *m, size_t bytes);

/* A request that nothing can serve: it empties the fast bins and sorts everything. */
void built_sort(struct malloc_state *m);

/* Whether the bin holds these chunks, from its front to its end. */
bool built_bin_holds(struct malloc_state *m, unsigned bin, struct chunk *const *chunks, size_t n);

/* A way to break a law, in a heap of its own. */
struct breakage {
    const char *law;
    const char *how;
    void (*breaks)(struct built_heap *h);
};

#define BREAKAGE(law, breaks) \
    { \
        law, #breaks, breaks \
    }

/* Every row alone makes `check` return the name of its law; before, no law is broken. */
void built_break_all(const struct breakage *rows, size_t n,
                     const char *(*check)(struct malloc_state *));
