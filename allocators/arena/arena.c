#include "arena_internal.h"

#include <errno.h>
#include <sched.h>

#include "os.h"

#define CPU_WORDS 512u /* 32768 CPUs; the affinity of a larger machine cannot be read */

struct lock arena_list_lock, arena_free_list_lock;
struct arena *arena_free_list;
struct arena_tally arena_tally;

static _Atomic size_t narenas;
static struct arena *newest;                /* the end of the ring; under arena_list_lock */
static _Atomic(struct arena *) next_to_use; /* where reused_arena goes on; NULL: the main arena */

struct arena *arena_after(struct arena *a)
{
    struct arena *next = atomic_load_explicit(&a->next, memory_order_acquire);
    return next == arena_main() ? NULL : next;
}

static size_t count_cpus(void)
{
    unsigned long mask[CPU_WORDS] = {0};
    if (sched_getaffinity(0, sizeof(mask), (cpu_set_t *)mask) < 0)
        return 2;
    size_t n = 0;
    for (size_t i = 0; i < CPU_WORDS; i++)
        n += (size_t)__builtin_popcountl(mask[i]);
    return n;
}

size_t arena_limit(void)
{
    size_t max = PAR_GET(arena_max);
    return max ? max : ARENAS_PER_CPU * count_cpus();
}

/* Whether one more arena may be made. Few arenas are made without asking for the CPUs. */
static bool below_narenas_limit(void)
{
    size_t n = atomic_load_explicit(&narenas, memory_order_relaxed);
    if (PAR_GET(arena_max) == 0 && n <= PAR_GET(arena_test))
        return true;
    return n < arena_limit();
}

/* --- attaching --- */

static void attach(struct arena *a)
{
    arena_thread = (struct arena_thread){.arena = a, .life = THREAD_ALIVE};
    a->attached_threads++;
}

/* `a` may stand anywhere on the list. Under arena_free_list_lock. */
static void remove_from_free_list(struct arena *a)
{
    struct arena **at = &arena_free_list;
    while (*at && *at != a)
        at = &(*at)->next_free;
    *at = a->next_free;
    a->next_free = NULL;
    a->on_free_list = false;
}

static void put_on_free_list(struct arena *a)
{
    a->next_free = arena_free_list;
    arena_free_list = a;
    a->on_free_list = true;
}

void arena_detach(void)
{
    struct arena *a = arena_thread.arena;
    arena_thread = (struct arena_thread){.arena = NULL, .life = THREAD_ENDED};
    if (!a)
        return;
    lock_take(&arena_free_list_lock);
    if (--a->attached_threads == 0)
        put_on_free_list(a);
    lock_release(&arena_free_list_lock);
}

/* --- where a thread's arena comes from --- */

/* The arena that lost its last thread last: its memory is the warmest. */
static struct arena *get_free_list(void)
{
    lock_take(&arena_free_list_lock);
    struct arena *a = arena_free_list;
    if (a) {
        remove_from_free_list(a);
        attach(a);
        atomic_fetch_add_explicit(&arena_tally.from_free_list, 1, memory_order_relaxed);
    }
    lock_release(&arena_free_list_lock);
    if (a)
        arena_lock(a);
    return a;
}

/* An arena in a heap of its own, which nobody else knows yet. */
static struct arena *arena_in_new_heap(size_t bytes)
{
    size_t room;
    struct heap_info *h = NULL;
    if (!__builtin_add_overflow(bytes, arena_kind.arena_bytes, &room))
        h = arena_new_heap(room);
    /* What is too large for a heap will be mapped; the thread wants an arena for the rest. */
    if (!h)
        h = arena_new_heap(arena_kind.arena_bytes);
    if (!h)
        return NULL;
    struct arena *a = (struct arena *)(h + 1);
    h->arena = a;
    a->top_heap = h;
    a->counts.heaps = 1;
    a->counts.grows = 1;
    arena_hold(a, h->size);
    lock_take(&a->lock);
    char *start = (char *)a + arena_kind.arena_bytes;
    arena_kind.init(a, start, h->size - (size_t)(start - (char *)h));
    return a;
}

/* Behind the newest in the ring, so that the order is that of creation. Under arena_list_lock. */
static void append(struct arena *a)
{
    a->index = newest->index + 1;
    atomic_store_explicit(&a->next, arena_main(), memory_order_relaxed);
    atomic_store_explicit(&newest->next, a, memory_order_release);
    newest = a;
    atomic_fetch_add_explicit(&narenas, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&arena_tally.created, 1, memory_order_relaxed);
}

/* Locked; with the calling thread attached, or on the free list. NULL at the limit or without
 * memory. */
static struct arena *int_new_arena(size_t bytes, bool attached)
{
    lock_take(&arena_list_lock);
    struct arena *a = below_narenas_limit() ? arena_in_new_heap(bytes) : NULL;
    if (a) {
        lock_take(&arena_free_list_lock);
        if (attached)
            attach(a);
        else
            put_on_free_list(a);
        lock_release(&arena_free_list_lock);
        append(a);
    }
    lock_release(&arena_list_lock);
    return a;
}

/* The first arena from `from` on whose lock is free, or else, after waiting, `from`; locked. */
static struct arena *first_unlocked(struct arena *from)
{
    struct arena *a = from;
    do {
        if (lock_try(&a->lock))
            return a;
        a = atomic_load_explicit(&a->next, memory_order_acquire);
    } while (a != from);
    arena_lock(from);
    return from;
}

/* At the limit: an arena that other threads may be attached to as well. */
static struct arena *reused_arena(void)
{
    struct arena *from = atomic_load_explicit(&next_to_use, memory_order_acquire);
    if (!from)
        from = arena_main();
    struct arena *a = first_unlocked(from);
    lock_take(&arena_free_list_lock);
    if (a->on_free_list) /* its last thread ended since we looked there */
        remove_from_free_list(a);
    attach(a);
    lock_release(&arena_free_list_lock);
    struct arena *next = atomic_load_explicit(&a->next, memory_order_acquire);
    atomic_store_explicit(&next_to_use, next, memory_order_release);
    atomic_fetch_add_explicit(&arena_tally.reused, 1, memory_order_relaxed);
    return a;
}

struct arena *arena_get2(size_t bytes)
{
    arena_set_up();
    struct arena *a = arena_thread.arena;
    if (a) { /* the thread that set up */
        arena_lock(a);
        return a;
    }
    /* A thread that has ended, or that forks and so holds every lock, is a guest in any arena. */
    if (lock_forking || arena_thread.life == THREAD_ENDED)
        return first_unlocked(arena_main());
    a = get_free_list();
    if (!a)
        a = int_new_arena(bytes, true);
    if (!a)
        a = reused_arena();
    arena_unlock(a); /* what follows may allocate, in this very arena */
    thread_end_expect();
    arena_lock(a);
    return a;
}

/* An arena besides the main one, locked. */
static struct arena *other_than_main(size_t bytes)
{
    struct arena *first = arena_after(arena_main());
    for (struct arena *a = first; a; a = arena_after(a)) {
        if (lock_try(&a->lock))
            return a;
    }
    if (first) {
        arena_lock(first);
        return first;
    }
    return lock_forking ? NULL : int_new_arena(bytes, false);
}

struct arena *arena_get_retry(struct arena *a, size_t bytes)
{
    arena_unlock(a);
    if (a == arena_main())
        return other_than_main(bytes);
    arena_lock(arena_main());
    return arena_main();
}

/* --- all arenas --- */

void arena_init_main(void)
{
    struct arena *a = arena_main();
    atomic_store_explicit(&a->next, a, memory_order_relaxed);
    newest = a;
    atomic_store_explicit(&narenas, 1, memory_order_relaxed);
    atomic_store_explicit(&arena_tally.created, 1, memory_order_relaxed);
    arena_kind.init(a, NULL, 0);
    attach(a);
}

int arena_trim_all(size_t pad)
{
    int trimmed = 0;
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        if (arena_kind.trim(a, pad))
            trimmed = 1;
        a->trimmed_ns = 0; /* the program wanted it */
        arena_unlock(a);
    }
    return trimmed;
}

static const char *check_ring(void)
{
    struct arena *a = arena_main();
    for (uint32_t index = 0; a; index++, a = arena_after(a)) {
        if (a->index != index)
            return "arena list";
    }
    return NULL;
}

static const char *check_free_list(const struct arena *a)
{
    lock_take(&arena_free_list_lock);
    bool listed = false;
    for (const struct arena *f = arena_free_list; f && !listed; f = f->next_free)
        listed = f == a;
    bool broken = listed != a->on_free_list || (listed && a->attached_threads > 0);
    lock_release(&arena_free_list_lock);
    return broken ? "free list" : NULL;
}

static const char *check_system_memory(const struct arena *a)
{
    size_t held = a == arena_main() ? arena_break_held() : 0;
    for (const struct heap_info *h = a->top_heap; h; h = h->prev)
        held += h->size;
    return held != a->system_mem || held > a->max_system_mem ? "system memory" : NULL;
}

const char *arena_check(struct arena *a)
{
    const char *broken = check_ring();
    if (!broken)
        broken = check_free_list(a);
    if (!broken && a->top_heap)
        broken = heap_check(a->top_heap);
    if (!broken && a->top_heap && a->top_heap->arena != a)
        broken = "heap arena";
    if (!broken)
        broken = check_system_memory(a);
    return broken ? broken : arena_kind.check(a);
}
