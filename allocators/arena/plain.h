/*
 * The core that common/family.h wants, for an allocator without a thread cache: every call goes to an
 * arena and takes its lock. Compile family.c with -DFAMILY_CORE="plain.h", and supply held, give, resize
 * and usable in arena_kind. Any thread may call.
 */
#pragma once

#include "request.h"

void *plain_alloc(size_t alignment, size_t bytes);
void *plain_alloc_zeroed(size_t bytes);
void *plain_resize(void *p, size_t bytes);
void plain_free(void *p);
size_t plain_usable_bytes(void *p);

static inline bool core_fast(size_t bytes)
{
    return bytes <= FAMILY_MAX_BYTES;
}

static inline void *core_alloc(size_t bytes)
{
    return plain_alloc(FAMILY_ALIGNMENT, bytes);
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    return plain_alloc_zeroed(bytes);
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    return plain_alloc(alignment, bytes);
}

static inline void *core_resize(void *p, size_t bytes)
{
    return plain_resize(p, bytes);
}

static inline void core_free(void *p)
{
    plain_free(p);
}

static inline size_t core_usable_bytes(void *p)
{
    return plain_usable_bytes(p);
}
