/*
 * An allocator that knows when it is to be left alone, for tests: glibc's malloc. Asked for mallinfo2, which a
 * survey does while all threads stand still, it ends the process with a sentence when another thread is in it
 * or comes meanwhile. What it tells as held is how often it was asked. The core of common/family.h.
 *
 *   CALM_SLOW=n   every nth call takes 200 us longer, so that a mark has threads to wait for
 *   CALM_TRIM=abort   malloc_trim() ends the process
 *   CALM_TRIM=hang    malloc_trim() does not come back
 *   CALM_RESTLESS=1   a thread of its own calls it all the time
 */
#pragma once

#include "family.h"

/* glibc's functions under the names that nothing takes the place of. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);

void calm_enter(void);
void calm_leave(void);
size_t calm_usable_bytes(void *p);

static inline bool core_fast(size_t bytes)
{
    return bytes <= FAMILY_MAX_BYTES;
}

static inline void *calm_done(void *p)
{
    calm_leave();
    return p;
}

static inline void *core_alloc(size_t bytes)
{
    calm_enter();
    return calm_done(__libc_malloc(bytes));
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    calm_enter();
    return calm_done(__libc_calloc(1, bytes));
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    calm_enter();
    return calm_done(__libc_memalign(alignment, bytes));
}

static inline void *core_resize(void *p, size_t bytes)
{
    calm_enter();
    return calm_done(__libc_realloc(p, bytes));
}

static inline void core_free(void *p)
{
    calm_enter();
    __libc_free(p);
    calm_leave();
}

static inline size_t core_usable_bytes(void *p)
{
    return calm_usable_bytes(p);
}
