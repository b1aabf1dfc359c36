/*
 * Objects below a page: blocks of pages cut into equal objects, one bit for each that is free. An object
 * whose class is a power of two is aligned to it. Everything here wants the arena's lock held.
 *
 * Laws; slab_check() returns the name of a broken one:
 *   slab bits     n_free is the number of bits set, and none is set beyond the objects of the slab
 *   slab lists    a slab is on the list of its class when it has free objects, and only then
 *   slab objects  n_objects counts the objects in use of each class
 */
#pragma once

#include "pages.h"

#define SLAB_MAX_BYTES 2048u

/* 16 bytes apart up to 128, then four classes for each power of two. */
static inline unsigned slab_class(size_t bytes)
{
    if (bytes <= 128)
        return bytes == 0 ? 0 : (unsigned)((bytes - 1) / 16);
    unsigned power = log2_floor(bytes - 1);
    return 8 + (power - 7) * 4 + (unsigned)((bytes - 1) >> (power - 2)) - 4;
}

static inline size_t slab_bytes(unsigned class)
{
    if (class < 8)
        return (class + 1) * (size_t)16;
    return (size_t)(5 + (class - 8) % 4) << ((class - 8) / 4 + 5);
}

/* Of a slab of this class: enough objects, little lost behind the last. */
unsigned slab_order(unsigned class);
unsigned slab_capacity(const struct page *slab);

/* NULL: there is no free object, and no free block of pages either. */
void *slab_take(struct buddy_arena *m, unsigned class);

/* The first page of the slab that page, INSIDE or SLAB, belongs to. */
struct page *slab_of(struct page *page);

/* p lies in `slab`; what is no object in use ends the process. Returns the free block that the slab
 * has become part of when it was the last object, or NULL. */
struct page *slab_give(struct buddy_arena *m, struct page *slab, void *p);

const char *slab_check(const struct buddy_arena *m);
