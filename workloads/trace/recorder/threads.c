/*
 * Births and joins. The birth is an event of the creator, before the thread can exist; the new
 * thread finds its number, its first chunk and what it is to run in memory that the creator
 * prepared.
 */
#include <pthread.h>
#include <threads.h>

#include "real.h"
#include "recorder.h"

static void introduce(struct spool_chunk *chunk)
{
    recorder_adopt(chunk);
    recorder_append(recorder_stamp(), spool_what(SPOOL_START, 0, (uint64_t)pthread_self()), 0);
}

static void *run_posix(void *prepared)
{
    struct spool_chunk *chunk = prepared;
    void *(*start)(void *) = chunk->start;
    void *argument = chunk->argument;
    introduce(chunk);
    return start(argument);
}

static int run_c11(void *prepared)
{
    struct spool_chunk *chunk = prepared;
    int (*start)(void *) = chunk->start_c11;
    void *argument = chunk->argument;
    introduce(chunk);
    return start(argument);
}

/* The chunk of a thread that is about to be born, announced; NULL when it is not to be recorded. */
static struct spool_chunk *announce(void *argument)
{
    struct spool_chunk *chunk = recorder_wants() ? recorder_prepare_thread() : NULL;
    if (!chunk)
        return NULL;
    chunk->argument = argument;
    recorder_append(recorder_stamp(), spool_what(SPOOL_SPAWN, 0, chunk->thread), 0);
    return chunk;
}

static void revoke(struct spool_chunk *chunk)
{
    recorder_append(recorder_stamp(), spool_what(SPOOL_SPAWN_VOID, 0, chunk->thread), 0);
    recorder_abandon(chunk);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    struct spool_chunk *chunk = announce(argument);
    if (!chunk)
        return real.pthread_create(thread, attributes, start, argument);
    chunk->start = start;
    recorder_self.depth++;
    int rc = real.pthread_create(thread, attributes, run_posix, chunk);
    recorder_self.depth--;
    if (rc != 0)
        revoke(chunk);
    return rc;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    struct spool_chunk *chunk = announce(argument);
    if (!chunk)
        return real.thrd_create(thread, start, argument);
    chunk->start_c11 = start;
    recorder_self.depth++;
    int rc = real.thrd_create(thread, run_c11, chunk);
    recorder_self.depth--;
    if (rc != thrd_success)
        revoke(chunk);
    return rc;
}

/*
 * Joins are cancellation points: a thread that is cancelled in one still runs handlers that free.
 */
static void leave(void *unused __attribute__((unused)))
{
    recorder_self.depth--;
}

static void joined(uint64_t handle)
{
    recorder_append(recorder_stamp(), spool_what(SPOOL_JOIN, 0, handle), 0);
}

EXPORT int pthread_join(pthread_t thread, void **result)
{
    bool wanted = recorder_wants();
    int rc;
    recorder_self.depth++;
    pthread_cleanup_push(leave, NULL);
    rc = real.pthread_join(thread, result);
    pthread_cleanup_pop(1);
    if (rc == 0 && wanted)
        joined((uint64_t)thread);
    return rc;
}

EXPORT int thrd_join(thrd_t thread, int *result)
{
    bool wanted = recorder_wants();
    int rc;
    recorder_self.depth++;
    pthread_cleanup_push(leave, NULL);
    rc = real.thrd_join(thread, result);
    pthread_cleanup_pop(1);
    if (rc == thrd_success && wanted)
        joined((uint64_t)thread);
    return rc;
}
