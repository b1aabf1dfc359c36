/*
 * How much of a large object the program used: its pages that are resident when it ends, or when
 * the program does. A page that was resident before the object began counts as well: what an
 * allocator hands out again was touched by somebody, and nobody can tell by whom.
 *
 * The size of a large object stands in the word of the address 16 bytes behind its begin.
 */
#pragma once

#include "recorder.h"

/* The word of the size of the large object at `p`; NULL: there is none. */
_Atomic uint64_t *resident_size_word(const void *p);

/* Remembers that the region holds large objects. */
void resident_note(const void *p);

/* Resident pages of [p, p + bytes), in steps of 4 KiB; those that cannot be asked for count. Keeps errno. */
uint64_t resident_pages(const void *p, size_t bytes);

/* Tells of all large objects that live, as records of the calling thread, which is INSIDE. Once. */
void resident_tell_living(struct spool_thread *self);
