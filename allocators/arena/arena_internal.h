/*
 * What the files of the arena layer have in common and no allocator uses. Lock order and terms: see
 * arena.h.
 */
#pragma once

#include <limits.h>

#include "arena.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/*
 * The round of a thread's destructors in which it is detached. ThreadSanitizer forgets a thread in
 * the last one, and before us.
 */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define THREAD_END_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)
#else
#define THREAD_END_ROUND PTHREAD_DESTRUCTOR_ITERATIONS
#endif

#define HIDDEN __attribute__((visibility("hidden")))

/* arena.c: the ring of all arenas, and the list of those without threads. */
extern struct lock arena_list_lock HIDDEN;      /* making arenas */
extern struct lock arena_free_list_lock HIDDEN; /* every arena's attached_threads and list fields */
extern struct arena *arena_free_list HIDDEN;

/* What happened since the start of the process. */
struct arena_tally {
    _Atomic size_t created; /* the main arena included */
    _Atomic size_t from_free_list;
    _Atomic size_t reused;
};
extern struct arena_tally arena_tally HIDDEN;

/* The main arena, empty, with the calling thread attached; before any other call. */
void arena_init_main(void);

/* Takes the arena from the calling thread; without threads it goes on the free list. */
void arena_detach(void);

/* How many arenas there may be: arena_max, or what the CPUs of the process allow. */
size_t arena_limit(void);

/* grow.c: a heap with room for `bytes` behind its header, top_pad where it fits; or NULL. */
struct heap_info *arena_new_heap(size_t bytes);
/* Adds to, or takes from, what `a` holds. */
void arena_hold(struct arena *a, size_t bytes);
/* Bytes that the main arena holds on the break. */
size_t arena_break_held(void);

/*
 * attach.c: once in the set-up; and once in each thread that has been attached, without a lock
 * held, because it may allocate.
 */
void thread_end_set_up(void);
void thread_end_expect(void);

/* fork.c: once in the set-up; may allocate. */
void fork_set_up(void);

/* mapped.c: how many mapped objects were ever made. */
size_t mapped_total(void);
