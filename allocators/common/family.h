/*
 * The exported malloc family, written once for every allocator of this project. family.c turns the
 * public functions (malloc free calloc realloc memalign posix_memalign aligned_alloc valloc pvalloc
 * malloc_usable_size reallocarray) into calls of a small core; what glibc 2.36 promises about
 * overflow, alignment, errno, NULL and 0 is kept there, so that a core never sees a bad argument.
 *
 * An allocator supplies the core as a header of its own, which includes this one, and compiles
 * family.c with -DFAMILY_CORE="its_header.h"; its functions are static inline where they are hot:
 *
 *   bool core_fast(size_t bytes)
 *       May core_alloc, core_alloc_zeroed and core_resize take their short way? False for all sizes
 *       above FAMILY_MAX_BYTES. This is the only comparison that a small request pays for.
 *   void *core_alloc(size_t bytes)
 *       bytes may be 0; the object is a distinct one all the same.
 *   void *core_alloc_zeroed(size_t bytes)
 *   void *core_alloc_aligned(size_t alignment, size_t bytes)
 *       alignment: a power of two above FAMILY_ALIGNMENT; alignment + bytes does not overflow.
 *   void *core_resize(void *p, size_t bytes)
 *       p is not NULL, bytes is not 0; on failure p stays valid.
 *   void core_free(void *p)
 *       p is not NULL; leaves errno alone.
 *   size_t core_usable_bytes(void *p)
 *       p is not NULL.
 *
 * A size is at most FAMILY_MAX_BYTES. Objects are aligned to FAMILY_ALIGNMENT. A core that has no
 * memory returns NULL with errno ENOMEM (os_map leaves it so, or `return family_fail(ENOMEM)`).
 * Any thread may call any function at any time from the first instruction of the process on.
 */
#pragma once

#include <errno.h>

#include "bits.h"

#define FAMILY_ALIGNMENT 16u
#define FAMILY_MAX_BYTES ((size_t)PTRDIFF_MAX)

/* For `return family_fail(ENOMEM)`. */
static inline __attribute__((cold)) void *family_fail(int code)
{
    errno = code;
    return NULL;
}
