#include "family.h"

#include <malloc.h>
#include <stdlib.h>

#include "os.h"

#include FAMILY_CORE

/* Requests that are not fast: rare or large enough to bear another comparison. */
static COLD void *alloc_slow(size_t bytes)
{
    return bytes > FAMILY_MAX_BYTES ? family_fail(ENOMEM) : core_alloc(bytes);
}

static COLD void *alloc_zeroed_slow(size_t bytes)
{
    return bytes > FAMILY_MAX_BYTES ? family_fail(ENOMEM) : core_alloc_zeroed(bytes);
}

static COLD void *resize_slow(void *p, size_t bytes)
{
    return bytes > FAMILY_MAX_BYTES ? family_fail(ENOMEM) : core_resize(p, bytes);
}

/* The public functions go through these and not through each other, which another library may
 * replace. */
static inline void *alloc(size_t bytes)
{
    return LIKELY(core_fast(bytes)) ? core_alloc(bytes) : alloc_slow(bytes);
}

static inline void *resize(void *p, size_t bytes)
{
    if (UNLIKELY(!p))
        return alloc(bytes);
    if (UNLIKELY(bytes == 0)) {
        core_free(p);
        return NULL;
    }
    return LIKELY(core_fast(bytes)) ? core_resize(p, bytes) : resize_slow(p, bytes);
}

/* `alignment` is a power of two. */
static inline void *alloc_aligned(size_t alignment, size_t bytes)
{
    if (alignment <= FAMILY_ALIGNMENT)
        return alloc(bytes);
    return UNLIKELY(bytes > FAMILY_MAX_BYTES) ? family_fail(ENOMEM)
                                              : core_alloc_aligned(alignment, bytes);
}

/* As glibc: an alignment that is no power of two is raised to the next one. */
static inline void *alloc_raised(size_t alignment, size_t bytes)
{
    if (UNLIKELY(alignment > SIZE_MAX / 2 + 1))
        return family_fail(EINVAL);
    if (UNLIKELY(alignment > FAMILY_ALIGNMENT && !is_power_of_two(alignment)))
        alignment = (size_t)2 << log2_floor(alignment);
    return alloc_aligned(alignment, bytes);
}

EXPORT void *malloc(size_t bytes)
{
    return alloc(bytes);
}

EXPORT void free(void *p)
{
    if (LIKELY(p != NULL))
        core_free(p);
}

EXPORT void *calloc(size_t n, size_t each)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(n, each, &bytes)))
        return family_fail(ENOMEM);
    return LIKELY(core_fast(bytes)) ? core_alloc_zeroed(bytes) : alloc_zeroed_slow(bytes);
}

EXPORT void *realloc(void *p, size_t bytes)
{
    return resize(p, bytes);
}

EXPORT void *reallocarray(void *p, size_t n, size_t each)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(n, each, &bytes)))
        return family_fail(ENOMEM);
    return resize(p, bytes);
}

EXPORT void *memalign(size_t alignment, size_t bytes)
{
    return alloc_raised(alignment, bytes);
}

/* glibc 2.36 does not insist on a power of two here either. */
EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    return alloc_raised(alignment, bytes);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    if (UNLIKELY(alignment % sizeof(void *) != 0 || !is_power_of_two(alignment)))
        return EINVAL;
    int saved = errno; /* this one reports by its result alone */
    void *p = alloc_aligned(alignment, bytes);
    if (UNLIKELY(!p)) {
        errno = saved;
        return ENOMEM;
    }
    *out = p;
    return 0;
}

EXPORT void *valloc(size_t bytes)
{
    return alloc_aligned(os_page_bytes(), bytes);
}

EXPORT void *pvalloc(size_t bytes)
{
    size_t page = os_page_bytes();
    if (UNLIKELY(bytes > FAMILY_MAX_BYTES))
        return family_fail(ENOMEM);
    return alloc_aligned(page, round_up(bytes, page));
}

EXPORT size_t malloc_usable_size(void *p)
{
    return p ? core_usable_bytes(p) : 0;
}
