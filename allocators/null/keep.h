/*
 * Memory that is zero when it is handed out and never handed out again: for what libc itself
 * allocates while the null allocator takes the place of malloc. One region for all threads,
 * reserved by the first call and only touched as it is used.
 *
 * Any thread, at any time: no lock, so that a signal handler or the child of a fork may call as
 * well.
 */
#pragma once

#include "bits.h"

/*
 * `bytes` zeroed bytes aligned to `alignment`, a power of two of at least 16. NULL with errno
 * ENOMEM when the region is used up (64 GiB; 64 MiB where the system refuses to reserve that much).
 */
void *keep_alloc(size_t alignment, size_t bytes);

/* How many bytes were asked for when p was handed out; 0 when p is not from here. */
size_t keep_bytes(const void *p);
