/*
 * Fast bins: small chunks that were freed and stay marked in use, so that nothing merges them; one
 * list per size, last in, first out. Each link is mangled with the place it is kept at, so that a
 * stray write decodes to something that is no chunk of the bin. Emptied into the unsorted bin by
 * consolidation. The owner holds the arena's lock.
 *
 * Laws; fast_check() returns the name of a broken one:
 *   fast links   every link decodes to an aligned chunk in an arena, and none to one passed before
 *   fast size    a chunk in a fast bin is of that bin's size, and marked in use
 */
#pragma once

#include "chunk.h"

#define N_FAST_BINS    10u
#define MAX_FAST_BYTES 176u /* the largest chunk: a request of 160 bytes */

struct fast_bins {
    struct chunk *heads[N_FAST_BINS];
};

static inline unsigned fast_index(size_t bytes)
{
    return (unsigned)(bytes >> 4) - 2;
}

/* ptr as it is kept at `at`: shifted so that the random bits of an address cover the low ones. */
static inline struct chunk *mangle(const void *at, struct chunk *ptr)
{
    return (struct chunk *)((uintptr_t)ptr ^ ((uintptr_t)at >> 12));
}

void fast_push(struct fast_bins *f, struct chunk *c, size_t bytes);

/* NULL: none of that size. */
struct chunk *fast_pop(struct fast_bins *f, size_t bytes);

/* Takes the whole list of one bin; the caller walks it with fast_next(). */
struct chunk *fast_take_all(struct fast_bins *f, unsigned index);
struct chunk *fast_next(const struct chunk *c);

size_t fast_bytes(const struct fast_bins *f, size_t *n_chunks);
const char *fast_check(const struct fast_bins *f);
