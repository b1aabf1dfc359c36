/*
 * What a heap of the buddy allocator says of its pages. Nothing of it lies in the pages themselves, so
 * that a program that writes where it must not does not reach it.
 *
 *      heap, 64 MiB, aligned
 *      +-----------+-------+------------+-------------------+---------------- - - - - - - - - -+
 *      | heap_info | arena | pair bits  | struct page x     | pages: blocks of 1, 2, 4 .. 1024  |
 *      |           |       |            | 16384             | each at a multiple of its length  |
 *      +-----------+-------+------------+-------------------+---------------- - - - - - - - - -+
 *      0                    TABLE_OFFSET                     FIRST_PAGE                    end
 *
 * Two blocks of one order that were cut from one block are buddies: their page numbers differ in the
 * bit of their order alone. One bit for each pair tells whether exactly one of the two is free: turned
 * over whenever one of them is taken or given back, it reads 0 when both are free, and then they merge
 * (Knowlton 1965; Knuth, The Art of Computer Programming 1, 2.5; the bits as in Linux 2.4).
 */
#pragma once

#include "arena.h"

#define BUDDY_PAGE_BITS  12u
#define BUDDY_PAGE_BYTES ((size_t)1 << BUDDY_PAGE_BITS)
#define BUDDY_ORDERS     11u /* 0 to 10: 4 KiB to 4 MiB */
#define BUDDY_MAX_BYTES  (BUDDY_PAGE_BYTES << (BUDDY_ORDERS - 1))
#define HEAP_PAGES       (HEAP_MAX_BYTES >> BUDDY_PAGE_BITS)
#define SLAB_MAX_OBJECTS 256u
#define SLAB_WORDS       (SLAB_MAX_OBJECTS / 64)
#define SLAB_CLASSES     24u

enum page_state {
    PAGE_NONE,   /* not the first page of anything */
    PAGE_FREE,   /* the first of a free block */
    PAGE_BLOCK,  /* the first of a block that is an object */
    PAGE_SLAB,   /* the first of a block cut into equal small objects */
    PAGE_INSIDE, /* another one of a slab */
};

struct page {
    struct page *next, *prev; /* FREE: of its order; SLAB: of its class, if it has free objects */
    uint8_t state;
    uint8_t order; /* of the block it is part of; unless NONE */
    uint8_t class; /* SLAB */
    uint16_t n_free;
    size_t requested;               /* BLOCK: bytes that the program asked for */
    uint64_t free_bits[SLAB_WORDS]; /* SLAB: the objects that are free */
};
static_assert(sizeof(struct page) == 64, "one cache line each");

struct page_table {
    uint64_t pair_bits[HEAP_PAGES / 64]; /* order 0, then 1, ... 9 */
    uint64_t n_taken;                    /* pages that are in no free block */
    uint64_t unused[7];
    struct page pages[HEAP_PAGES];
};

struct buddy_arena {
    struct arena arena;
    struct page *free[BUDDY_ORDERS]; /* blocks of each order; newest first */
    struct page *partial[SLAB_CLASSES];
    uint64_t n_free[BUDDY_ORDERS], n_blocks[BUDDY_ORDERS];
    uint64_t requested[BUDDY_ORDERS];      /* by the objects that are blocks */
    uint64_t order_waste, max_order_waste; /* of these blocks, beyond what was requested */
    uint64_t n_objects[SLAB_CLASSES], slab_pages;
    uint64_t splits, merges;
} __attribute__((aligned(16)));

/* The same in every heap, whether it holds the arena or not. */
#define TABLE_OFFSET \
    ((sizeof(struct heap_info) + sizeof(struct buddy_arena) + sizeof(struct page) - 1) / \
     sizeof(struct page) * sizeof(struct page))
#define FIRST_PAGE \
    ((TABLE_OFFSET + sizeof(struct page_table) + BUDDY_PAGE_BYTES - 1) >> BUDDY_PAGE_BITS)

static inline struct page_table *table_of(const struct heap_info *h)
{
    return (struct page_table *)((char *)h + TABLE_OFFSET);
}

static inline size_t heap_end_page(const struct heap_info *h)
{
    return h->size >> BUDDY_PAGE_BITS;
}

/* The page that p lies in. */
static inline struct page *page_for(const void *p)
{
    const struct heap_info *h = heap_for_ptr(p);
    return &table_of(h)->pages[((const char *)p - (const char *)h) >> BUDDY_PAGE_BITS];
}

static inline size_t page_index(const struct page *page)
{
    return (size_t)(page - table_of(heap_for_ptr(page))->pages);
}

static inline char *page_start(const struct page *page)
{
    return (char *)heap_for_ptr(page) + (page_index(page) << BUDDY_PAGE_BITS);
}

static inline size_t order_bytes(unsigned order)
{
    return BUDDY_PAGE_BYTES << order;
}

/* The order of the smallest block for `bytes`, which are 1 to BUDDY_MAX_BYTES. */
static inline unsigned order_for(size_t bytes)
{
    return bytes <= BUDDY_PAGE_BYTES ? 0 : log2_floor((bytes - 1) >> BUDDY_PAGE_BITS) + 1;
}

/* The order `order` block of `pages` (one heap's) that page `index` lies in, and that one's buddy. */
static inline size_t block_index(size_t index, unsigned order)
{
    return index & ~(((size_t)1 << order) - 1);
}

static inline size_t buddy_index(size_t index, unsigned order)
{
    return index ^ ((size_t)1 << order);
}
