/*
 * Blocks: what an arena's memory is cut into, one behind the other without a gap. The tags at their
 * borders are all there is: the free list is implicit in the sizes.
 *
 *      in use                                       free
 *      +-------------------------------+            +-------------------------------+
 * b -> | bytes                 | P   1 |            | bytes                 | 0   0 |  header
 *      +-------------------------------+ <- object  +-------------------------------+
 *      | the program's bytes           |            | unused                        |
 *      |                               |            |                               |
 *      |                               |            +-------------------------------+
 *      |                               |            | bytes                         |  footer
 *      +-------------------------------+            +-------------------------------+
 * next | bytes of the next     | 0   . |            | bytes of the next     | 1   1 |
 *
 * P (PREVIOUS_FREE): the block before is free, and its footer is the word before b. A block in use has no
 * footer: that word is the program's. The lowest bit: in use.
 *
 * A span is contiguous memory from the arena layer. Two blocks that are always in use stand at its ends, so
 * that no operation has to ask whether a neighbour exists:
 *
 *      +------+----------------+-----+--------------------------------------+----------------+
 *      | next | prologue: 16,1 | end | blocks ...                           | epilogue: 0, 1 |
 *      +------+----------------+-----+--------------------------------------+----------------+
 *      16-aligned                    first block: its object is 16-aligned    end ----------->
 */
#pragma once

#include <assert.h>

#include "bits.h"

struct block {
    size_t tag;
};

#define BLOCK_IN_USE    ((size_t)1)
#define PREVIOUS_FREE   ((size_t)2)
#define BLOCK_ALIGNMENT 16u
#define MIN_BLOCK_BYTES 16u
#define TAG_BYTES       sizeof(struct block)

struct span {
    struct span *next; /* newer */
    struct block prologue;
    char *end;
};
static_assert(sizeof(struct span) % BLOCK_ALIGNMENT == TAG_BYTES, "objects are aligned");
static_assert(offsetof(struct span, end) + sizeof(char *) - offsetof(struct span, prologue) ==
                  MIN_BLOCK_BYTES,
              "the prologue is a whole block");

/*
 * The owner of an object reads its size without a lock, while another thread, under the arena's lock, may turn
 * over PREVIOUS_FREE in the same word: such accesses are atomic, which costs nothing.
 */
static inline size_t block_tag(const struct block *b)
{
    return __atomic_load_n(&b->tag, __ATOMIC_RELAXED);
}

static inline void block_set_previous_free(struct block *b, bool is_free)
{
    size_t rest = block_tag(b) & ~PREVIOUS_FREE;
    __atomic_store_n(&b->tag, rest | (is_free ? PREVIOUS_FREE : 0), __ATOMIC_RELAXED);
}

static inline size_t block_bytes(const struct block *b)
{
    return block_tag(b) & ~(size_t)(BLOCK_ALIGNMENT - 1);
}

/* The bits of a tag that are neither size nor flag. */
static inline bool block_is_misaligned(const struct block *b)
{
    return b->tag & (BLOCK_ALIGNMENT - 1) & ~(BLOCK_IN_USE | PREVIOUS_FREE);
}

static inline bool block_in_use(const struct block *b)
{
    return b->tag & BLOCK_IN_USE;
}

static inline bool block_previous_free(const struct block *b)
{
    return b->tag & PREVIOUS_FREE;
}

static inline struct block *block_at(const struct block *b, size_t bytes)
{
    return (struct block *)((char *)b + bytes);
}

static inline struct block *block_next(const struct block *b)
{
    return block_at(b, block_bytes(b));
}

/* Bytes of the block before, where that is free. */
static inline size_t block_previous_bytes(const struct block *b)
{
    return b[-1].tag;
}

static inline void *block_object(const struct block *b)
{
    return (char *)b + TAG_BYTES;
}

static inline struct block *object_block(const void *p)
{
    return (struct block *)((char *)p - TAG_BYTES);
}

/* The block before is in use: free blocks never lie side by side. */
static inline void block_set_free(struct block *b, size_t bytes)
{
    b->tag = bytes;
    block_at(b, bytes)[-1].tag = bytes;
    block_set_previous_free(block_at(b, bytes), true);
}

static inline void block_set_in_use(struct block *b, size_t bytes)
{
    b->tag = bytes | BLOCK_IN_USE | (b->tag & PREVIOUS_FREE);
    block_set_previous_free(block_at(b, bytes), false);
}

/* The block for an object of `bytes`. */
static inline size_t block_for(size_t bytes)
{
    size_t padded = round_up(bytes + TAG_BYTES, BLOCK_ALIGNMENT);
    return padded < MIN_BLOCK_BYTES ? MIN_BLOCK_BYTES : padded;
}

static inline struct block *span_first(const struct span *s)
{
    return (struct block *)(s + 1);
}

static inline struct block *span_epilogue(const struct span *s)
{
    return (struct block *)(s->end - TAG_BYTES);
}
