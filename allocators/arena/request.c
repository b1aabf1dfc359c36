#include "request.h"

#include <string.h>

#include "fatal.h"
#include "mapped.h"
#include "os.h"

#define ROOM_BYTES (64 * KIB) /* more than any allocator adds to an object */

/*
 * The first call sets the process up, but a thread in the middle of that while another forks would leave the
 * child waiting for ever, for the fork handlers are part of it. So it is done before there are threads.
 */
static __attribute__((constructor)) void set_up_before_main(void)
{
    arena_set_up();
}

static void *take(struct arena *a, struct request *r, enum growth_allowed growth)
{
    void *p = arena_kind.take(a, r, growth);
    if (HEAP_CHECK)
        must_hold(arena_kind.check(a));
    return p;
}

/* Where neither a free block nor the thread's arena will do. */
static COLD void *take_anywhere(struct request *r)
{
    struct arena *a = arena_get(r->held);
    void *p = take(a, r, GROW_ALWAYS);
    if (!p)
        a = arena_get_retry(a, r->held);
    if (!p && a)
        p = take(a, r, GROW_ALWAYS);
    if (a)
        arena_unlock(a);
    return p;
}

static void *map(struct request *r)
{
    void *p = mapped_alloc(r->alignment, r->bytes);
    r->fresh = p;
    return p;
}

void *request_alloc(struct request *r)
{
    if (UNLIKELY(r->alignment > FAMILY_MAX_BYTES / 2 ||
                 r->bytes > FAMILY_MAX_BYTES - ROOM_BYTES - r->alignment))
        return family_fail(ENOMEM);
    if (UNLIKELY(arena_kind.largest && r->held > arena_kind.largest))
        return map(r);
    int saved = errno;
    struct arena *a = arena_get(r->held);
    void *p = take(a, r, GROW_UNLESS_MAPPED);
    arena_unlock(a);
    if (LIKELY(p))
        return p;
    if (mapped_wanted(r->held))
        p = map(r);
    if (!p)
        p = take_anywhere(r);
    if (!p)
        p = map(r);
    if (p)
        errno = saved;
    return p;
}

void *request_zero(const struct request *r, char *p)
{
    if (!p)
        return NULL;
    size_t dirty = r->bytes;
    if (r->fresh && r->fresh < p + r->bytes)
        dirty = r->fresh > p ? (size_t)(r->fresh - p) : 0;
    return memset(p, 0, dirty);
}

void request_perturb_made(void *p, size_t bytes)
{
    size_t perturb = PAR_GET(perturb);
    if (UNLIKELY(perturb))
        memset(p, (int)(perturb ^ 0xff), bytes);
}

void request_perturb_freed(void *p, size_t bytes)
{
    size_t perturb = PAR_GET(perturb);
    if (UNLIKELY(perturb))
        memset(p, (int)perturb, bytes);
}

bool request_discard(const void *from, const void *to)
{
    size_t page = os_page_bytes();
    uintptr_t start = round_up((uintptr_t)from, page), end = (uintptr_t)to & ~(uintptr_t)(page - 1);
    return end > start && os_discard((void *)start, end - start) == 0;
}
