/*
 * The malloc family as the program sees it. Each call: the stamp on its right side (stamp.h), the
 * real function, the event. Failed calls leave no event, because they change nothing.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "real.h"
#include "recorder.h"

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

static void *added(enum spool_kind kind, unsigned align_log2, void *p, size_t bytes)
{
    recorder_self.depth--;
    if (p)
        recorder_append(recorder_stamp(), spool_what(kind, align_log2, (uintptr_t)p), bytes);
    return p;
}

EXPORT void *malloc(size_t bytes)
{
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.malloc(bytes) : real_scrap_alloc(16, bytes);
    recorder_self.depth++;
    return added(SPOOL_MALLOC, 0, real.malloc(bytes), bytes);
}

EXPORT void *calloc(size_t n, size_t size)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(n, size, &bytes)))
        return no_memory();
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.calloc(n, size) : real_scrap_alloc(16, bytes);
    recorder_self.depth++;
    return added(SPOOL_CALLOC, 0, real.calloc(n, size), bytes);
}

EXPORT void free(void *p)
{
    if (p == NULL || UNLIKELY(real_is_scrap(p)))
        return;
    if (UNLIKELY(!recorder_wants())) {
        if (recorder_ready())
            real.free(p);
        return;
    }
    recorder_append(recorder_stamp(), spool_what(SPOOL_FREE, 0, (uintptr_t)p), 0);
    recorder_self.depth++;
    real.free(p);
    recorder_self.depth--;
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

EXPORT void *realloc(void *p, size_t bytes)
{
    if (UNLIKELY(p != NULL && real_is_scrap(p)))
        return move_scrap(p, bytes);
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.realloc(p, bytes) : real_scrap_alloc(16, bytes);
    if (p)
        recorder_append(recorder_stamp(), spool_what(SPOOL_REALLOC_OLD, 0, (uintptr_t)p), 0);
    recorder_self.depth++;
    void *moved = real.realloc(p, bytes);
    recorder_self.depth--;
    enum spool_kind kind = SPOOL_REALLOC_NEW;
    if (!moved)
        kind = bytes == 0 ? SPOOL_REALLOC_FREED : SPOOL_REALLOC_KEPT;
    if (moved || p)
        recorder_append(recorder_stamp(), spool_what(kind, 0, (uintptr_t)(moved ? moved : p)),
                        bytes);
    return moved;
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
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.memalign(alignment, bytes)
                                : real_scrap_alloc(alignment, bytes);
    recorder_self.depth++;
    return added(SPOOL_ALIGNED, align_log2_of(alignment), real.memalign(alignment, bytes), bytes);
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.aligned_alloc(alignment, bytes)
                                : real_scrap_alloc(alignment, bytes);
    recorder_self.depth++;
    return added(SPOOL_ALIGNED, align_log2_of(alignment), real.aligned_alloc(alignment, bytes),
                 bytes);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    bool wanted = recorder_wants();
    if (UNLIKELY(!recorder_ready())) {
        *out = real_scrap_alloc(alignment, bytes);
        return *out ? 0 : ENOMEM;
    }
    if (UNLIKELY(!wanted))
        return real.posix_memalign(out, alignment, bytes);
    recorder_self.depth++;
    int rc = real.posix_memalign(out, alignment, bytes);
    added(SPOOL_ALIGNED, align_log2_of(alignment), rc == 0 ? *out : NULL, bytes);
    return rc;
}

EXPORT void *valloc(size_t bytes)
{
    size_t page = 4096; /* the static area knows no other */
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.valloc(bytes) : real_scrap_alloc(page, bytes);
    recorder_self.depth++;
    return added(SPOOL_ALIGNED, align_log2_of(os_page_bytes()), real.valloc(bytes), bytes);
}

EXPORT void *pvalloc(size_t bytes)
{
    size_t page = os_page_bytes();
    if (UNLIKELY(!recorder_wants()))
        return recorder_ready() ? real.pvalloc(bytes)
                                : real_scrap_alloc(page, round_up(bytes, page));
    recorder_self.depth++;
    return added(SPOOL_ALIGNED, align_log2_of(page), real.pvalloc(bytes), round_up(bytes, page));
}
