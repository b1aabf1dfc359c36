#include "null.h"

#include <pthread.h>
#include <string.h>

#include "keep.h"
#include "os.h"

#define RING_ROOM \
    (NULL_RING_BYTES + NULL_FAST_BYTES) /* an object may begin at the ring's last bytes */
#define LARGE_FIRST_BYTES (1 * GIB)
#define LARGE_MOST_BYTES  ((size_t)1 << 47) /* more than a process can address */

/* What a thread owns in ring mode. Lies behind the ring, in the same mapping. */
struct null_ring {
    struct null_ring *next_idle;
    char *large; /* where large objects start; reserved, not backed until touched */
    size_t large_bytes;
};

__thread struct null_thread null_thread;

/* Rings whose threads have ended. Fresh ones cost page faults, which a plan that starts many
 * threads should not pay for again and again. */
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static struct null_ring *idle_rings;

static pthread_once_t at_exit_once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit_key; /* its value is the thread's ring */

static char *ring_start(struct null_ring *owned)
{
    return (char *)owned - RING_ROOM;
}

static struct null_ring *ring_new(void)
{
    char *start = os_map(RING_ROOM + sizeof(struct null_ring), OS_POPULATE);
    return start ? (struct null_ring *)(start + RING_ROOM) : NULL;
}

static struct null_ring *ring_acquire(void)
{
    pthread_mutex_lock(&idle_lock);
    struct null_ring *owned = idle_rings;
    if (owned)
        idle_rings = owned->next_idle;
    pthread_mutex_unlock(&idle_lock);
    return owned ? owned : ring_new();
}

/* At the end of a thread. What other destructors still allocate comes from keep mode. */
static void ring_release(void *value)
{
    struct null_ring *owned = value;
    null_thread = (struct null_thread){.limit = 0};
    pthread_mutex_lock(&idle_lock);
    owned->next_idle = idle_rings;
    idle_rings = owned;
    pthread_mutex_unlock(&idle_lock);
}

static void make_key(void)
{
    pthread_key_create(&at_exit_key, ring_release);
}

void arenabench_null_keep(int on)
{
    struct null_thread *t = &null_thread;
    t->limit = 0; /* also for what the calls below allocate */
    if (on)
        return;
    if (!t->owned) {
        pthread_once(&at_exit_once, make_key);
        t->owned = ring_acquire();
        if (!t->owned)
            return;
        t->ring = ring_start(t->owned);
        t->next = 0;
        pthread_setspecific(at_exit_key, t->owned);
    }
    t->limit = NULL_FAST_BYTES + 1;
}

/* The old region stays: objects that the program still writes to may lie there. Doubling bounds the
 * waste. */
static bool large_grow(struct null_ring *owned, size_t need)
{
    if (need > LARGE_MOST_BYTES)
        return family_fail(ENOMEM);
    size_t bytes = LARGE_FIRST_BYTES;
    while (bytes < need)
        bytes *= 2;
    char *start = os_map(bytes, OS_RESERVE);
    if (!start) {
        bytes = need;
        start = os_map(bytes, OS_RESERVE);
    }
    if (!start)
        return false;
    owned->large = start;
    owned->large_bytes = bytes;
    return true;
}

static void *large_alloc(struct null_ring *owned, size_t alignment, size_t bytes)
{
    size_t need = bytes + alignment;
    if (need > owned->large_bytes && !large_grow(owned, need))
        return NULL;
    return (void *)round_up((uintptr_t)owned->large, alignment);
}

void *null_alloc_other(size_t alignment, size_t bytes)
{
    if (null_thread.limit == 0)
        return keep_alloc(alignment, bytes);
    return large_alloc(null_thread.owned, alignment, bytes);
}

/* How much may be read from p on: all that was kept, or what is left of the calling thread's ring.
 */
static size_t readable_bytes(const char *p)
{
    size_t in_ring = (size_t)(p - null_thread.ring);
    if (null_thread.ring && in_ring < RING_ROOM)
        return RING_ROOM - in_ring;
    return keep_bytes(p);
}

void *null_resize_other(void *p, size_t bytes)
{
    void *fresh = null_alloc_other(FAMILY_ALIGNMENT, bytes);
    if (!fresh || null_thread.limit != 0)
        return fresh;
    size_t old = readable_bytes(p);
    return memcpy(fresh, p, old < bytes ? old : bytes);
}
