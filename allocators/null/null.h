/*
 * The null allocator: hands out addresses from a small ring of each thread and forgets them. What a
 * benchmark takes on it is what the benchmark itself costs.
 *
 *   ring mode  objects of up to NULL_FAST_BYTES come one behind the other from the calling thread's
 *              ring of 64 KiB, round and round; larger ones all start at the same address of a
 *              region of the thread that is as large as the largest. So objects overlap: they can
 *              be written, and hold nothing. free does nothing, calloc does not zero, realloc does
 *              not copy (it cannot know how much), the usable size is 0. Memory of two live threads
 *              is never the same; a ring goes to a later thread when its own has ended.
 *   keep mode  every object is fresh, zero and never reused, and realloc copies: what libc needs
 *              for itself.
 *
 * Every thread starts in keep mode and stays there until it says arenabench_null_keep(0); a program
 * that never does runs as with any malloc, but for its memory.
 *
 * Laws of struct null_thread:
 *   mode    limit is 0 (keep mode) or NULL_FAST_BYTES + 1 (ring mode, and then there is a ring)
 *   place   next is a multiple of 16 below NULL_RING_BYTES
 *   room    NULL_RING_BYTES + NULL_FAST_BYTES bytes from ring on are mapped and present
 *
 * One comparison with `limit` tells small requests from large ones and ring mode from keep mode.
 */
#pragma once

#include "family.h"

#define NULL_RING_BYTES 65536u
#define NULL_FAST_BYTES 32768u
#define NULL_RING_ALIGNING \
    4096u /* the largest alignment the ring can serve: rings start on a page */

struct null_ring;

struct null_thread {
    size_t limit; /* the ring serves requests below this */
    size_t next;  /* offset in the ring of the next object */
    char *ring;
    struct null_ring *owned;
};

/* All zero at the start of a thread: keep mode, no ring. */
extern __thread struct null_thread null_thread __attribute__((visibility("hidden")));

/*
 * Switches the calling thread to keep mode (on != 0) or to ring mode. Takes a ring, with every page
 * present, when the thread makes its first switch to ring mode; without memory for one the thread
 * stays in keep mode.
 */
EXPORT void arenabench_null_keep(int on);

/* What the ring cannot serve; as the core functions of the same name. */
void *null_alloc_other(size_t alignment, size_t bytes);
void *null_resize_other(void *p, size_t bytes);

static inline bool core_fast(size_t bytes)
{
    return bytes < null_thread.limit;
}

/* An object of `bytes` bytes at offset `at`; the objects before it are forgotten when the ring
 * comes round. */
static inline void *null_take(size_t at, size_t bytes)
{
    size_t step = (bytes + FAMILY_ALIGNMENT) & ~(size_t)(FAMILY_ALIGNMENT - 1); /* never 0 */
    null_thread.next = (at + step) & (NULL_RING_BYTES - 1);
    return null_thread.ring + at;
}

static inline void *core_alloc(size_t bytes)
{
    if (UNLIKELY(!core_fast(bytes)))
        return null_alloc_other(FAMILY_ALIGNMENT, bytes);
    return null_take(null_thread.next, bytes);
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    return core_alloc(bytes);
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    if (UNLIKELY(!core_fast(bytes) || alignment > NULL_RING_ALIGNING))
        return null_alloc_other(alignment, bytes);
    return null_take(round_up(null_thread.next, alignment) & (NULL_RING_BYTES - 1), bytes);
}

static inline void *core_resize(void *p, size_t bytes)
{
    if (UNLIKELY(!core_fast(bytes)))
        return null_resize_other(p, bytes);
    return null_take(null_thread.next, bytes);
}

static inline void core_free(void *p)
{
    (void)p;
}

static inline size_t core_usable_bytes(void *p)
{
    (void)p;
    return 0;
}
