/*
 * What one thread keeps of each small size so that most calls take no lock (glibc's tcache). A bin is
 * refilled from the thread's own arena in batches that double while they are used up, and gives its
 * newer half back when it is full, each chunk to the arena it came from: a free of another thread's
 * object waits for no lock of its own either. A bin that runs full and then empty may keep twice as much from
 * then on, up to the settings; a thread that only makes objects, or only frees them, has no use for that.
 *
 * A cached chunk is in use for its arena. Its first two words hold the link and the seal:
 *
 *      object -> +---------------------------+
 *                | next, mangled by address  |  link
 *                | link ^ address ^ secret   |  seal
 *                +---------------------------+
 *
 * A link that does not fit its seal was overwritten, and is never followed. An object that is freed and
 * bears a fitting seal is in a cache already, of whatever thread, or among what was given back: the seal goes when
 * the object leaves, and by chance one of 2^64 fits.
 *
 * Laws; cache_check() returns the name of a broken one:
 *   cache count   n is the length of the list, and at most `limit`
 *   cache size    every chunk in bins[i] is 16 * i bytes long
 *   cache seal    every link fits its seal
 */
#pragma once

#include "arena.h"
#include "chunk.h"
#include "fast.h"

#define CACHE_MAX_REQUEST 1032u
#define CACHE_MAX_CHUNK   1040u
#define CACHE_BINS        (CACHE_MAX_CHUNK / CHUNK_ALIGNMENT + 1) /* by 16 bytes; 0 and 1 unused */

struct cached {
    uintptr_t link, seal;
};

struct cache_bin {
    struct cached *head;
    uint32_t n, limit; /* limit 0: nothing is kept, or the cache is not set up yet */
};
static_assert(sizeof(struct cache_bin) == CHUNK_ALIGNMENT,
              "a chunk's size is the offset of its bin");

struct cache {
    struct cache_bin bins[CACHE_BINS];
    uint8_t batch[CACHE_BINS]; /* the next refill takes so many beside the one that is asked for */
    bool was_full[CACHE_BINS]; /* since its last refill */
    bool is_ready;             /* set up; stays false in a thread that has ended */
};

extern __thread struct cache cache __attribute__((visibility("hidden")));
extern _Atomic uintptr_t cache_secret __attribute__((visibility("hidden")));

/* Settings: objects of one size at most; bytes of one size at most, in the end; the largest object that
 * is kept by size. */
extern _Atomic size_t cache_count, cache_bytes, cache_largest __attribute__((visibility("hidden")));

/* What seals the links of e. */
static inline uintptr_t cache_key(const struct cached *e)
{
    return (uintptr_t)e ^ atomic_load_explicit(&cache_secret, memory_order_relaxed);
}

static inline uintptr_t cache_seal(const struct cached *e, uintptr_t link)
{
    return link ^ cache_key(e);
}

/* Whether e waits in some list. Before there is a secret nothing does, and a seal is easily met by chance. */
static inline bool cache_has_sealed(const struct cached *e)
{
    return atomic_load_explicit(&cache_secret, memory_order_relaxed) != 0 &&
           e->seal == cache_seal(e, e->link);
}

/* Of chunks of `bytes`, which is a chunk size of at most CACHE_MAX_CHUNK. */
static inline struct cache_bin *cache_bin_of(size_t bytes)
{
    return (struct cache_bin *)((char *)cache.bins + bytes);
}

_Noreturn COLD void cache_broken_link(void);

/* The one behind e in its list; the link is checked first. */
static inline struct cached *cache_next(const struct cached *e)
{
    if (UNLIKELY(e->seal != cache_seal(e, e->link)))
        cache_broken_link();
    return (struct cached *)(e->link ^ ((uintptr_t)e >> 12));
}

/* The bin holds one at least. */
static inline void *cache_pop(struct cache_bin *bin)
{
    struct cached *e = bin->head;
    bin->head = cache_next(e);
    bin->n--;
    e->seal = 0; /* or the next free would take it for a double one */
    return e;
}

/* key, here and below: cache_key(e), which the caller has at hand. */
static inline void cache_link(struct cached *e, const struct cached *next, uintptr_t key)
{
    uintptr_t link = (uintptr_t)next ^ ((uintptr_t)e >> 12);
    e->link = link;
    e->seal = link ^ key;
}

static inline void cache_put(struct cache_bin *bin, struct cached *e, uintptr_t key)
{
    cache_link(e, bin->head, key);
    bin->head = e;
    bin->n++;
}

static inline void cache_push(struct cache_bin *bin, struct cached *e)
{
    cache_put(bin, e, cache_key(e));
}

/* An object when the bin is empty: refills it if the thread has a cache. NULL with errno. */
void *cache_alloc_slow(size_t bytes);

/* A free that is not plain: a full bin, a chunk too large for the cache, a mapped object, a fault. */
void cache_free_slow(void *p);

/* Frees an object into its arena; unlocked. */
struct malloc_state;
void cache_free_into(struct malloc_state *m, void *p);

/* Gives everything back, large chunks too; with `end` the thread keeps nothing from now on. */
void cache_flush(bool end);

/* Frees what threads have left to the arena for its next one. Locked. */
void cache_take_home(struct malloc_state *m);

/* In the child: another thread may have been between the list of what was left and the sum of its bytes. */
void cache_forked(struct malloc_state *m);

/* Of the calling thread. */
const char *cache_check(void);
