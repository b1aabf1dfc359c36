/* What the header of a chunk of glibc says (malloc.c); of an object that malloc returned. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CHUNK_HEADER = 8, CHUNK_GRAIN = 16, CHUNK_LEAST = 32 };

/* Of it the lowest three bits are flags. */
static inline size_t chunk_head(const void *p)
{
    return *(const volatile size_t *)((uintptr_t)p - CHUNK_HEADER);
}

static inline int chunk_is_mapped(const void *p)
{
    return (chunk_head(p) & 2) != 0;
}

static inline size_t chunk_bytes(const void *p)
{
    return chunk_head(p) & ~(size_t)7;
}

static inline uintptr_t chunk_begin(const void *p)
{
    return (uintptr_t)p - 16;
}

static inline uint64_t chunk_round(uint64_t n)
{
    return (n + CHUNK_GRAIN - 1) / CHUNK_GRAIN * CHUNK_GRAIN;
}
