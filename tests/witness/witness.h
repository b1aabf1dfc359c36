/*
 * A witness, for tests: glibc's malloc that looks at what the worker does and ends it by abort(),
 * with a sentence on stderr, when it sees what must not be. The core of common/family.h.
 *
 *   environment   holds LD_PRELOAD with one library, variables WITNESS..., and nothing else
 *   WITNESS_FREES=ascending   objects of WITNESS_BYTES and more are freed by a thread in the order of
 *                 their sizes, each one byte longer than the one before; after the object of WITNESS_LAST
 *                 bytes the next is of WITNESS_BYTES again
 *   WITNESS_FREES=remote      and each by another thread than the one that asked for it
 *   WITNESS_AHEAD=n   two threads make objects of WITNESS_BYTES + 2 i + thread bytes, i from 0 on, up to
 *                 WITNESS_LAST; neither is more than n such steps before the other
 *   WITNESS_THREAD=alone   objects of WITNESS_BYTES up to WITNESS_LAST are asked for by the main thread of
 *                 a process that never made another; =second: by another thread than the main one
 *
 * The worker must leave the objects alone (touch none): what is known of an object is written in
 * it.
 */
#pragma once

#include "family.h"

/* glibc's functions under the names that nothing takes the place of. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);

void witness_alloc(void *p, size_t bytes);
void witness_free(void *p);

/* glibc's malloc_usable_size, which has no such name. */
size_t witness_usable_bytes(void *p);

static inline bool core_fast(size_t bytes)
{
    return bytes <= FAMILY_MAX_BYTES;
}

static inline void *core_alloc(size_t bytes)
{
    void *p = __libc_malloc(bytes);
    witness_alloc(p, bytes);
    return p;
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    return __libc_calloc(1, bytes);
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    return __libc_memalign(alignment, bytes);
}

static inline void *core_resize(void *p, size_t bytes)
{
    return __libc_realloc(p, bytes);
}

static inline void core_free(void *p)
{
    witness_free(p);
    __libc_free(p);
}

static inline size_t core_usable_bytes(void *p)
{
    return witness_usable_bytes(p);
}
