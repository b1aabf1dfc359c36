/*
 * C++'s operators, under the names that its compilers give them (Itanium C++ ABI, section 5.1.5).
 * The C++ library's call malloc and free, and would be seen anyway; but allocators that bring their
 * own take the memory past the malloc family. Memory comes from the real malloc; where that has
 * none, the real operator is asked, which knows of handlers and throws. A program's own operators
 * stand before these.
 */
#include <stdlib.h>

#include "os.h"
#include "real.h"

static void *refused(void *(*operator_new)(size_t), size_t bytes)
{
    if (!operator_new)
        abort(); /* no C++ library is in reach: nobody could catch what was thrown */
    return operator_new(bytes);
}

static void *refused_aligned(void *(*operator_new)(size_t, size_t), size_t bytes, size_t alignment)
{
    if (!operator_new)
        abort();
    return operator_new(bytes, alignment);
}

static void *aligned(size_t bytes, size_t alignment)
{
    void *p = NULL;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    return posix_memalign(&p, alignment, bytes) == 0 ? p : NULL;
}

#define NEW(name, member) \
    EXPORT void *name(size_t bytes); \
    EXPORT void *name(size_t bytes) \
    { \
        void *p = malloc(bytes); \
        return LIKELY(p) ? p : refused(real.member, bytes); \
    }
NEW(_Znwm, operator_new)
NEW(_Znam, operator_new_array)

#define NEW_ALIGNED(name, member) \
    EXPORT void *name(size_t bytes, size_t alignment); \
    EXPORT void *name(size_t bytes, size_t alignment) \
    { \
        void *p = aligned(bytes, alignment); \
        return LIKELY(p) ? p : refused_aligned(real.member, bytes, alignment); \
    }
NEW_ALIGNED(_ZnwmSt11align_val_t, operator_new_aligned)
NEW_ALIGNED(_ZnamSt11align_val_t, operator_new_array_aligned)

/* Not to throw: NULL. The second argument is std::nothrow, which says nothing. */
#define NEW_NOTHROW(name) \
    EXPORT void *name(size_t bytes, const void *nothrow); \
    EXPORT void *name(size_t bytes, const void *nothrow __attribute__((unused))) \
    { \
        return malloc(bytes); \
    }
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)

#define NEW_ALIGNED_NOTHROW(name) \
    EXPORT void *name(size_t bytes, size_t alignment, const void *nothrow); \
    EXPORT void *name(size_t bytes, size_t alignment, const void *nothrow __attribute__((unused))) \
    { \
        return aligned(bytes, alignment); \
    }
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)

/* What follows the pointer (size, alignment, std::nothrow) is not needed. */
#define DELETE(name) \
    EXPORT void name(void *p); \
    EXPORT void name(void *p) \
    { \
        free(p); \
    }
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE(_ZdlPvm)
DELETE(_ZdaPvm)
DELETE(_ZdlPvSt11align_val_t)
DELETE(_ZdaPvSt11align_val_t)
DELETE(_ZdlPvmSt11align_val_t)
DELETE(_ZdaPvmSt11align_val_t)
DELETE(_ZdlPvRKSt9nothrow_t)
DELETE(_ZdaPvRKSt9nothrow_t)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
