/*
 * Objects that are mappings of their own: above the mmap threshold, and where no arena can grow. The
 * layout is glibc's mmapped chunk, two words before the object:
 *
 *      start of the mapping (page)     object (16-aligned, or as asked)
 *      +- - - - - - - -+--------------+--------------------------------- - -+
 *      | front bytes   | front | size | object ...                          |
 *      +- - - - - - - -+--------------+--------------------------------- - -+
 *                      |<----- size, IS_MMAPPED set in its low bits ------->| end of a page
 *
 * All of them stand in one table of the process, so that a pointer that was never given out is
 * recognised without reading memory that may not exist. Any thread may call; the table has a lock of
 * its own, innermost of all.
 */
#pragma once

#include "bits.h"

#define MAPPED_HEADER_BYTES 16u

/* Whether an object whose chunk takes `chunk_bytes` should be mapped: by threshold and mmap_max. */
bool mapped_wanted(size_t chunk_bytes);

/* Zeroed. `alignment` is a power of two of at least 16. NULL with errno ENOMEM. Ignores mmap_max. */
void *mapped_alloc(size_t alignment, size_t bytes);

/*
 * Unmaps p; false when p is no mapped object (nothing has happened then). Moves the dynamic threshold
 * as glibc does: the size of the mapping becomes the mmap threshold if it is above it and at most
 * DEFAULT_MMAP_THRESHOLD_MAX, and the trim threshold twice that, unless no_dyn_threshold.
 */
bool mapped_free(void *p);

/* The object's new place (mremap); NULL with errno when it cannot be, and p stays as it is. p is a
 * mapped object. */
void *mapped_resize(void *p, size_t bytes);

/* Usable bytes of p, or 0 when p is no mapped object. */
size_t mapped_usable(const void *p);

/* Around a fork, by the fork handlers only. */
void mapped_lock(void);
void mapped_unlock(void);
void mapped_unlock_child(void);
