#include "large_cache.h"

#include "fatal.h"
#include "malloc_state.h"

__thread struct large_cache large_cache;
_Atomic size_t cache_large = 64 * KIB;

/* The top bits of a product by 2^32 over the golden ratio: neighbours, and powers of two, lie apart (Knuth 6.4). */
struct large_slot *large_slot_of(size_t bytes)
{
    uint32_t hash = (uint32_t)(bytes / CHUNK_ALIGNMENT) * 0x9e3779b1u;
    return &large_cache.slots[hash >> (32 - LARGE_SLOT_BITS)];
}

static void empty(struct large_slot *s)
{
    large_cache.bytes -= s->bin.n * (size_t)s->bytes;
    while (s->bin.n > 0) {
        void *p = cache_pop(&s->bin);
        cache_free_into((struct malloc_state *)arena_for_ptr(p), p);
    }
}

/* Whether s gives way to another size: not at the first time after it was of use. */
static bool give_way(struct large_slot *s)
{
    if (s->was_asked_for) {
        s->was_asked_for = false;
        return false;
    }
    empty(s);
    return true;
}

/* Whether there is room for `bytes` more: one slot is asked to give way. */
static bool make_room(size_t bytes)
{
    size_t most = atomic_load_explicit(&cache_large, memory_order_relaxed);
    if (bytes > most)
        return false;
    for (unsigned i = 0; i < LARGE_SLOTS && large_cache.bytes + bytes > most; i++) {
        large_cache.hand = (large_cache.hand + 1) % LARGE_SLOTS;
        struct large_slot *s = &large_cache.slots[large_cache.hand];
        if (s->bin.n > 0 && !give_way(s))
            return false;
    }
    return large_cache.bytes + bytes <= most;
}

void *large_cache_take(size_t bytes)
{
    struct large_slot *s = large_slot_of(bytes);
    if (s->bytes != bytes && give_way(s)) {
        s->bytes = (uint32_t)bytes;
        s->was_asked_for = false;
    }
    if (s->bytes != bytes || s->bin.n == 0)
        return NULL;
    s->was_asked_for = true;
    large_cache.bytes -= bytes;
    void *p = cache_pop(&s->bin);
    if (UNLIKELY(chunk_bytes(object_chunk(p)) != bytes))
        heap_fatal("malloc(): corrupted size in a thread cache");
    return p;
}

bool large_cache_keep(struct cached *e, size_t bytes)
{
    struct large_slot *s = large_slot_of(bytes);
    bool is_off = atomic_load_explicit(&cache_count, memory_order_relaxed) == 0 || PAR_GET(perturb);
    if (is_off || s->bytes != bytes || !make_room(bytes))
        return false;
    large_cache.bytes += bytes;
    cache_push(&s->bin, e);
    return true;
}

void large_cache_flush(void)
{
    for (unsigned i = 0; i < LARGE_SLOTS; i++)
        empty(&large_cache.slots[i]);
}

const char *large_cache_check(void)
{
    size_t bytes = 0;
    for (struct large_slot *s = large_cache.slots; s < large_cache.slots + LARGE_SLOTS; s++) {
        uint32_t n = 0;
        for (const struct cached *e = s->bin.head; e && n <= s->bin.n; n++, e = cache_next(e)) {
            if (chunk_bytes(object_chunk(e)) != s->bytes || large_slot_of(s->bytes) != s)
                return "large size";
        }
        if (n != s->bin.n)
            return "large count";
        bytes += n * (size_t)s->bytes;
    }
    return bytes == large_cache.bytes ? NULL : "large bytes";
}
