#include "malloc_state.h"

#include "fatal.h"

/* Frees what c has beyond `bytes`, if that makes a chunk. */
static void free_tail(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    size_t rest = chunk_bytes(c) - bytes;
    if (rest < MIN_CHUNK_BYTES)
        return;
    size_t non_main = c->size & NON_MAIN_ARENA;
    struct chunk *tail = chunk_split(c, bytes);
    tail->size = rest | PREV_INUSE | non_main;
    int_free(m, tail);
}

static bool grow_into_top(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    must_be_top(m);
    size_t old = chunk_bytes(c), sum = old + chunk_bytes(m->top);
    if (sum < bytes + MIN_CHUNK_BYTES)
        return false;
    size_t flags = c->size & SIZE_BITS;
    c->size = bytes | flags;
    m->top = chunk_at(c, bytes);
    chunk_set_top(m->top, sum - bytes, flags & NON_MAIN_ARENA);
    if (m->fresh < (char *)m->top + CHUNK_HEADER_BYTES)
        m->fresh = (char *)m->top + CHUNK_HEADER_BYTES;
    return true;
}

bool int_resize(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    size_t room = chunk_room(m, c);
    if (UNLIKELY(!is_chunk_size(c, room)))
        heap_fatal("realloc(): invalid old size");
    room -= chunk_bytes(c);
    struct chunk *next = chunk_next(c);
    if (UNLIKELY(next->size <= 2 * sizeof(size_t) || chunk_bytes(next) > m->arena.system_mem))
        heap_fatal("realloc(): invalid next size");
    if (chunk_bytes(c) < bytes) {
        if (next == m->top)
            return grow_into_top(m, c, bytes);
        if (UNLIKELY(!has_next(next, room)))
            heap_fatal("realloc(): invalid next size");
        if (chunk_in_use(next) || chunk_bytes(c) + chunk_bytes(next) < bytes)
            return false;
        if (UNLIKELY(!is_chunk_size(next, room)))
            heap_fatal("realloc(): invalid next size");
        bins_unlink(&m->bins, next);
        c->size += chunk_bytes(next);
        chunk_set_prev_in_use(chunk_next(c), true);
    }
    free_tail(m, c, bytes);
    return true;
}

void int_join(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    c->size += chunk_bytes(chunk_next(c));
    free_tail(m, c, bytes);
}

struct chunk *int_memalign(struct malloc_state *m, size_t alignment, size_t bytes,
                           enum growth_allowed growth)
{
    struct chunk *c = int_malloc(m, memalign_bytes(alignment, bytes), growth);
    if (!c)
        return NULL;
    uintptr_t object = (uintptr_t)chunk_object(c);
    if (object % alignment != 0) {
        uintptr_t aligned = round_up(object + MIN_CHUNK_BYTES, alignment);
        size_t front = aligned - object, rest = chunk_bytes(c) - front;
        size_t non_main = c->size & NON_MAIN_ARENA;
        struct chunk *before = c;
        c = chunk_split(before, front);
        c->size = rest | PREV_INUSE | non_main;
        int_free(m, before);
    }
    if (chunk_bytes(c) - bytes > MIN_CHUNK_BYTES) /* the smallest tail stays, as in glibc */
        free_tail(m, c, bytes);
    return c;
}
