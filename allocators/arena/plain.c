#include "plain.h"

#include <string.h>

#include "fatal.h"
#include "mapped.h"

void *plain_alloc(size_t alignment, size_t bytes)
{
    struct request r = {.alignment = alignment, .bytes = bytes, .held = arena_kind.held(bytes)};
    void *p = request_alloc(&r);
    if (LIKELY(p))
        request_perturb_made(p, bytes);
    return p;
}

void *plain_alloc_zeroed(size_t bytes)
{
    struct request r = {
        .alignment = FAMILY_ALIGNMENT, .bytes = bytes, .held = arena_kind.held(bytes)};
    return request_zero(&r, request_alloc(&r));
}

/* The arena of p, locked; NULL: p lies in none. Only what an arena holds is read. */
static struct arena *lock_arena_of(const void *p, const char *fault)
{
    if (UNLIKELY((uintptr_t)p % FAMILY_ALIGNMENT != 0))
        heap_fatal(fault);
    struct arena *a = arena_for_ptr(p);
    if (!a)
        return NULL;
    arena_lock(a);
    /* What is said of an object may stand before it. */
    if (UNLIKELY(arena_room(a, (const char *)p - FAMILY_ALIGNMENT) <= FAMILY_ALIGNMENT))
        heap_fatal(fault);
    return a;
}

void plain_free(void *p)
{
    struct arena *a = lock_arena_of(p, "free(): invalid pointer");
    if (!a) {
        if (UNLIKELY(!mapped_free(p)))
            heap_fatal("free(): invalid pointer");
        return;
    }
    arena_kind.give(a, p);
    if (HEAP_CHECK)
        must_hold(arena_kind.check(a));
    arena_unlock(a);
}

static void *move(void *p, size_t old, size_t bytes)
{
    void *fresh = plain_alloc(FAMILY_ALIGNMENT, bytes);
    if (!fresh)
        return NULL;
    memcpy(fresh, p, old < bytes ? old : bytes);
    plain_free(p);
    return fresh;
}

void *plain_resize(void *p, size_t bytes)
{
    struct arena *a = lock_arena_of(p, "realloc(): invalid pointer");
    size_t old;
    if (a) {
        bool done = bytes <= FAMILY_MAX_BYTES / 2 && arena_kind.resize(a, p, bytes);
        if (HEAP_CHECK)
            must_hold(arena_kind.check(a));
        old = arena_kind.usable(p);
        arena_unlock(a);
        if (done)
            return p;
    } else {
        old = mapped_usable(p);
        if (UNLIKELY(old == 0))
            heap_fatal("realloc(): invalid pointer");
        void *moved = mapped_resize(p, bytes);
        if (moved || bytes <= old)
            return moved ? moved : p;
    }
    return move(p, old, bytes);
}

size_t plain_usable_bytes(void *p)
{
    return arena_for_ptr(p) ? arena_kind.usable(p) : mapped_usable(p);
}
