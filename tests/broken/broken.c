#include "broken.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* glibc's functions under the names that nothing takes the place of. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);

enum { SHIFT = 8, HEADER = 32 };

static size_t glibc_usable_bytes(void *p)
{
    static size_t (*_Atomic glibcs)(void *);
    if (!glibcs)
        glibcs = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    return glibcs(p);
}

/* glibc's block of one given out: all of glibc's are multiples of 16. */
static void *real(void *p)
{
    return (char *)p - (uintptr_t)p % 16;
}

EXPORT void *malloc(size_t bytes)
{
    if (fault_refuses())
        return NULL;
    if (fault() == ZERO && bytes == 0)
        return NULL;
    if (fault() == HUGE_SIZES && bytes > SIZE_MAX - HEADER)
        return __libc_malloc(bytes + HEADER);
    if (fault() == ALIGNMENT && bytes == 1000)
        return (char *)__libc_malloc(bytes + SHIFT) + SHIFT;
    void *p = __libc_malloc(bytes);
    if (!p && fault() == EXHAUSTION && bytes < GIB)
        errno = 0;
    return p ? fault_give(p, bytes) : NULL;
}

EXPORT void free(void *p)
{
    if (!p || fault_forgets(p))
        return;
    bool is_large = fault() == FREE_ERRNO && glibc_usable_bytes(real(p)) >= MIB;
    __libc_free(real(p));
    if (is_large)
        errno = EINVAL;
}

EXPORT void *calloc(size_t n, size_t each)
{
    if (fault_refuses())
        return NULL;
    if (fault() == CALLOC_OVERFLOW)
        return __libc_calloc(1, n * each);
    void *p = __libc_calloc(n, each);
    if (p && fault() == CALLOC_ZEROES && n * each == 3000)
        memset(p, 1, 3000);
    return p;
}

EXPORT void *realloc(void *p, size_t bytes)
{
    if (!p)
        return malloc(bytes);
    if (fault_refuses())
        return NULL;
    if (fault() == REALLOC_EDGES && bytes == 0) {
        __libc_free(p);
        return __libc_malloc(0);
    }
    size_t old = glibc_usable_bytes(real(p));
    char *q = real(p) == p ? __libc_realloc(p, bytes) : malloc(bytes);
    if (q && real(p) != p) {
        memcpy(q, p, bytes < old - SHIFT ? bytes : old - SHIFT);
        __libc_free(real(p));
    }
    if (q && fault() == REALLOC_CONTENT && old > 100000 && bytes > old)
        memset(q + old / 2, 0, old - old / 2);
    return q;
}

EXPORT void *reallocarray(void *p, size_t n, size_t each)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, each, &bytes) && fault() != REALLOCARRAY) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, bytes);
}

EXPORT void *memalign(size_t alignment, size_t bytes)
{
    if (fault_refuses())
        return NULL;
    if (fault() == ALIGNED && alignment == 64 * KIB)
        return __libc_malloc(bytes);
    return __libc_memalign(alignment, bytes);
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    if (alignment % sizeof(void *) != 0 || !is_power_of_two(alignment)) {
        if (fault() == POSIX_MEMALIGN)
            *out = NULL;
        return EINVAL;
    }
    void *p = memalign(alignment, bytes);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

EXPORT void *valloc(size_t bytes)
{
    return memalign(4096, bytes);
}

EXPORT void *pvalloc(size_t bytes)
{
    return memalign(4096, round_up(bytes, 4096));
}

EXPORT size_t malloc_usable_size(void *p)
{
    if (!p)
        return 0;
    size_t usable = glibc_usable_bytes(real(p)) - (size_t)((char *)p - (char *)real(p));
    return fault() == USABLE_SIZE && usable / 100 == 10 ? usable + 64 : usable;
}
