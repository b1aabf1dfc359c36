/*
 * The functions that the recorder stands in front of, as the next library in the program's search
 * order has them: whichever allocator the program uses. Looked up on the first call; while that
 * lasts, malloc is served from a small static area (real_scrap_*), because dlsym may itself
 * allocate.
 */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <threads.h>

#include "bits.h"

struct real {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t (*usable_size)(void *); /* NULL where the allocator has none */
    int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*pthread_join)(pthread_t, void **);
    int (*pthread_tryjoin_np)(pthread_t, void **);
    int (*pthread_timedjoin_np)(pthread_t, void **, const struct timespec *);
    int (*pthread_clockjoin_np)(pthread_t, void **, clockid_t, const struct timespec *);
    int (*thrd_create)(thrd_t *, thrd_start_t, void *);
    int (*thrd_join)(thrd_t, int *);
    void (*exit_now)(int); /* _exit */
    void (*longjmp)(struct __jmp_buf_tag *, int);
    void (*longjmp_checked)(struct __jmp_buf_tag *, int);
    /* C++'s; NULL where no C++ library was loaded with the program. */
    void *(*operator_new)(size_t);
    void *(*operator_new_array)(size_t);
    void *(*operator_new_aligned)(size_t, size_t);
    void *(*operator_new_array_aligned)(size_t, size_t);
};

extern HIDDEN struct real real;

void real_resolve(void);

/* The name of the file that serves malloc, cut to `n` bytes; "" when unknown. */
void real_describe(char *out, size_t n);

/*
 * Zeroed memory from the static area, or NULL when it is used up. Never freed: its word in the shadow
 * says so, and keeps the question off the path of every free.
 */
void *real_scrap_alloc(size_t alignment, size_t bytes);
#define REAL_SCRAP_BYTES 65536u
extern HIDDEN char real_scrap[];

static inline bool real_is_scrap(const void *p)
{
    return (uintptr_t)p - (uintptr_t)real_scrap < REAL_SCRAP_BYTES;
}

/* Bytes from `p` to the end of the static area: an upper bound of what may be copied from it. */
size_t real_scrap_bound(const void *p);
