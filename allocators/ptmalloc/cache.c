#include "cache.h"

#include <sys/auxv.h>
#include <unistd.h>

#include "fatal.h"
#include "malloc_state.h"
#include "mapped.h"
#include "ptmalloc.h"

#define LEAST_KEPT 8u  /* objects of each size, however large */
#define BATCH_MAX  64u /* chunks taken under one lock */

__thread struct cache cache;
uintptr_t cache_secret;
_Atomic size_t cache_count = 128, cache_bytes = 4096, cache_largest = CACHE_MAX_REQUEST;

static size_t setting(const _Atomic size_t *s)
{
    return atomic_load_explicit(s, memory_order_relaxed);
}

static uint32_t limit_of(unsigned index)
{
    size_t bytes = index * (size_t)CHUNK_ALIGNMENT, count = setting(&cache_count);
    if (bytes - CHUNK_OVERHEAD > setting(&cache_largest) || PAR_GET(perturb))
        return 0;
    size_t n = setting(&cache_bytes) / bytes;
    if (n < LEAST_KEPT)
        n = LEAST_KEPT;
    return (uint32_t)(n < count ? n : count);
}

static void make_secret(void)
{
    uintptr_t random = (uintptr_t)&cache ^ (uintptr_t)getpid() << 32;
    const uintptr_t *seed = (const uintptr_t *)getauxval(AT_RANDOM);
    cache_secret = seed ? random ^ seed[1] : random * 0x9e3779b97f4a7c15u;
}

/* Of the calling thread; false: it goes without. */
static bool set_up(void)
{
    if (cache.is_ready)
        return true;
    if (arena_thread.life != THREAD_ALIVE) /* before its first arena, or after its end */
        return false;
    if (cache_secret == 0)
        make_secret();
    for (unsigned i = MIN_CHUNK_BYTES / CHUNK_ALIGNMENT; i < CACHE_BINS; i++) {
        cache.bins[i].limit = limit_of(i);
        cache.batch[i] = 1;
    }
    cache.is_ready = true;
    return true;
}

void cache_broken_link(void)
{
    heap_fatal("malloc(): corrupted link in a thread cache");
}

static void refill(struct malloc_state *m, struct cache_bin *bin, unsigned index)
{
    unsigned most = bin->limit / 2 < BATCH_MAX ? bin->limit / 2 : BATCH_MAX;
    unsigned n = cache.batch[index] < most ? cache.batch[index] : most;
    for (unsigned i = 0; i < n; i++) {
        struct chunk *c = int_malloc(m, index * (size_t)CHUNK_ALIGNMENT, GROW_NEVER);
        if (!c)
            break;
        if (UNLIKELY(chunk_bytes(c) != index * (size_t)CHUNK_ALIGNMENT)) {
            int_free(m, c); /* what was left over was too small to cut off */
            break;
        }
        cache_push(bin, chunk_object(c));
    }
    if (cache.batch[index] < most)
        cache.batch[index] = (uint8_t)(2 * cache.batch[index]);
}

void *cache_alloc_slow(size_t bytes)
{
    unsigned index = cache_index(bytes);
    struct malloc_state *m = (struct malloc_state *)arena_get(bytes);
    struct cache_bin *bin = set_up() ? &cache.bins[index] : NULL;
    struct chunk *c = int_malloc(m, index * (size_t)CHUNK_ALIGNMENT, GROW_UNLESS_MAPPED);
    if (c && bin && bin->limit > 1)
        refill(m, bin, index);
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    return c ? ptmalloc_perturbed(c, bytes) : ptmalloc_alloc_other(bytes);
}

/* The next of the list; the link is checked first. */
static struct cached *follow(const struct cached *e)
{
    if (UNLIKELY(e->seal != cache_seal(e, e->link)))
        cache_broken_link();
    return (struct cached *)(e->link ^ ((uintptr_t)e >> 12));
}

static void set_link(struct cached *e, const struct cached *next)
{
    e->link = (uintptr_t)next ^ ((uintptr_t)e >> 12);
    e->seal = cache_seal(e, e->link);
}

/* Chunks of one arena under one lock; what belongs to others is handed back. */
static struct cached *free_those_of(struct malloc_state *m, struct cached *e)
{
    struct cached *others = NULL;
    arena_lock(&m->arena);
    while (e) {
        struct cached *next = follow(e);
        if (arena_for_ptr(e) == &m->arena) {
            e->seal = 0;
            int_free(m, object_chunk(e));
        } else {
            set_link(e, others);
            others = e;
        }
        e = next;
    }
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    return others;
}

/* Keeps the newest `keep`: the list is cut behind them. */
static void flush(struct cache_bin *bin, uint32_t keep)
{
    struct cached *rest = bin->head, *last = NULL;
    for (uint32_t n = 0; n < keep && rest; n++) {
        last = rest;
        rest = follow(rest);
    }
    if (last)
        set_link(last, NULL);
    else
        bin->head = NULL;
    if (bin->n > keep)
        bin->n = keep;
    while (rest)
        rest = free_those_of((struct malloc_state *)arena_for_ptr(rest), rest);
}

void cache_flush(bool end)
{
    for (unsigned i = 0; i < CACHE_BINS; i++) {
        flush(&cache.bins[i], 0);
        if (end)
            cache.bins[i].limit = 0;
    }
    cache.is_ready = !end && cache.is_ready;
}

static bool is_cached(const struct cache_bin *bin, const struct cached *wanted)
{
    uint32_t n = 0;
    for (const struct cached *e = bin->head; e && n <= bin->n; n++, e = follow(e)) {
        if (e == wanted)
            return true;
    }
    return false;
}

static void to_arena(struct malloc_state *m, void *p)
{
    arena_lock(&m->arena);
    int_free(m, object_chunk(p));
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
}

void cache_free_slow(void *p)
{
    if (UNLIKELY((uintptr_t)p % CHUNK_ALIGNMENT != 0))
        heap_fatal("free(): invalid pointer");
    struct malloc_state *m = (struct malloc_state *)arena_for_ptr(p);
    if (!m) {
        if (UNLIKELY(!mapped_free(p)))
            heap_fatal("free(): invalid pointer");
        return;
    }
    struct chunk *c = object_chunk(p);
    size_t bytes = chunk_bytes(c);
    if (UNLIKELY(bytes < MIN_CHUNK_BYTES || bytes % CHUNK_ALIGNMENT != 0 ||
                 (c->size & IS_MMAPPED) || bytes >= m->arena.system_mem))
        heap_fatal("free(): invalid size");
    ptmalloc_perturb_free(c);
    if (bytes > CACHE_MAX_CHUNK) {
        to_arena(m, p);
        return;
    }
    if (arena_thread.life == THREAD_NEW) /* its first call: it gets its arena now */
        arena_unlock(arena_get(0));
    struct cache_bin *bin = &cache.bins[bytes / CHUNK_ALIGNMENT];
    struct cached *e = p;
    if (UNLIKELY(e->seal == cache_seal(e, e->link)) && is_cached(bin, e))
        heap_fatal("free(): double free detected in a thread cache");
    if (!set_up() || bin->limit == 0) {
        to_arena(m, p);
        return;
    }
    if (bin->n >= bin->limit)
        flush(bin, bin->limit / 2);
    cache_push(bin, e);
}

const char *cache_check(void)
{
    for (unsigned i = 0; i < CACHE_BINS; i++) {
        const struct cache_bin *bin = &cache.bins[i];
        uint32_t n = 0;
        for (const struct cached *e = bin->head; e; n++) {
            if (n > bin->n)
                return "cache count";
            if (e->seal != cache_seal(e, e->link))
                return "cache seal";
            if (chunk_bytes(object_chunk(e)) != i * (size_t)CHUNK_ALIGNMENT)
                return "cache size";
            e = (const struct cached *)(e->link ^ ((uintptr_t)e >> 12));
        }
        if (n != bin->n || n > bin->limit)
            return "cache count";
    }
    return NULL;
}
