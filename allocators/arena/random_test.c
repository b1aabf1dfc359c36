/*
 * A seeded random driver over an allocator built with HEAP_CHECK: every law is checked after each
 * operation that takes a lock, every object keeps a pattern of its own, and objects are freed by
 * threads that did not make them. Compiled with FAMILY_CORE, once for each allocator.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "fatal.h"
#include "rng.h"
#include "unit.h"

#define N_SLOTS   256u
#define N_THREADS 4u

struct slot {
    unsigned char *p;
    size_t bytes;
    unsigned char pattern;
};

struct driver {
    struct rng rng;
    struct slot slots[N_SLOTS];
    unsigned n_ops;
};

/* An object on its way to another thread. */
static _Atomic(struct slot *) mailbox;

static size_t random_bytes(struct rng *rng)
{
    switch (rng_below(rng, 16)) {
    case 0:
        return rng_below(rng, 400 * KIB); /* some are mapped */
    case 1:
    case 2:
        return rng_below(rng, 20 * KIB);
    case 3:
        return 1000 + rng_below(rng, 64); /* at the border of the cache and of small bins */
    default:
        return rng_below(rng, 600);
    }
}

static void fill(struct slot *s)
{
    if (s->bytes > 0) {
        memset(s->p, s->pattern, s->bytes < 64 ? s->bytes : 64);
        memset(s->p + s->bytes - (s->bytes < 64 ? s->bytes : 64), s->pattern,
               s->bytes < 64 ? s->bytes : 64);
    }
}

static void must_be_whole(const struct slot *s, size_t bytes)
{
    size_t edge = bytes < 64 ? bytes : 64;
    for (size_t i = 0; i < edge; i++) {
        if (s->p[i] != s->pattern || (bytes == s->bytes && s->p[bytes - 1 - i] != s->pattern))
            heap_fatal("an object has lost its content");
    }
}

static void must_be_zero(const struct slot *s)
{
    for (size_t i = 0; i < s->bytes; i++) {
        if (s->p[i])
            heap_fatal("calloc() left something behind");
    }
}

static void make(struct driver *d, struct slot *s)
{
    size_t alignment = (size_t)16 << rng_below(&d->rng, 10);
    s->bytes = random_bytes(&d->rng);
    s->pattern = (unsigned char)rng_below(&d->rng, 256);
    switch (rng_below(&d->rng, 8)) {
    case 0:
        s->p = calloc(1, s->bytes);
        must_be_zero(s);
        break;
    case 1:
        s->p = memalign(alignment, s->bytes);
        if ((uintptr_t)s->p % alignment)
            heap_fatal("memalign() is not aligned");
        break;
    default:
        s->p = malloc(s->bytes);
    }
    if (!s->p || malloc_usable_size(s->p) < s->bytes)
        heap_fatal("an object is too small");
    fill(s);
}

static void resize(struct driver *d, struct slot *s)
{
    size_t bytes = 1 + random_bytes(&d->rng), kept = bytes < s->bytes ? bytes : s->bytes;
    s->p = realloc(s->p, bytes);
    must_be_whole(s, kept);
    s->bytes = bytes;
    fill(s);
}

static void drop(struct slot *s)
{
    must_be_whole(s, s->bytes);
    free(s->p);
    s->p = NULL;
}

/* Leaves one object in the mailbox, and frees the one that lay there. */
static void pass_on(struct slot *s)
{
    struct slot *sent = malloc(sizeof(*sent));
    *sent = *s;
    s->p = NULL;
    struct slot *got = atomic_exchange(&mailbox, sent);
    if (got) {
        drop(got);
        free(got);
    }
}

static void *drive(void *arg)
{
    struct driver *d = arg;
    for (unsigned i = 0; i < d->n_ops; i++) {
        struct slot *s = &d->slots[rng_below(&d->rng, N_SLOTS)];
        if (!s->p)
            make(d, s);
        else if (rng_below(&d->rng, 4) == 0)
            resize(d, s);
        else if (rng_below(&d->rng, 8) == 0)
            pass_on(s);
        else
            drop(s);
        if (rng_below(&d->rng, 2000) == 0)
            malloc_trim(rng_below(&d->rng, 2) * 64 * KIB);
    }
    for (unsigned i = 0; i < N_SLOTS; i++) {
        if (d->slots[i].p)
            drop(&d->slots[i]);
    }
    return NULL;
}

static void seed(struct driver *d, uint64_t n, unsigned n_ops)
{
    *d = (struct driver){.n_ops = n_ops};
    rng_seed(&d->rng, n);
}

START_TEST(one_thread_keeps_every_law)
{
    static struct driver d;
    seed(&d, (uint64_t)_i, 8000);
    drive(&d);
}
END_TEST

START_TEST(threads_keep_every_law)
{
    static struct driver d[N_THREADS];
    pthread_t threads[N_THREADS];
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < N_THREADS; i++) {
            seed(&d[i], round * 10 + i, 2500);
            ck_assert_int_eq(pthread_create(&threads[i], NULL, drive, &d[i]), 0);
        }
        for (unsigned i = 0; i < N_THREADS; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        const char *broken = arena_check(a);
        arena_unlock(a);
        ck_assert_ptr_null(broken);
    }
}
END_TEST

/* The child goes on in the middle of what the other threads were doing. */
START_TEST(children_of_a_busy_process_keep_every_law)
{
    static struct driver d[N_THREADS], own;
    pthread_t threads[N_THREADS];
    for (unsigned i = 0; i < N_THREADS; i++) {
        seed(&d[i], i, 4000);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, drive, &d[i]), 0);
    }
    for (unsigned i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0) {
            seed(&own, i, 500);
            drive(&own);
            _exit(0);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    for (unsigned i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

UNIT_MAIN("random", one_thread_keeps_every_law, threads_keep_every_law,
          children_of_a_busy_process_keep_every_law)
