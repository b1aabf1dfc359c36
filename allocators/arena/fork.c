/*
 * fork while other threads allocate. The forking thread takes every lock of the layer before, so
 * that the child gets arenas in which nobody was at work. Our handlers are registered before the
 * program's, so ours runs last before the fork and first after it; what handlers allocate in
 * between finds lock_forking set and takes no lock.
 */
#include "arena_internal.h"

#include <pthread.h>

#include "mapped.h"

static void take_all(void)
{
    lock_take(&arena_list_lock);
    for (struct arena *a = arena_main(); a; a = arena_after(a))
        arena_lock(a);
    lock_take(&arena_free_list_lock);
    mapped_lock();
}

static void release_all(void)
{
    mapped_unlock();
    lock_release(&arena_free_list_lock);
    for (struct arena *a = arena_main(); a; a = arena_after(a))
        arena_unlock(a);
    lock_release(&arena_list_lock);
}

/* The child has one thread and no sleepers: locks begin anew. */
static void renew_locks(void)
{
    mapped_unlock_child();
    arena_free_list_lock = (struct lock){.state = LOCK_FREE};
    for (struct arena *a = arena_main(); a; a = arena_after(a))
        a->lock = (struct lock){.state = LOCK_FREE};
    arena_list_lock = (struct lock){.state = LOCK_FREE};
}

/* The arenas of threads that the child does not have are free. */
static void renew_free_list(void)
{
    arena_free_list = NULL;
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        bool mine = a == arena_thread.arena;
        a->attached_threads = mine ? 1 : 0;
        a->on_free_list = !mine;
        a->next_free = NULL;
        if (!mine) {
            a->next_free = arena_free_list;
            arena_free_list = a;
        }
    }
}

static void before_fork(void)
{
    if (lock_forking == 0)
        take_all();
    lock_forking++;
}

static void after_fork_parent(void)
{
    if (--lock_forking == 0)
        release_all();
}

/* Inside another fork this thread still holds all locks, in the child as well. */
static void after_fork_child(void)
{
    renew_free_list();
    for (struct arena *a = arena_main(); a && arena_kind.forked; a = arena_after(a))
        arena_kind.forked(a);
    if (--lock_forking == 0)
        renew_locks();
}

void fork_set_up(void)
{
    /* Fails without memory only; then a fork in a process with threads is as unsafe as the standard
     * lets it be. */
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
