#include "driver.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mapped.h"

#define EDGE_BYTES 32u /* written at each end of an object */

static size_t random_bytes(struct rng *rng)
{
    switch (rng_below(rng, 16)) {
    case 0:
        return rng_below(rng, 300 * KIB); /* some are mapped */
    case 1:
    case 2:
    case 3:
        return rng_below(rng, 20 * KIB);
    case 4:
        return 1000 + rng_below(rng, 64); /* at the border of caches and small bins */
    default:
        return rng_below(rng, 8) < 5 ? rng_below(rng, 150) : rng_below(rng, 1500);
    }
}

static bool is_held(const char *p)
{
    const struct arena *a = arena_for_ptr(p);
    return a && arena_holds(a, p);
}

/* The memory of the allocator's that starts at p: at most `bytes`, or what p's mapping has. */
static size_t held_from(const char *p, size_t bytes)
{
    if (!arena_for_ptr(p))
        return mapped_usable(p) < bytes ? mapped_usable(p) : bytes;
    if (!is_held(p))
        return 0;
    while (bytes > 1 &&
           (!is_held(p + bytes - 1) || arena_for_ptr(p + bytes - 1) != arena_for_ptr(p)))
        bytes /= 2;
    return bytes;
}

static void must_be_ours(const struct driver *d, const char *p, size_t bytes)
{
    bool is_object = arena_for_ptr(p) ? is_held(p) : mapped_usable(p) > 0;
    if (!is_object)
        _exit(ABUSE_OUTSIDE);
    if ((uintptr_t)p % 16 != 0)
        _exit(ABUSE_MISALIGNED);
    if (!d->sizes_may_lie && bytes > 0 && held_from(p, bytes) < bytes)
        _exit(ABUSE_BEYOND);
}

/* As a program writes, but never where the allocator has no memory: that fault would not be its. */
static void write_edges(struct driver *d, const struct slot *s)
{
    size_t bytes = held_from(s->p, s->bytes), edge = bytes < EDGE_BYTES ? bytes : EDGE_BYTES;
    memset(s->p, (int)rng_below(&d->rng, 256), edge);
    memset(s->p + bytes - edge, (int)rng_below(&d->rng, 256), edge);
}

static void forget_freed(struct driver *d, const char *p, size_t bytes)
{
    for (unsigned i = 0; i < N_FREED; i++) {
        const char *freed = d->freed[i];
        if (freed + 64 > p - 64 && freed < p + bytes + 64)
            d->freed[i] = NULL;
    }
}

/* NULL is an answer, too. */
static void adopt(struct driver *d, struct slot *s, void *p, size_t bytes)
{
    s->p = p;
    s->bytes = bytes;
    if (!p)
        return;
    must_be_ours(d, p, bytes);
    forget_freed(d, p, bytes);
    write_edges(d, s);
}

static void make(struct driver *d, struct slot *s)
{
    size_t bytes = random_bytes(&d->rng), alignment = (size_t)16 << rng_below(&d->rng, 9);
    switch (rng_below(&d->rng, 8)) {
    case 0:
        adopt(d, s, calloc(1, bytes), bytes);
        break;
    case 1:
        adopt(d, s, memalign(alignment, bytes), bytes);
        break;
    default:
        adopt(d, s, malloc(bytes), bytes);
    }
}

static void resize(struct driver *d, struct slot *s)
{
    size_t bytes = 1 + random_bytes(&d->rng);
    void *p = realloc(s->p, bytes);
    if (p)
        adopt(d, s, p, bytes);
}

static void *free_in_thread(void *p)
{
    free(p);
    free(malloc(100));
    return NULL;
}

static void drop_elsewhere(struct driver *d, struct slot *s)
{
    pthread_t thread;
    d->freed[d->n_freed++ % N_FREED] = s->p;
    if (pthread_create(&thread, NULL, free_in_thread, s->p) == 0)
        pthread_join(thread, NULL);
    s->p = NULL;
}

void driver_drop(struct driver *d, struct slot *s)
{
    d->freed[d->n_freed++ % N_FREED] = s->p;
    free(s->p);
    s->p = NULL;
}

void drive(struct driver *d, unsigned n_ops)
{
    for (unsigned i = 0; i < n_ops; i++) {
        struct slot *s = &d->slots[rng_below(&d->rng, N_SLOTS)];
        if (!s->p)
            make(d, s);
        else if (rng_below(&d->rng, 4) == 0)
            resize(d, s);
        else if (rng_below(&d->rng, 50) == 0)
            drop_elsewhere(d, s);
        else
            driver_drop(d, s);
        if (rng_below(&d->rng, 500) == 0)
            malloc_trim(rng_below(&d->rng, 2) * 64 * KIB);
    }
}

struct slot *driver_live(struct driver *d, size_t most)
{
    for (unsigned tries = 0; tries < 4 * N_SLOTS; tries++) {
        struct slot *s = &d->slots[rng_below(&d->rng, N_SLOTS)];
        if (s->p && arena_for_ptr(s->p) && s->bytes <= most)
            return s;
    }
    return NULL;
}

void *driver_freed(struct driver *d)
{
    for (unsigned tries = 0; tries < 4 * N_FREED; tries++) {
        char *p = d->freed[rng_below(&d->rng, N_FREED)];
        if (p && is_held(p - 16) && is_held(p + 32))
            return p;
    }
    return NULL;
}
