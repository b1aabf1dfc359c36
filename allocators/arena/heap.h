/*
 * Heaps: the memory of arenas that do not live on the break. A heap is HEAP_MAX_BYTES of address
 * space, aligned to its own size, reserved without access and opened from its start as it grows, so
 * that the heap of any object is found by masking its address (glibc's arena.c has the same).
 *
 *      heap (a multiple of 64 MiB)
 *      +-----------+----------------------+-------------------+- - - - - - - - - - - -+
 *      | heap_info | arena (first heap)   | chunks ...        |  reserved, no access  |
 *      +-----------+----------------------+-------------------+- - - - - - - - - - - -+
 *      |<------------------ size ---------------------------->|
 *      |<------------------ opened (accessible so far, >= size) ------>|
 *
 * A heap belongs to one arena; whoever grows, shrinks or deletes it holds that arena's lock. Making
 * heaps and asking for the place of a pointer take no lock of an arena.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>

#include "bits.h"

#define HEAP_MAX_BITS  26u
#define HEAP_MAX_BYTES ((size_t)1 << HEAP_MAX_BITS)

struct arena;

/*
 * Laws; heap_check() returns the name of a broken one:
 *   heap alignment   the heap lies on a multiple of HEAP_MAX_BYTES
 *   heap sizes       header <= size <= opened <= HEAP_MAX_BYTES, size and opened in whole pages
 *   heap arena       every heap of the chain names the same arena
 *   heap place       heap_place() of its first byte is PLACE_HEAP
 */
struct heap_info {
    struct arena *arena;
    struct heap_info *prev; /* the arena's heap before this one, or NULL */
    size_t size;            /* bytes in use by the arena, from the start of the heap */
    size_t opened;          /* bytes that may be accessed */
};
static_assert(sizeof(struct heap_info) % 16 == 0, "what follows is aligned for any object");

/* A heap with `bytes` (header included) opened; NULL with errno ENOMEM, also above HEAP_MAX_BYTES. */
struct heap_info *new_heap(size_t bytes);

/* Whole pages. Return 0 or -ENOMEM; grow_heap fails without a trace at HEAP_MAX_BYTES. */
int grow_heap(struct heap_info *h, size_t bytes);
/* Gives the pages back to the system; the address space stays reserved. */
void shrink_heap(struct heap_info *h, size_t bytes);
/* Gives back all, address space included. */
void delete_heap(struct heap_info *h);

const char *heap_check(const struct heap_info *h);

static inline struct heap_info *heap_for_ptr(const void *p)
{
    return (struct heap_info *)((uintptr_t)p & ~(HEAP_MAX_BYTES - 1));
}

/*
 * Where a pointer lies, told without touching what it points to. One byte for each aligned 64 MiB of
 * the 47 bits of a process's addresses; the 2 MiB of the table are only present where used.
 */
enum place { PLACE_NONE, PLACE_HEAP };
#define PLACE_BITS 47u
extern _Atomic uint8_t heap_places[(size_t)1 << (PLACE_BITS - HEAP_MAX_BITS)]
    __attribute__((visibility("hidden")));

static inline enum place heap_place(const void *p)
{
    size_t index = (uintptr_t)p >> HEAP_MAX_BITS;
    if (UNLIKELY(index >= ARRAY_SIZE(heap_places)))
        return PLACE_NONE;
    return (enum place)atomic_load_explicit(&heap_places[index], memory_order_relaxed);
}
