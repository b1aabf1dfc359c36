/*
 * What one thread keeps of chunks that are too large for the bins of its cache. A program makes large objects of
 * few sizes, pages and buffers: each size has one slot of LARGE_SLOTS that it can be in, where chunks of exactly that
 * size are kept, linked and sealed as in a bin, once the thread has asked for one: of a size that is only freed
 * here, or only grown to, a chunk is of no use. All slots together hold `cache_large` bytes at most. A size that was served
 * keeps its slot, or its share of the bytes, against another one once.
 *
 * Laws; large_cache_check() returns the name of a broken one:
 *   large size    every chunk is as long as its slot says, and that size belongs in that slot
 *   large count   n is the length of the list
 *   large bytes   `bytes` is the sum over all slots
 */
#pragma once

#include "cache.h"

#define LARGE_CACHE_MAX_CHUNK (32 * KIB)
#define LARGE_SLOT_BITS       4u
#define LARGE_SLOTS           (1u << LARGE_SLOT_BITS)

struct large_slot {
    struct cache_bin bin; /* its limit is not used */
    uint32_t bytes;       /* of each chunk, and of the request that made it so */
    bool was_asked_for;   /* and served, since another size wanted its place */
};

struct large_cache {
    struct large_slot slots[LARGE_SLOTS];
    size_t bytes;
    unsigned hand; /* the slot that was asked last to give way when there was no room */
};
extern __thread struct large_cache large_cache __attribute__((visibility("hidden")));

/* Setting: bytes of all slots at most. */
extern _Atomic size_t cache_large __attribute__((visibility("hidden")));

/* All of the calling thread, whose cache is set up. A chunk of exactly `bytes`; NULL: none, but its like will be kept. */
void *large_cache_take(size_t bytes);

/* Keeps an object whose chunk is of `bytes`, more than CACHE_MAX_CHUNK. False: it is the caller's to free. */
bool large_cache_keep(struct cached *e, size_t bytes);

/* The slot of chunks of `bytes`. */
struct large_slot *large_slot_of(size_t bytes);

/* Frees all of them into their arenas. */
void large_cache_flush(void);

const char *large_cache_check(void);
