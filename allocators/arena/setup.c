/*
 * The set-up of a process, in the first call of all: in any thread, in a constructor, or inside the
 * C library's own start.
 */
#include "arena_internal.h"

#include <errno.h>

#define TUNABLES_BYTES 4096u

static struct lock set_up_lock;
static _Atomic bool is_set_up;
static __thread bool setting_up; /* what the set-up calls may allocate, from the main arena */

static COLD void read_parameters(void)
{
    char text[TUNABLES_BYTES];
    if (parameters_environment(text, sizeof(text)))
        parameters_read(text, arena_kind.tunables);
}

static COLD void set_up(void)
{
    int saved = errno;
    setting_up = true;
    read_parameters();
    arena_init_main();
    /* From here on this thread can allocate. */
    thread_end_set_up();
    fork_set_up();
    thread_end_expect();
    setting_up = false;
    errno = saved;
}

void arena_set_up(void)
{
    if (LIKELY(atomic_load_explicit(&is_set_up, memory_order_acquire)) || setting_up)
        return;
    lock_take(&set_up_lock); /* the others wait here until all of it is done */
    if (!atomic_load_explicit(&is_set_up, memory_order_relaxed)) {
        set_up();
        atomic_store_explicit(&is_set_up, true, memory_order_release);
    }
    lock_release(&set_up_lock);
}
