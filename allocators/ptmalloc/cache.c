#include "cache.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "fatal.h"
#include "large_cache.h"
#include "malloc_state.h"
#include "mapped.h"
#include "ptmalloc.h"
#include "request.h"

#define LEAST_KEPT 8u  /* objects of each size, however large */
#define FIRST_PART 8u  /* a bin begins with this part of what it may keep */
#define BATCH_MAX  64u /* chunks taken under one lock */

/* What may wait in an arena for one of its threads to take it; beyond, it is freed into the arena. */
#define RETURNED_MOST_BYTES (64 * KIB)

__thread struct cache cache;
_Atomic uintptr_t cache_secret;
_Atomic size_t cache_count = 256, cache_bytes = 16384, cache_largest = CACHE_MAX_REQUEST;

static size_t setting(const _Atomic size_t *s)
{
    return atomic_load_explicit(s, memory_order_relaxed);
}

/* How many chunks of a size a thread may keep, of `1 / part` of the bytes. */
static uint32_t limit_of(unsigned index, unsigned part)
{
    size_t bytes = index * (size_t)CHUNK_ALIGNMENT, count = setting(&cache_count);
    if (bytes - CHUNK_OVERHEAD > setting(&cache_largest) || PAR_GET(perturb))
        return 0;
    size_t n = setting(&cache_bytes) / part / bytes;
    if (n < LEAST_KEPT)
        n = LEAST_KEPT;
    return (uint32_t)(n < count ? n : count);
}

/* One for all threads: what one seals, another may open. */
static void make_secret(void)
{
    uintptr_t seed = 0x9e3779b97f4a7c15u, none = 0;
    const char *random = (const char *)getauxval(AT_RANDOM); /* 16 bytes from the kernel */
    if (random)
        memcpy(&seed, random + sizeof(seed), sizeof(seed));
    seed ^= (uintptr_t)&cache ^ (uintptr_t)getpid() << 32;
    atomic_compare_exchange_strong(&cache_secret, &none, seed);
}

/* Of the calling thread; false: it goes without. */
static bool set_up(void)
{
    if (cache.is_ready)
        return true;
    if (arena_thread.life != THREAD_ALIVE) /* before its first arena, or after its end */
        return false;
    if (atomic_load_explicit(&cache_secret, memory_order_relaxed) == 0)
        make_secret();
    for (unsigned i = MIN_CHUNK_BYTES / CHUNK_ALIGNMENT; i < CACHE_BINS; i++)
        cache.bins[i].limit = limit_of(i, FIRST_PART);
    cache.is_ready = true;
    return true;
}

void cache_broken_link(void)
{
    heap_fatal("malloc(): corrupted link in a thread cache");
}

/* A bin that had too many and now has too few is too small for what the thread does. */
static void grow_limit(struct cache_bin *bin, unsigned index)
{
    if (!cache.was_full[index])
        return;
    cache.was_full[index] = false;
    uint32_t most = limit_of(index, 1);
    if (bin->limit < most)
        bin->limit = 2 * bin->limit < most ? 2 * bin->limit : most;
}

/* How many chunks the next refill takes: none at first, then ever more. */
static unsigned next_batch(const struct cache_bin *bin, unsigned index)
{
    unsigned most = bin->limit / 2 < BATCH_MAX ? bin->limit / 2 : BATCH_MAX;
    unsigned n = cache.batch[index] < most ? cache.batch[index] : most;
    if (cache.batch[index] < most)
        cache.batch[index] = (uint8_t)(2 * cache.batch[index] + 1);
    return n;
}

/* The first in memory is the first to be taken. */
static void push_run(struct cache_bin *bin, struct chunk *first, size_t bytes, unsigned n)
{
    while (n-- > 0)
        cache_push(bin, chunk_object(chunk_at(first, n * bytes)));
}

/* The chunk that is asked for; further ones, of up to `n` in all, go into the bin. */
static struct chunk *alloc_and_refill(struct malloc_state *m, struct cache_bin *bin, size_t bytes,
                                      unsigned n)
{
    unsigned got = n;
    struct chunk *first = int_malloc_run(m, bytes, &got, GROW_UNLESS_MAPPED);
    if (!first)
        return NULL;
    push_run(bin, chunk_at(first, bytes), bytes, got - 1);
    for (n -= got; n > 0; n -= got) {
        got = n;
        struct chunk *c = int_malloc_run(m, bytes, &got, GROW_NEVER);
        if (!c)
            break;
        if (UNLIKELY(chunk_bytes(c) != bytes)) {
            int_free(m, c); /* what was left over was too small to cut off */
            break;
        }
        push_run(bin, c, bytes, got);
    }
    return first;
}

/* An object that is in a list twice, for it was freed twice, turns the list into a circle. */
static void must_end(bool has_to)
{
    if (UNLIKELY(has_to))
        heap_fatal("free(): double free detected in a list of a thread cache");
}

static void set_link(struct cached *e, const struct cached *next)
{
    cache_link(e, next, cache_key(e));
}

/* The size of what waits in a list; it indexes the bins. */
static size_t cached_bytes(const struct cached *e)
{
    size_t bytes = chunk_bytes(object_chunk(e));
    if (UNLIKELY(bytes < MIN_CHUNK_BYTES || bytes > CACHE_MAX_CHUNK ||
                 bytes % CHUNK_ALIGNMENT != 0))
        heap_fatal("malloc(): corrupted size in a thread cache");
    return bytes;
}

static void free_all_locked(struct malloc_state *m, struct cached *e)
{
    struct free_run run = {0};
    while (e) {
        struct cached *next = cache_next(e);
        e->seal = 0;
        int_free_more(m, &run, object_chunk(e));
        e = next;
    }
    int_free_end(m, &run);
    if (HEAP_CHECK)
        must_hold(state_check(m));
}

/* Frees a list of chunks of one arena into it. */
static void free_all(struct malloc_state *m, struct cached *e)
{
    arena_lock(&m->arena);
    free_all_locked(m, e);
    arena_unlock(&m->arena);
}

/* What waits there; NULL: nothing. returned_bytes is the caller's to correct. */
static struct cached *take_returned(struct malloc_state *m)
{
    if (!atomic_load_explicit(&m->returned, memory_order_relaxed))
        return NULL;
    return atomic_exchange_explicit(&m->returned, NULL, memory_order_acquire);
}

/*
 * Leaves `first` to `last`, a list of `bytes` in all, to the threads of an arena, without its lock. So
 * much that nobody takes is freed into it instead.
 */
static void give_back(struct malloc_state *m, struct cached *first, struct cached *last,
                      size_t bytes)
{
    size_t before = atomic_fetch_add_explicit(&m->returned_bytes, bytes, memory_order_relaxed);
    if (before + bytes > RETURNED_MOST_BYTES) {
        atomic_fetch_sub_explicit(&m->returned_bytes, bytes, memory_order_relaxed);
        free_all(m, first);
        return;
    }
    struct cached *head = atomic_load_explicit(&m->returned, memory_order_relaxed);
    do {
        set_link(last, head);
    } while (!atomic_compare_exchange_weak_explicit(&m->returned, &head, first,
                                                    memory_order_release, memory_order_relaxed));
}

/* Sends the chunks of one arena home; returns the list of those of others. They are `most` together. */
static struct cached *send_home(struct malloc_state *m, struct cached *e, uint32_t most)
{
    struct cached *home = NULL, *last = NULL, *others = NULL;
    size_t bytes = 0;
    for (uint32_t n = 0; e; n++) {
        must_end(n == most);
        struct cached *next = cache_next(e);
        if (arena_for_ptr(e) != &m->arena) {
            set_link(e, others);
            others = e;
        } else {
            last = home ? last : e;
            set_link(e, home);
            home = e;
            bytes += cached_bytes(e);
        }
        e = next;
    }
    give_back(m, home, last, bytes);
    return others;
}

/* Puts what other threads gave back into the calling thread's cache, as far as it has room. */
static void collect_returned(struct malloc_state *m)
{
    struct cached *e = take_returned(m), *rest = NULL;
    size_t taken = 0;
    while (e) {
        struct cached *next = cache_next(e);
        size_t bytes = cached_bytes(e);
        struct cache_bin *bin = cache_bin_of(bytes);
        if (bin->n < bin->limit) {
            cache_push(bin, e);
        } else {
            set_link(e, rest);
            rest = e;
        }
        taken += bytes;
        must_end(taken > RETURNED_MOST_BYTES);
        e = next;
    }
    atomic_fetch_sub_explicit(&m->returned_bytes, taken, memory_order_relaxed);
    if (rest)
        free_all(m, rest);
}

void *cache_alloc_slow(size_t bytes)
{
    size_t chunk = request_bytes(bytes);
    unsigned index = (unsigned)(chunk / CHUNK_ALIGNMENT);
    struct malloc_state *m = (struct malloc_state *)arena_thread.arena;
    struct cache_bin *bin = set_up() ? &cache.bins[index] : NULL;
    if (bin && atomic_load_explicit(&m->returned, memory_order_relaxed)) {
        collect_returned(m);
        if (bin->head)
            return cache_pop(bin);
    }
    m = (struct malloc_state *)arena_get(bytes);
    if (!bin && set_up())
        bin = &cache.bins[index];
    if (bin)
        grow_limit(bin, index);
    struct chunk *c =
        alloc_and_refill(m, bin, chunk, bin && bin->limit > 1 ? 1 + next_batch(bin, index) : 1);
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    if (HEAP_CHECK)
        must_hold(cache_check());
    if (!c)
        return ptmalloc_alloc_other(bytes);
    request_perturb_made(chunk_object(c), bytes);
    return chunk_object(c);
}

/* Takes the newest of a bin until `keep` are left; frees those of m into it, and returns the list of the others. */
static struct cached *free_own(struct malloc_state *m, struct cache_bin *bin, uint32_t keep)
{
    struct free_run run = {0};
    struct cached *others = NULL;
    bool is_locked = false;
    while (bin->head && bin->n > keep) {
        struct cached *e = cache_pop(bin);
        if (!m || arena_for_ptr(e) != &m->arena) {
            set_link(e, others);
            others = e;
            continue;
        }
        if (!is_locked)
            arena_lock(&m->arena);
        is_locked = true;
        int_free_more(m, &run, object_chunk(e));
    }
    if (!is_locked)
        return others;
    int_free_end(m, &run);
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    return others;
}

static void flush(struct cache_bin *bin, uint32_t keep)
{
    struct malloc_state *own = cache.is_ready ? (struct malloc_state *)arena_thread.arena : NULL;
    uint32_t n = bin->n;
    struct cached *others = free_own(own, bin, keep);
    while (others)
        others = send_home((struct malloc_state *)arena_for_ptr(others), others, n);
}

/* Leaves a bin as it is to the next thread on m, if all in it came from there. */
static bool leave(struct malloc_state *m, struct cache_bin *bin, size_t bytes)
{
    struct cached *first = bin->head, *last = NULL;
    uint32_t n = 0;
    for (struct cached *e = first; e; e = cache_next(e)) {
        must_end(n++ == bin->n);
        if (arena_for_ptr(e) != &m->arena)
            return false;
        last = e;
    }
    bin->head = NULL;
    give_back(m, first, last, bin->n * bytes);
    bin->n = 0;
    return true;
}

void cache_flush(bool end)
{
    cache.is_ready = !end && cache.is_ready;
    for (unsigned i = 0; i < CACHE_BINS; i++) {
        struct cache_bin *bin = &cache.bins[i];
        bool is_left =
            end && bin->head && arena_thread.arena &&
            leave((struct malloc_state *)arena_thread.arena, bin, i * (size_t)CHUNK_ALIGNMENT);
        if (bin->head && !is_left)
            flush(bin, 0);
        if (end)
            bin->limit = 0;
    }
    large_cache_flush();
}

static size_t bytes_of(const struct cached *all)
{
    size_t bytes = 0;
    for (const struct cached *e = all; e; e = cache_next(e)) {
        bytes += cached_bytes(e);
        must_end(bytes > RETURNED_MOST_BYTES);
    }
    return bytes;
}

void cache_take_home(struct malloc_state *m)
{
    struct cached *all = take_returned(m);
    atomic_fetch_sub_explicit(&m->returned_bytes, bytes_of(all), memory_order_relaxed);
    free_all_locked(m, all);
}

void cache_forked(struct malloc_state *m)
{
    struct cached *all = atomic_load_explicit(&m->returned, memory_order_relaxed);
    atomic_store_explicit(&m->returned_bytes, bytes_of(all), memory_order_relaxed);
}

void cache_free_into(struct malloc_state *m, void *p)
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
                 bytes >= m->arena.system_mem))
        heap_fatal("free(): invalid size");
    if (chunk_tag(c) & IS_UNUSED) { /* there the fault is named */
        cache_free_into(m, p);
        return;
    }
    struct cached *e = p;
    if (UNLIKELY(cache_has_sealed(e)))
        heap_fatal("free(): double free detected in a thread cache");
    if (bytes > CACHE_MAX_CHUNK) {
        if (bytes > LARGE_CACHE_MAX_CHUNK || !set_up() || !large_cache_keep(e, bytes))
            cache_free_into(m, p);
        else if (HEAP_CHECK)
            must_hold(large_cache_check());
        return;
    }
    if (arena_thread.life == THREAD_NEW) /* its first call: it gets its arena now */
        arena_unlock(arena_get(0));
    struct cache_bin *bin = cache_bin_of(bytes);
    if (!set_up() || bin->limit == 0) {
        cache_free_into(m, p);
        return;
    }
    if (bin->n >= bin->limit) {
        flush(bin, bin->limit / 2);
        cache.was_full[bytes / CHUNK_ALIGNMENT] = true;
    }
    cache_push(bin, e);
    if (HEAP_CHECK)
        must_hold(cache_check());
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
            e = cache_next(e);
        }
        if (n != bin->n || n > bin->limit)
            return "cache count";
    }
    return NULL;
}
