/*
 * The shadow: one word for every address that an allocator may hand out, where the recorder keeps
 * what it knows of the object that begins there. So the thread that ends an object learns from the
 * object's own address which event made it, without a clock, a lock, or a word that other threads
 * write.
 *
 * Why no order can be lost: the word is written after the allocation returned and read and emptied
 * before the free is called. Between the two the object belongs to the program, which hands it from
 * thread to thread with what synchronization it has; from free to the next allocation at the place,
 * the allocator synchronizes. In both directions the word travels with the object.
 *
 * An address has a word of its own when it is a multiple of 8. Tables of regions are mapped when
 * they are first needed, without backing: what is resident is 8 bytes for each object, on pages of
 * their own, a page for each 8 KiB of heap at most.
 */
#pragma once

#include <stdatomic.h>

#include "bits.h"

#define SHADOW_REGION_LOG2  26 /* bytes of addresses that one table is for */
#define SHADOW_ADDRESS_LOG2 47
#define SHADOW_REGIONS      (1u << (SHADOW_ADDRESS_LOG2 - SHADOW_REGION_LOG2))
#define SHADOW_WORDS        (1u << (SHADOW_REGION_LOG2 - 3))

extern _Atomic(_Atomic uint64_t *) shadow_regions[SHADOW_REGIONS];

/* The table of a region, made if there is none; NULL when there is no address space for it.
 * Keeps errno. */
_Atomic uint64_t *shadow_make(size_t region) COLD;

static inline size_t shadow_region(uintptr_t address)
{
    return address >> SHADOW_REGION_LOG2 & (SHADOW_REGIONS - 1);
}

/*
 * Multiples of 16 come first, so that the words of ordinary objects lie densely; then the others.
 */
static inline size_t shadow_index(uintptr_t address)
{
    size_t pair = address >> 4 & (SHADOW_WORDS / 2 - 1);
    return pair | (address >> 3 & 1) * (SHADOW_WORDS / 2);
}

/* The word of an address, or NULL when its region has no table yet. */
static ALWAYS_INLINE _Atomic uint64_t *shadow_find(uintptr_t address)
{
    _Atomic uint64_t *words =
        atomic_load_explicit(&shadow_regions[shadow_region(address)], memory_order_acquire);
    return LIKELY(words) ? &words[shadow_index(address)] : NULL;
}

/* Likewise; makes the table. NULL when there is no address space for it. */
static inline _Atomic uint64_t *shadow_of(uintptr_t address)
{
    _Atomic uint64_t *word = shadow_find(address);
    if (UNLIKELY(!word) && shadow_make(shadow_region(address)))
        word = shadow_find(address);
    return word;
}

/*
 * Calls `each` with the address of every word that is not 0 in a region that `wanted` says yes to;
 * looks only at pages of the shadow that are resident. Other threads may go on writing.
 */
void shadow_each(bool (*wanted)(size_t region), void (*each)(uintptr_t address, uint64_t word));
