/*
 * Arenas: independent heaps of one process, so that threads do not wait for each other. Written once
 * for the three allocators; terms and behaviour are those of glibc's arena.c.
 *
 *   made      arena_get2, when the thread has none, the free list is empty and the limit not reached
 *   attached  counts the threads that use it; a thread is attached to at most one arena
 *   free      its last thread ended; it stands on the free list with its memory, for the next thread
 *   reused    at the limit a thread takes the first arena whose lock is free, or waits
 *
 * Locks, outermost first: list_lock (making arenas), an arena's lock, free_list_lock, the table of
 * mapped objects. No thread ever holds the locks of two arenas, but for a fork.
 *
 * An allocator supplies one `struct arena_kind` named arena_kind, and embeds struct arena as the
 * first member of its own.
 */
#pragma once

#include <stdatomic.h>

#include "heap.h"
#include "lock.h"
#include "parameters.h"
#include "statistics.h"

/* Under the arena's lock. */
struct arena_counts {
    uint64_t lock_waits; /* lock_take found it held */
    uint64_t trims;      /* times memory went back to the system */
    uint64_t trimmed_bytes;
    uint64_t grows;
    uint64_t heaps; /* now */
};

/*
 * Laws; arena_check() returns the name of a broken one:
 *   arena list     from the main arena along `next` every arena is met once, back to the main arena
 *   free list      an arena on the free list has no attached thread
 *   system memory  system_mem <= max_system_mem, and for an arena on heaps it is the sum of the
 *                  sizes of its heaps
 */
struct arena {
    struct lock lock;
    uint32_t index;               /* in order of creation; the main arena is 0 */
    _Atomic(struct arena *) next; /* of all arenas, a ring; only ever grows */
    struct arena *next_free;      /* under free_list_lock, as the next */
    size_t attached_threads;
    bool on_free_list;
    struct heap_info *top_heap; /* newest heap; NULL: on the break */
    /* Bytes held from the system, heap headers included; read without the lock to judge a size. */
    _Atomic size_t system_mem;
    size_t max_system_mem;
    /* See arena_trim_threshold(). */
    size_t trim_least;   /* 0: the process's threshold stands */
    uint64_t trimmed_ns; /* when its end last went back, of clock_ns(); 0: it has grown since */
    struct arena_counts counts;
};

/* Where the statistics of one allocator go. */
struct statistics_sink {
    struct statistic *out;
    size_t room, n; /* n counts on past room */
};
void statistics_add(struct statistics_sink *s, enum statistic_kind kind, const struct arena *a,
                    const char *name, uint64_t value);

/* GROW_UNLESS_MAPPED: not for what is better mapped. */
enum growth_allowed { GROW_NEVER, GROW_UNLESS_MAPPED, GROW_ALWAYS };

struct request; /* request.h */

struct arena_kind {
    size_t arena_bytes;             /* of the allocator's own struct; 16 divides it */
    struct arena *main_arena;       /* its static storage, all zero */
    bool on_heaps;                  /* the main arena lives on heaps, too, never on the break */
    const struct tunable *tunables; /* own settings; NULL: none */
    /*
     * A new arena (all zero beyond struct arena) and its first memory: `bytes` from `start`, 16-aligned
     * and zero; 0 bytes for a main arena, which grows at its first request. Nobody else sees it yet.
     */
    void (*init)(struct arena *a, char *start, size_t bytes);
    /*
     * An object in `a`; NULL when only growth could serve it and that is not allowed or fails. Locked,
     * as are give and resize.
     */
    void *(*take)(struct arena *a, struct request *r, enum growth_allowed growth);
    size_t largest; /* what take can ever serve, as held; the rest is mapped. 0: no bound */
    /* The rest of what request.h's plain_ functions need; NULL in an allocator with a core of its own. */
    size_t (*held)(size_t bytes);           /* of an arena, by an object of `bytes` */
    void (*give)(struct arena *a, void *p); /* p: aligned, in memory `a` holds */
    bool (*resize)(struct arena *a, void *p, size_t bytes); /* in place, or false */
    size_t (*usable)(const void *p);
    /* The calling thread gives back what it caches, before it is detached. NULL: it has no cache. */
    void (*thread_end)(void);
    /* Gives back to the system what it can, keeping `pad` bytes at the top; whether it could. Locked. */
    bool (*trim)(struct arena *a, size_t pad);
    /* mallopt is about to change a setting; `a` is the main arena, locked. NULL: nothing to do. */
    void (*settle)(struct arena *a);
    /* The child of a fork, with a thread alone, in which others may have been without the lock. NULL: nothing to do. */
    void (*forked)(struct arena *a);
    /* Adds to the common numbers its own of one arena; locked. `bytes_in_use` is among them. */
    void (*statistics)(struct arena *a, struct statistics_sink *s);
    /* The first broken law of the heap in it; locked. */
    const char *(*check)(struct arena *a);
};
extern const struct arena_kind arena_kind __attribute__((visibility("hidden")));

enum thread_life {
    THREAD_NEW,   /* has not allocated yet */
    THREAD_ALIVE, /* attached, and detached at its end */
    THREAD_ENDED, /* detached; what it still does goes to an arena without attaching */
};

struct arena_thread {
    struct arena *arena; /* attached to; NULL before the first call and after the end */
    enum thread_life life;
};
extern __thread struct arena_thread arena_thread __attribute__((visibility("hidden")));

/*
 * The slow part of arena_get: sets the process up on the first call of all, attaches the thread
 * (the thread that sets up gets the main arena), and returns an arena with its lock taken; never
 * NULL. `bytes`: what a new arena should have room for.
 */
COLD struct arena *arena_get2(size_t bytes);

/* The calling thread's arena, with its lock taken. */
static inline struct arena *arena_get(size_t bytes)
{
    struct arena *a = arena_thread.arena;
    if (UNLIKELY(!a))
        return arena_get2(bytes);
    if (UNLIKELY(lock_take(&a->lock)))
        a->counts.lock_waits++;
    return a;
}

/* For a free into an arena of any thread. */
static inline void arena_lock(struct arena *a)
{
    if (UNLIKELY(lock_take(&a->lock)))
        a->counts.lock_waits++;
}

static inline void arena_unlock(struct arena *a)
{
    lock_release(&a->lock);
}

/*
 * `a` could not give `bytes`: releases it and returns another arena, locked (the main arena, or for
 * the main arena a reused or new one), or NULL when there is none.
 */
COLD struct arena *arena_get_retry(struct arena *a, size_t bytes);

/* The process is set up from here on; idempotent, and allowed inside itself. */
void arena_set_up(void);

static inline __attribute__((returns_nonnull)) struct arena *arena_main(void)
{
    return arena_kind.main_arena;
}

/* The next arena of all, or NULL behind the last: `for (a = arena_main(); a; a = arena_after(a))`. */
struct arena *arena_after(struct arena *a);

const char *arena_check(struct arena *a); /* `a` is locked */

/*
 * The memory of an arena is one or more spans, each contiguous; only the newest one grows and
 * shrinks, at its end. All of these want the arena's lock held.
 */
struct growth {
    char *start;  /* 16-aligned; zero up to start + bytes */
    size_t bytes; /* at least what was needed; whole pages beyond the first */
    bool joined;  /* start is the end of the span so far: the two are one */
};

/*
 * `more`: bytes needed if the newest span can grow at its end; `fresh`: bytes needed if a new span
 * must begin (its own header comes on top). top_pad is added here. Returns 0, or -ENOMEM with
 * nothing changed: beyond HEAP_MAX_BYTES in an arena on heaps, or when the system has no more.
 */
int arena_grow(struct arena *a, size_t more, size_t fresh, struct growth *out);

/* The end of the newest span. NULL: no memory yet. */
char *arena_end(const struct arena *a);

/*
 * From how many free bytes at its end an arena is trimmed: the setting, until memory is given back and wanted again
 * within trim_regret_ms. Each time that happens the arena doubles its own, up to TRIM_LEAST_MAX, unless that
 * is fixed (no_dyn_threshold).
 */
static inline size_t arena_trim_threshold(const struct arena *a)
{
    size_t threshold = PAR_GET(trim_threshold);
    return threshold < a->trim_least && !PAR_GET(no_dyn_threshold) ? a->trim_least : threshold;
}

/* The newest span gives back whole pages of at most `bytes` at its end; returns how many bytes went.
 * 0 also when the break is no longer ours. */
size_t arena_shrink(struct arena *a, size_t bytes);

/*
 * The newest heap holds nothing but its header: gives it back. The heap before it is the newest span
 * now. Only for arenas whose top_heap has a `prev`.
 */
void arena_drop_heap(struct arena *a);

/* Whether p lies in memory that an arena holds on the break. */
extern _Atomic uintptr_t arena_break_start __attribute__((visibility("hidden")));
extern _Atomic size_t arena_break_bytes __attribute__((visibility("hidden")));
static inline bool arena_on_break(const void *p)
{
    return (uintptr_t)p - atomic_load_explicit(&arena_break_start, memory_order_relaxed) <
           atomic_load_explicit(&arena_break_bytes, memory_order_relaxed);
}

/*
 * The arena that p belongs to, without reading what p points to: NULL when p is in none (a mapped
 * object, or nothing of ours).
 */
static inline struct arena *arena_for_ptr(const void *p)
{
    if (heap_place(p) == PLACE_HEAP)
        return heap_for_ptr(p)->arena;
    return arena_on_break(p) ? arena_main() : NULL;
}

/* A piece of memory that an arena holds now: of a heap, or on the break. */
struct piece {
    const struct arena *arena;
    uintptr_t start;
    size_t bytes;
};

/* The piece that p lies in, or the break's, behind whose end or before whose start p lies. */
static inline struct piece arena_piece(const void *p)
{
    if (LIKELY(heap_place(p) == PLACE_HEAP)) {
        const struct heap_info *h = heap_for_ptr(p);
        return (struct piece){h->arena, (uintptr_t)h, h->size};
    }
    return (struct piece){arena_main(),
                          atomic_load_explicit(&arena_break_start, memory_order_relaxed),
                          atomic_load_explicit(&arena_break_bytes, memory_order_relaxed)};
}

/* The bytes from p on to the end of a piece; 0: p does not lie in it. */
static inline size_t piece_room(const struct piece *piece, const void *p)
{
    size_t offset = (uintptr_t)p - piece->start;
    return offset < piece->bytes ? piece->bytes - offset : 0;
}

/*
 * The bytes from p on that are memory of one piece which `a` holds, and so can be read; 0: p lies in none. `a` is
 * locked. Whatever a size or a link in that memory says is held against this before it is believed.
 */
static inline size_t arena_room(const struct arena *a, const void *p)
{
    struct piece piece = arena_piece(p);
    return piece.arena == a ? piece_room(&piece, p) : 0;
}

/* Whether the byte at p can be read. */
static inline bool arena_holds(const struct arena *a, const void *p)
{
    return arena_room(a, p) > 0;
}

/* malloc_trim over all arenas: 1 when memory went back. */
int arena_trim_all(size_t pad);
