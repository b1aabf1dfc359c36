/*
 * The mutex of arenas: four bytes, all zero when free, and a futex only when somebody waits (the
 * three-state lock of Drepper, "Futexes Are Tricky", 2011). As long as the process has one thread it
 * costs no atomic operation. A thread that forks holds every lock of the arena layer and may go on
 * allocating in other fork handlers: for it, taking and releasing do nothing.
 */
#pragma once

#include <stdatomic.h>
#include <sys/single_threaded.h>

#include "bits.h"

enum lock_state { LOCK_FREE, LOCK_HELD, LOCK_WANTED /* held, and somebody may sleep on it */ };

struct lock {
    _Atomic uint32_t state;
};

/* Above 0 between the fork handlers of this thread; counts nested forks. */
extern __thread unsigned lock_forking __attribute__((visibility("hidden")));

/* What the inline functions leave over. lock_wait returns whether it had to sleep or spin. */
COLD bool lock_wait(struct lock *l);
COLD void lock_wake(struct lock *l);

static inline bool lock_try(struct lock *l)
{
    if (UNLIKELY(lock_forking))
        return true;
    uint32_t expected = LOCK_FREE;
    if (__libc_single_threaded) {
        if (atomic_load_explicit(&l->state, memory_order_relaxed) != LOCK_FREE)
            return false;
        atomic_store_explicit(&l->state, LOCK_HELD, memory_order_relaxed);
        return true;
    }
    return atomic_compare_exchange_strong_explicit(&l->state, &expected, LOCK_HELD,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* Returns whether another thread held it: a lock wait of the statistics. */
static inline bool lock_take(struct lock *l)
{
    return LIKELY(lock_try(l)) ? false : lock_wait(l);
}

static inline void lock_release(struct lock *l)
{
    if (UNLIKELY(lock_forking))
        return;
    if (__libc_single_threaded) {
        atomic_store_explicit(&l->state, LOCK_FREE, memory_order_relaxed);
        return;
    }
    if (UNLIKELY(atomic_exchange_explicit(&l->state, LOCK_FREE, memory_order_release) ==
                 LOCK_WANTED))
        lock_wake(l);
}
