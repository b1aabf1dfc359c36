/*
 * The ptmalloc allocator as the exported family sees it: the thread cache inline, the rest behind it.
 * What it does, and the names it does it by, are those of glibc 2.36's malloc.c; the thread cache
 * differs (cache.h). Settings: those of the arena layer, mxfast, tcache_count, tcache_bytes,
 * tcache_max and tcache_large. Any thread may call at any time.
 */
#pragma once

#include "cache.h"
#include "family.h"

/* Objects that no cache serves; NULL with errno ENOMEM. */
void *ptmalloc_alloc_other(size_t bytes);
void *ptmalloc_alloc_zeroed_other(size_t bytes);
void *ptmalloc_alloc_aligned(size_t alignment, size_t bytes);
void *ptmalloc_resize(void *p, size_t bytes);
size_t ptmalloc_usable_bytes(void *p);

static inline bool core_fast(size_t bytes)
{
    return bytes <= CACHE_MAX_REQUEST;
}

static inline void *core_alloc(size_t bytes)
{
    if (UNLIKELY(!core_fast(bytes)))
        return ptmalloc_alloc_other(bytes);
    struct cache_bin *bin = cache_bin_of(request_bytes(bytes));
    return LIKELY(bin->head) ? cache_pop(bin) : cache_alloc_slow(bytes);
}

static inline void *core_alloc_zeroed(size_t bytes)
{
    if (UNLIKELY(!core_fast(bytes)))
        return ptmalloc_alloc_zeroed_other(bytes);
    void *p = core_alloc(bytes);
    return LIKELY(p) ? __builtin_memset(p, 0, bytes) : p;
}

static inline void *core_alloc_aligned(size_t alignment, size_t bytes)
{
    return ptmalloc_alloc_aligned(alignment, bytes);
}

static inline void *core_resize(void *p, size_t bytes)
{
    return ptmalloc_resize(p, bytes);
}

/*
 * Plain frees stay here: an aligned pointer into an arena, a chunk of a cached size, no fitting seal,
 * room in the bin. The place is looked up before the chunk is read.
 */
static inline void core_free(void *p)
{
    struct cached *e = p;
    if (UNLIKELY((heap_place(p) != PLACE_HEAP && !arena_on_break(p)) ||
                 (uintptr_t)p % CHUNK_ALIGNMENT != 0)) {
        cache_free_slow(p);
        return;
    }
    size_t size = chunk_tag(object_chunk(p)) & ~(PREV_INUSE | NON_MAIN_ARENA);
    if (UNLIKELY(size > CACHE_MAX_CHUNK || size % CHUNK_ALIGNMENT != 0)) {
        cache_free_slow(p);
        return;
    }
    struct cache_bin *bin = cache_bin_of(size);
    uintptr_t key = cache_key(e);
    if (UNLIKELY(bin->n >= bin->limit || e->seal == (e->link ^ key))) {
        cache_free_slow(p);
        return;
    }
    cache_put(bin, e, key);
}

static inline size_t core_usable_bytes(void *p)
{
    return ptmalloc_usable_bytes(p);
}
