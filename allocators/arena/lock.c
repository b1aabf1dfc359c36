#include "lock.h"

#include "os.h"

/* A critical section of the arenas is some hundred nanoseconds; sleeping costs some thousands. */
#define SPINS 100u

__thread unsigned lock_forking;

#if defined(__x86_64__) || defined(__i386__)
static inline void spin_pause(void)
{
    __builtin_ia32_pause();
}
#elif defined(__aarch64__)
static inline void spin_pause(void)
{
    __asm__ volatile("yield");
}
#else
static inline void spin_pause(void) {}
#endif

static bool spin(struct lock *l)
{
    for (unsigned i = 0; i < SPINS; i++) {
        spin_pause();
        uint32_t state = atomic_load_explicit(&l->state, memory_order_relaxed);
        if (state == LOCK_WANTED)
            return false; /* others sleep already: no use in burning the processor */
        if (state == LOCK_FREE && lock_try(l))
            return true;
    }
    return false;
}

bool lock_wait(struct lock *l)
{
    if (spin(l))
        return true;
    /* Whoever slept takes it as WANTED: it cannot know whether others still sleep. */
    while (atomic_exchange_explicit(&l->state, LOCK_WANTED, memory_order_acquire) != LOCK_FREE)
        os_wait(&l->state, LOCK_WANTED);
    return true;
}

void lock_wake(struct lock *l)
{
    os_wake_one(&l->state);
}
