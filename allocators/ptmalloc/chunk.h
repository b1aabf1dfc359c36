/*
 * Chunks: the pieces an arena's memory is cut into, with boundary tags, as in glibc's malloc.c.
 *
 *      in use                                       free
 *      +-------------------------------+            +-------------------------------+
 * c -> | (last word of the object      |            | (as on the left)              |
 *      |  before, or prev_size)        |            |                               |
 *      +-------------------------------+            +-------------------------------+
 *      | size                  | N M P |            | size                  | N M P |
 *      +-------------------------------+ <- object  +-------------------------------+
 *      | the program's bytes           |            | fd            | bk            |
 *      |                               |            | fd_nextsize   | bk_nextsize   | large ones
 *      |                               |            | unused                        |
 *      +-------------------------------+            +-------------------------------+
 * next | (still the program's)         |            | prev_size = size of c         |
 *      +-------------------------------+            +-------------------------------+
 *      | size of the next      | N M 1 |            | size of the next      | N M 0 |
 *
 * P: the chunk before is in use (or in a fast bin or a thread's cache, which is the same here).
 * N: lies in a heap, not on the break. M: a mapping of its own (mapped.h); as that is never in an arena, there it
 * marks what is in no use: a chunk in a bin or a fast bin, the top, and the header of one that was merged into
 * another. So a second free of any of them is found out, by the same look at the size as a plain one takes.
 * The pointers of a free chunk are those of the lists in bins.h.
 */
#pragma once

#include "bits.h"

struct chunk {
    size_t prev_size;
    size_t size;
    struct chunk *fd, *bk;
    struct chunk *fd_nextsize, *bk_nextsize;
};

#define PREV_INUSE     ((size_t)1)
#define IS_MMAPPED     ((size_t)2)
#define IS_UNUSED      IS_MMAPPED
#define NON_MAIN_ARENA ((size_t)4)
#define SIZE_BITS      (PREV_INUSE | IS_MMAPPED | NON_MAIN_ARENA)

#define CHUNK_HEADER_BYTES 16u /* from the chunk to its object */
#define CHUNK_ALIGNMENT    16u
#define CHUNK_OVERHEAD     sizeof(size_t) /* of a chunk in use: the other word is lent by the next */
#define MIN_CHUNK_BYTES    32u

/*
 * The owner of an object reads its size without a lock, while another thread, under the arena's lock, may turn
 * over PREV_INUSE in the same word: such accesses are atomic, which costs nothing.
 */
static inline size_t chunk_tag(const struct chunk *c)
{
    return __atomic_load_n(&c->size, __ATOMIC_RELAXED);
}

static inline void chunk_set_prev_in_use(struct chunk *c, bool in_use)
{
    size_t rest = chunk_tag(c) & ~PREV_INUSE;
    __atomic_store_n(&c->size, rest | (in_use ? PREV_INUSE : 0), __ATOMIC_RELAXED);
}

static inline size_t chunk_bytes(const struct chunk *c)
{
    return chunk_tag(c) & ~SIZE_BITS;
}

static inline void *chunk_object(struct chunk *c)
{
    return (char *)c + CHUNK_HEADER_BYTES;
}

static inline struct chunk *object_chunk(const void *p)
{
    return (struct chunk *)((char *)p - CHUNK_HEADER_BYTES);
}

static inline struct chunk *chunk_at(const struct chunk *c, size_t bytes)
{
    return (struct chunk *)((char *)c + bytes);
}

static inline struct chunk *chunk_next(const struct chunk *c)
{
    return chunk_at(c, chunk_bytes(c));
}

static inline bool chunk_prev_in_use(const struct chunk *c)
{
    return chunk_tag(c) & PREV_INUSE;
}

/* Told by the chunk behind it. */
static inline bool chunk_in_use(const struct chunk *c)
{
    return chunk_prev_in_use(chunk_next(c));
}

/* The chunk before the top is in use. */
static inline void chunk_set_top(struct chunk *c, size_t bytes, size_t non_main)
{
    c->size = bytes | PREV_INUSE | IS_UNUSED | non_main;
}

/* Of a chunk whose chunk before is in use: its size and flags, and the tag at its end. */
static inline void chunk_set_free(struct chunk *c, size_t bytes, size_t non_main)
{
    c->size = bytes | PREV_INUSE | IS_UNUSED | non_main;
    chunk_at(c, bytes)->prev_size = bytes;
}

static inline bool chunk_is_aligned(const struct chunk *c)
{
    return (uintptr_t)c % CHUNK_ALIGNMENT == 0;
}

/* The chunk for an object of `bytes`, which the family has bounded. */
static inline size_t request_bytes(size_t bytes)
{
    size_t padded = round_up(bytes + CHUNK_OVERHEAD, CHUNK_ALIGNMENT);
    return padded < MIN_CHUNK_BYTES ? MIN_CHUNK_BYTES : padded;
}

/* What the object of a chunk in an arena may hold. */
static inline size_t chunk_usable(const struct chunk *c)
{
    return chunk_bytes(c) - CHUNK_OVERHEAD;
}
