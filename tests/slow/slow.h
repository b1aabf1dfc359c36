/*
 * A planted slow allocator, for tests: glibc's malloc behind a fixed number of dependent steps of
 * arithmetic in each call, so that it is slower than glibc on any machine and the same in all else.
 * A comparison that does not find it out is broken. The core of common/family.h.
 */
#pragma once

#include "family.h"

/*
 * Some 30 ns: a multiplication waits 3 cycles for the one before, but overlaps with what is around
 * the loop.
 */
#define SLOW_STEPS 50u

/* glibc's functions under the names that nothing takes the place of. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);

/* glibc's malloc_usable_size, which has no such name. */
size_t slow_usable_bytes(void *p);

static inline void slow_wait(void)
{
    uint64_t x = 1;
    for (unsigned i = 0; i < SLOW_STEPS; i++) {
        x *= 0x9e3779b97f4a7c15;
        __asm__ volatile("" : "+r"(x)); /* each step happens, and after the one before */
    }
}

static inline bool core_fast(size_t bytes)
{
    return bytes <= FAMILY_MAX_BYTES;
}

static inline void *core_alloc(size_t bytes)
{
    slow_wait();
    return __libc_malloc(bytes);
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    slow_wait();
    return __libc_calloc(1, bytes);
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    slow_wait();
    return __libc_memalign(alignment, bytes);
}

static inline void *core_resize(void *p, size_t bytes)
{
    slow_wait();
    return __libc_realloc(p, bytes);
}

static inline void core_free(void *p)
{
    slow_wait();
    __libc_free(p);
}

static inline size_t core_usable_bytes(void *p)
{
    return slow_usable_bytes(p);
}
