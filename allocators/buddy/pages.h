/*
 * The buddy system of one arena: free blocks of pages, split and merged. Everything here wants the
 * arena's lock held.
 *
 * Laws; pages_check() returns the name of a broken one:
 *   tiling      from FIRST_PAGE to the end of a heap, blocks follow each other without a gap, each at a
 *               multiple of its length
 *   inside      a page that is not the first of a block says so
 *   free list   a free block is on the list of its order once, and nothing else is
 *   pair bits   the bit of a pair is set when exactly one of the two is a free block of their order
 *   merged      two buddies of one order are never both free
 *   taken       n_taken counts the pages of each heap that are in no free block
 */
#pragma once

#include "page.h"

/*
 * A block of `order` whose start is aligned to the length of `aligned` (an order, at least `order`); NULL:
 * none is free. Its first page says BLOCK.
 */
struct page *pages_take(struct buddy_arena *m, unsigned aligned, unsigned order);

/* Gives a block back that is no free one; returns the block it has become part of. */
struct page *pages_give(struct buddy_arena *m, struct page *page);

/* Grows the arena until pages_take(m, order, order) succeeds; false: it cannot. */
bool pages_grow(struct buddy_arena *m, unsigned order);

/* Makes a block shorter; what it loses is free. */
void pages_shrink(struct buddy_arena *m, struct page *page, unsigned order);

/* Makes a block longer by the free blocks behind it, as far as they are its buddies; or changes nothing. */
bool pages_extend(struct buddy_arena *m, struct page *page, unsigned order);

/* All free pages from `from` to the end of a fresh heap, or of what a heap has grown by. */
void pages_add(struct buddy_arena *m, struct heap_info *h, size_t from);

/* Gives the free end of the newest heap back but `pad` bytes, and whole heaps before; what went. */
size_t pages_trim(struct buddy_arena *m, size_t pad);

/* Bytes that are free at the end of the newest heap. */
size_t pages_free_at_end(const struct buddy_arena *m);

/* A walk over the free blocks of an order, which damage does not make endless; NULL: no more. */
const struct page *pages_first_free(const struct buddy_arena *m, unsigned order);
const struct page *pages_next_free(const struct buddy_arena *m, const struct page *page);

/* Whether p can be followed: it is a page of this arena. */
bool pages_is_page(const struct buddy_arena *m, const struct page *p);

/*
 * Whether the order of page, the first of a block in use, is one that it can have: aligned, inside its heap,
 * and no other block begins in the middle.
 */
bool pages_is_whole(const struct page *page);

/* Whether page, the first of a free block, or one inside, is free. */
bool pages_is_free(const struct page *page);

const char *pages_check(const struct buddy_arena *m);
