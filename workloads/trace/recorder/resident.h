/*
 * How much of a large object the program used: its pages that are resident when it ends, or when
 * the program does. What an allocator hands out again was touched by somebody already; so that this
 * does not count, a new object's pages are given back to the system first.
 *
 * That costs three calls of the system, and the faults of the pages that were given back: nothing to
 * objects from SPOOL_HUGE_BYTES on, too much for all of those below. Of these a thread watches at most
 * RESIDENT_PER_TICK in a tick of the runner (2 ms); the conversion takes the others to be like the
 * last one of their size that was.
 *
 * Of what realloc made of another object only those pages count that were not resident when it returned: the
 * library's own copying is no use by the program.
 *
 * The size of a watched object stands in the word of the address 16 bytes behind its begin, the pages
 * that do not count in that of 32 bytes behind.
 */
#pragma once

#include "recorder.h"

#define RESIDENT_PER_TICK 8u

/* Whether a new object of so many bytes, not below SPOOL_LARGE_BYTES, is to be watched; counts that it is. */
bool resident_wants(struct spool_thread *self, size_t bytes);

/* Begins to watch the object at `p`; `base_pages` of it do not count. False: it cannot be watched. */
bool resident_begin(void *p, size_t bytes, uint64_t base_pages);

/* What is known of a watched object whose watch has ended. */
struct resident_watch {
    uint64_t bytes; /* 0: it was not watched after all */
    uint64_t base_pages;
    uint64_t pages; /* resident beyond them */
};

struct resident_watch resident_end(void *p);

/*
 * Gives the whole pages inside a new object back: they read as zero, which is what a new object may
 * hold, and are resident again when the program writes to them. Memory that the system does not take
 * back keeps its pages, which then count. Keeps errno.
 */
void resident_forget(void *p, size_t bytes);

/*
 * Resident pages of [p, p + bytes), in steps of 4 KiB; those that cannot be asked for count. A last page
 * that reaches beyond the object may be another's: alone, behind one that is not resident, it does not
 * count. Keeps errno.
 */
uint64_t resident_pages(const void *p, size_t bytes);

/* Tells of all large objects that live, as records of the calling thread, which is INSIDE. Once. */
void resident_tell_living(struct spool_thread *self);
