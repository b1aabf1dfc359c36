/*
 * The end of a thread. A pthread key's destructor runs among those of the program, in no known
 * order, and theirs may still allocate; so ours sets its key anew in every round but the last,
 * THREAD_END_ROUND.
 */
#include "arena_internal.h"

#include <pthread.h>

__thread struct arena_thread arena_thread;

static pthread_key_t end_key; /* its value points into rounds: at which of them comes next */
static const char rounds[THREAD_END_ROUND + 1];
static bool end_key_is_made; /* written in the set-up only */

static void thread_end(void *value)
{
    const char *round = value;
    if (round < &rounds[THREAD_END_ROUND] && pthread_setspecific(end_key, round + 1) == 0)
        return;
    if (arena_kind.thread_end)
        arena_kind.thread_end();
    arena_detach();
}

void thread_end_set_up(void)
{
    /* Without a key (a process may have 1024) arenas stay attached to threads that are gone, and are
     * shared by reused_arena all the same. */
    end_key_is_made = pthread_key_create(&end_key, thread_end) == 0;
}

void thread_end_expect(void)
{
    if (end_key_is_made)
        pthread_setspecific(end_key, &rounds[1]);
}
