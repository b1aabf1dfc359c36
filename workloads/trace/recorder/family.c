/*
 * The malloc family as the program sees it. An allocation is told after it returned, an end before
 * the free is called. Failed calls leave no event, because they change nothing.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "os.h"
#include "real.h"

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* The calls of a thread that is not to record them. */
static COLD void *inner_malloc(const struct spool_thread *self, size_t bytes)
{
    return recorder_ready() ? object_begin_inner(self, real.malloc(bytes))
                            : real_scrap_alloc(16, bytes);
}

static COLD void inner_free(struct spool_thread *self, void *p)
{
    if (!recorder_ready() || real_is_scrap(p))
        return;
    object_end_inner(self, p);
    real.free(p);
}

static COLD void *inner_realloc(struct spool_thread *self, void *p, size_t bytes)
{
    if (!recorder_ready())
        return real_scrap_alloc(16, bytes);
    if (p)
        object_end_inner(self, p);
    return object_begin_inner(self, real.realloc(p, bytes));
}

static COLD void *slow_malloc(struct spool_thread *self, void *p, size_t bytes)
{
    if (p)
        object_begin_slow(self, p, SPOOL_MALLOC, 0, bytes);
    recorder_leave(self);
    return p;
}

static COLD void slow_free(struct spool_thread *self, void *p, uint64_t word)
{
    if (word != WORD_SCRAP) {
        object_end_slow(self, p, word);
        real.free(p);
    }
    recorder_leave(self);
}

__attribute__((hot)) EXPORT void *malloc(size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    if (UNLIKELY(!recorder_enter(self)))
        return inner_malloc(self, bytes);
    void *p = real.malloc(bytes);
    if (UNLIKELY(!p) || UNLIKELY(!object_begin(self, p, bytes)))
        return slow_malloc(self, p, bytes);
    recorder_leave_on(self);
    return p;
}

__attribute__((hot)) EXPORT void free(void *p)
{
    struct spool_thread *self = &recorder_self;
    if (p == NULL)
        return;
    if (UNLIKELY(!recorder_enter(self))) {
        inner_free(self, p);
        return;
    }
    uint64_t word = object_take(p);
    if (UNLIKELY(!object_end(self, word))) {
        slow_free(self, p, word);
        return;
    }
    real.free(p);
    recorder_leave_on(self);
}

/* Of the next C: free by those who know what they asked for. */
EXPORT void free_sized(void *p, size_t bytes);
EXPORT void free_sized(void *p, size_t bytes __attribute__((unused)))
{
    free(p);
}

EXPORT void free_aligned_sized(void *p, size_t alignment, size_t bytes);
EXPORT void free_aligned_sized(void *p, size_t alignment __attribute__((unused)),
                               size_t bytes __attribute__((unused)))
{
    free(p);
}

static void *added(struct spool_thread *self, enum spool_kind kind, unsigned align_log2, void *p,
                   size_t bytes)
{
    if (p)
        object_begin_slow(self, p, kind, align_log2, bytes);
    recorder_leave(self);
    return p;
}

EXPORT void *calloc(size_t n, size_t size)
{
    struct spool_thread *self = &recorder_self;
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(n, size, &bytes)))
        return no_memory();
    if (UNLIKELY(!recorder_enter(self)))
        return recorder_ready() ? object_begin_inner(self, real.calloc(n, size))
                                : real_scrap_alloc(16, bytes);
    return added(self, SPOOL_CALLOC, 0, real.calloc(n, size), bytes);
}

/* From the static area into the heap; the old bytes stay where they are. */
static void *move_scrap(void *p, size_t bytes)
{
    void *moved = malloc(bytes);
    size_t bound = real_scrap_bound(p);
    if (moved)
        memcpy(moved, p, bytes < bound ? bytes : bound);
    return moved;
}

static void *resize(struct spool_thread *self, void *p, size_t bytes)
{
    struct object_leaving l = object_leave(self, p, bytes);
    void *moved = real.realloc(p, bytes);
    if (moved)
        object_move(self, &l, moved, bytes);
    else if (bytes == 0)
        object_gone(self, &l);
    else
        object_stay(&l);
    recorder_leave(self);
    return moved;
}

EXPORT void *realloc(void *p, size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    if (UNLIKELY(p != NULL && real_is_scrap(p)))
        return move_scrap(p, bytes);
    if (UNLIKELY(!recorder_enter(self)))
        return inner_realloc(self, p, bytes);
    if (p)
        return resize(self, p, bytes);
    return added(self, SPOOL_REALLOC_IN, 0, real.realloc(NULL, bytes), bytes);
}

/* As the C library does it; its own version would only call our realloc. */
EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(n, size, &bytes)))
        return no_memory();
    return realloc(p, bytes);
}

static unsigned align_log2_of(size_t alignment)
{
    return alignment > 1 ? log2_floor(alignment) : 0;
}

EXPORT void *memalign(size_t alignment, size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    if (UNLIKELY(!recorder_enter(self)))
        return recorder_ready() ? object_begin_inner(self, real.memalign(alignment, bytes))
                                : real_scrap_alloc(alignment, bytes);
    return added(self, SPOOL_ALIGNED, align_log2_of(alignment), real.memalign(alignment, bytes),
                 bytes);
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    if (UNLIKELY(!recorder_enter(self)))
        return recorder_ready() ? object_begin_inner(self, real.aligned_alloc(alignment, bytes))
                                : real_scrap_alloc(alignment, bytes);
    return added(self, SPOOL_ALIGNED, align_log2_of(alignment),
                 real.aligned_alloc(alignment, bytes), bytes);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    bool entered = recorder_enter(self);
    if (UNLIKELY(!recorder_ready())) {
        *out = real_scrap_alloc(alignment, bytes);
        return *out ? 0 : ENOMEM;
    }
    int rc = real.posix_memalign(out, alignment, bytes);
    if (LIKELY(entered))
        added(self, SPOOL_ALIGNED, align_log2_of(alignment), rc == 0 ? *out : NULL, bytes);
    else if (rc == 0)
        object_begin_inner(self, *out);
    return rc;
}

EXPORT void *valloc(size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    size_t page = 4096; /* the static area knows no other */
    if (UNLIKELY(!recorder_enter(self)))
        return recorder_ready() ? object_begin_inner(self, real.valloc(bytes))
                                : real_scrap_alloc(page, bytes);
    return added(self, SPOOL_ALIGNED, align_log2_of(os_page_bytes()), real.valloc(bytes), bytes);
}

EXPORT void *pvalloc(size_t bytes)
{
    struct spool_thread *self = &recorder_self;
    size_t page = os_page_bytes();
    if (UNLIKELY(!recorder_enter(self)))
        return recorder_ready() ? object_begin_inner(self, real.pvalloc(bytes))
                                : real_scrap_alloc(page, round_up(bytes, page));
    return added(self, SPOOL_ALIGNED, align_log2_of(page), real.pvalloc(bytes),
                 round_up(bytes, page));
}
