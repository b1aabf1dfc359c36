/*
 * One arena of the ptmalloc allocator and the operations on its chunks, under the names of glibc's
 * malloc.c. Everything here wants the arena's lock held; nothing here knows of thread caches or of
 * mapped objects.
 *
 * Laws; state_check() returns the name of a broken one, or one of bins_check() and fast_check():
 *   top           the top chunk reaches the end of the newest span, and the chunk before is in use
 *   chunk sizes   from the start of a span its chunks follow each other without a gap
 *   free pairs    no two free chunks lie side by side
 *   free binned   every free chunk is in a bin
 *   free mark     a free chunk and the top are marked as unused
 *   fresh         memory from `fresh` to the end of the newest span was never written (256 bytes
 *                 of it are looked at: to read it all would make it resident)
 * On a break that others have moved, too, the second to the fourth are not checked.
 */
#pragma once

#include "arena.h"
#include "bins.h"
#include "fast.h"
#include "fatal.h"

#define FASTBIN_CONSOLIDATION_BYTES (64 * KIB)

struct cached;

struct malloc_state {
    struct arena arena;
    struct chunk *top; /* NULL: no memory yet */
    struct chunk *last_remainder;
    char *fresh; /* what lies behind is zero; inside the top or at its end */
    bool have_fast_chunks;
    uint64_t consolidations;
    /* Cached chunks of this arena that other threads gave back, or one at its end, linked and sealed as in a cache
     * (cache.h); pushed and taken without the lock. Still in use for the arena. */
    _Atomic(struct cached *) returned;
    _Atomic size_t returned_bytes; /* counted before the push and after the taking */
    struct fast_bins fast;
    struct bins bins;
};

/* The largest chunk that goes to a fast bin; 0: none. */
extern _Atomic size_t global_max_fast __attribute__((visibility("hidden")));

/*
 * A chunk of at least `bytes` (a chunk size), marked in use; NULL when only growth could serve it and
 * that is not allowed or fails.
 */
struct chunk *int_malloc(struct malloc_state *m, size_t bytes, enum growth_allowed growth);

/*
 * The same for the first of *n chunks of one size, each directly behind the one before; *n becomes how many they are,
 * one at least: as many as the free chunk holds that the first would be cut off.
 */
struct chunk *int_malloc_run(struct malloc_state *m, size_t bytes, unsigned *n,
                             enum growth_allowed growth);

/* Frees a chunk of this arena; what it neighbours is checked. */
void int_free(struct malloc_state *m, struct chunk *c);

/*
 * Frees many: chunks that lie side by side are merged before they are sorted in as one. Begins with a run of all
 * zeros; what is still to be freed then is freed by int_free_end(). Chunks for the fast bins go there.
 */
struct free_run {
    struct chunk *first;
    size_t bytes; /* 0: none yet */
};
void int_free_more(struct malloc_state *m, struct free_run *run, struct chunk *c);
void int_free_end(struct malloc_state *m, struct free_run *run);

/* Makes c at least `bytes` long where it is, or false; what is left over at its end is freed. */
bool int_resize(struct malloc_state *m, struct chunk *c, size_t bytes);

/* c and the chunk behind it, both in use, become one of at least `bytes`; the rest is freed. */
void int_join(struct malloc_state *m, struct chunk *c, size_t bytes);

/*
 * What int_memalign() asks int_malloc() for: room for a chunk before the aligned one, wherever the whole
 * lies. glibc's sum, with 16 bytes that are never needed, so that both find the same chunk.
 */
static inline size_t memalign_bytes(size_t alignment, size_t bytes)
{
    return bytes + alignment + MIN_CHUNK_BYTES + CHUNK_ALIGNMENT;
}

/* A chunk of at least `bytes` whose object is aligned to `alignment` (a power of two above 16). */
struct chunk *int_memalign(struct malloc_state *m, size_t alignment, size_t bytes,
                           enum growth_allowed growth);

/* Empties the fast bins into the unsorted bin. */
void malloc_consolidate(struct malloc_state *m);

/* The top grows so that `bytes` can be cut off it; -ENOMEM: it cannot. */
int sysmalloc(struct malloc_state *m, size_t bytes);

/* Gives the end of the top back to the system, but `pad` bytes; false: nothing to give. */
bool systrim(struct malloc_state *m, size_t pad);

/* Gives back whole heaps that are free, then the top when it is above the trim threshold. */
void heap_trim(struct malloc_state *m, size_t pad);

const char *state_check(struct malloc_state *m);

/* c keeps `bytes`; returns what is cut off its end, without a tag yet. */
static inline struct chunk *chunk_split(struct chunk *c, size_t bytes)
{
    c->size = bytes | (c->size & SIZE_BITS);
    return chunk_at(c, bytes);
}

/* Whether the header of the chunk behind c can be read, when arena_room() at c is `room`. */
static inline bool has_next(const struct chunk *c, size_t room)
{
    size_t bytes = chunk_bytes(c);
    return bytes < room && room - bytes >= CHUNK_HEADER_BYTES;
}

/* Whether c's size is one that a chunk can have there; the top's is not. */
static inline bool is_chunk_size(const struct chunk *c, size_t room)
{
    size_t bytes = chunk_bytes(c);
    return bytes >= MIN_CHUNK_BYTES && bytes % CHUNK_ALIGNMENT == 0 && has_next(c, room);
}

static inline size_t chunk_room(const struct malloc_state *m, const struct chunk *c)
{
    return arena_room(&m->arena, c);
}

/* Before the size of the top is used. */
static inline void must_be_top(const struct malloc_state *m)
{
    if (UNLIKELY((char *)chunk_next(m->top) != arena_end(&m->arena)))
        heap_fatal("malloc(): corrupted top size");
}
