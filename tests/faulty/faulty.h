/*
 * A faulty allocator, for tests: glibc's malloc until the time comes, then what FAULT in its
 * environment says. The core of common/family.h.
 *
 *   FAULT=crash      writes to address 0 (SIGSEGV)
 *   FAULT=exit       ends the process with status 0
 *   FAULT=hang       never returns, and sleeps
 *   FAULT=spin       never returns, and computes
 *   FAULT=fork-spin  waits for a child that computes and never ends
 *   FAULT=starve     returns NULL, now and for ever
 *   FAULT=usable-less, usable-more   malloc_usable_size tells less than was requested, or more than there can be
 *   FAULT_AFTER=N    the time comes with the Nth request (default 1) of at least
 *   FAULT_BYTES=N    so many bytes (default 1)
 *
 * A crash is told on stderr first, in two lines, so that the last words can be looked for.
 */
#pragma once

#include "family.h"

/* glibc's functions under the names that nothing takes the place of. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);

/* Counts a request; false where it is to be refused. Does not return from a crash, exit or hang. */
bool faulty_may(size_t bytes);

/* glibc's malloc_usable_size, which has no such name; or a lie. */
size_t faulty_usable_bytes(void *p);

static inline bool core_fast(size_t bytes)
{
    return bytes <= FAMILY_MAX_BYTES;
}

static inline void *core_alloc(size_t bytes)
{
    return faulty_may(bytes) ? __libc_malloc(bytes) : family_fail(ENOMEM);
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    return faulty_may(bytes) ? __libc_calloc(1, bytes) : family_fail(ENOMEM);
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    return faulty_may(bytes) ? __libc_memalign(alignment, bytes) : family_fail(ENOMEM);
}

static inline void *core_resize(void *p, size_t bytes)
{
    return faulty_may(bytes) ? __libc_realloc(p, bytes) : family_fail(ENOMEM);
}

static inline void core_free(void *p)
{
    __libc_free(p);
}

static inline size_t core_usable_bytes(void *p)
{
    return faulty_usable_bytes(p);
}
