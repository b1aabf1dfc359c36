/*
 * Births, joins and the process's end. The birth is an event of the creator, before the thread can
 * exist; the new thread finds its number, its first chunk and what it is to run in memory that the
 * creator prepared.
 *
 * A join has to know the number behind a pthread_t, and those are used again. The number stands in
 * the word of the address that a pthread_t is: the thread itself writes it first thing, and marks
 * it when it ends.
 */
#include <assert.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "real.h"
#include "recorder.h"

static void *run_posix(void *prepared)
{
    struct spool_chunk *chunk = prepared;
    void *(*start)(void *) = chunk->start;
    void *argument = chunk->argument;
    recorder_adopt(chunk);
    return start(argument);
}

static int run_c11(void *prepared)
{
    struct spool_chunk *chunk = prepared;
    int (*start)(void *) = chunk->start_c11;
    void *argument = chunk->argument;
    recorder_adopt(chunk);
    return start(argument);
}

static void put_number(struct spool_thread *self, enum spool_kind kind, uint32_t number)
{
    uint64_t operand = number;
    recorder_put(self, kind, 0, &operand, 1);
}

/*
 * The chunk of a thread that is about to be born, announced; NULL when it is not to be recorded.
 */
static struct spool_chunk *announce(struct spool_thread *self, void *argument)
{
    struct spool_chunk *chunk = recorder_prepare_thread();
    if (!chunk)
        return NULL;
    chunk->argument = argument;
    put_number(self, SPOOL_SPAWN, chunk->thread);
    return chunk;
}

static void withdraw(struct spool_thread *self, struct spool_chunk *chunk)
{
    put_number(self, SPOOL_SPAWN_VOID, chunk->thread);
    recorder_abandon(chunk);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    struct spool_thread *self = &recorder_self;
    if (!recorder_enter(self))
        return real.pthread_create(thread, attributes, start, argument);
    struct spool_chunk *chunk = announce(self, argument);
    int rc;
    recorder_enter_library(self);
    if (chunk) {
        chunk->start = start;
        rc = real.pthread_create(thread, attributes, run_posix, chunk);
    } else {
        rc = real.pthread_create(thread, attributes, start, argument);
    }
    recorder_leave_library(self);
    if (chunk && rc != 0)
        withdraw(self, chunk);
    recorder_leave(self);
    return rc;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    struct spool_thread *self = &recorder_self;
    if (!recorder_enter(self))
        return real.thrd_create(thread, start, argument);
    struct spool_chunk *chunk = announce(self, argument);
    int rc;
    recorder_enter_library(self);
    if (chunk) {
        chunk->start_c11 = start;
        rc = real.thrd_create(thread, run_c11, chunk);
    } else {
        rc = real.thrd_create(thread, start, argument);
    }
    recorder_leave_library(self);
    if (chunk && rc != thrd_success)
        withdraw(self, chunk);
    recorder_leave(self);
    return rc;
}

static uint64_t handle_word(uint64_t handle)
{
    _Atomic uint64_t *word = shadow_find(handle);
    uint64_t value = word ? atomic_load(word) : 0;
    return value & WORD_OTHER ? value : 0;
}

/*
 * Before the join the word may still name a thread that had the handle earlier and was detached,
 * because the joined one has not begun; behind it, one that got the handle since. The joined thread
 * has ended, and of the two only a thread that has ended can be it.
 */
static void put_join(struct spool_thread *self, uint64_t before, uint64_t after)
{
    uint64_t word = after & WORD_ENDED ? after : before;
    if (word != 0)
        put_number(self, SPOOL_JOIN, (uint32_t)(word & UINT32_MAX));
}

/*
 * Joins are cancellation points: a thread that is cancelled in one still runs handlers that free.
 */
static void leave(void *self)
{
    recorder_leave(self);
}

/* A function that joins `thread` by `call`, and returns 0 (thrd_success) when it did. */
static_assert(thrd_success == 0, "one sign of success for both libraries");
#define JOIN(call) \
    { \
        struct spool_thread *self = &recorder_self; \
        if (!recorder_enter(self)) \
            return real.call; \
        uint64_t before = handle_word(thread); \
        int rc; \
        recorder_enter_library(self); \
        pthread_cleanup_push(leave, self); \
        rc = real.call; \
        recorder_leave_library(self); \
        if (rc == 0) \
            put_join(self, before, handle_word(thread)); \
        pthread_cleanup_pop(1); \
        return rc; \
    }

EXPORT int pthread_join(pthread_t thread, void **result) JOIN(pthread_join(thread, result))

    EXPORT int pthread_tryjoin_np(pthread_t thread, void **result)
        JOIN(pthread_tryjoin_np(thread, result))

            EXPORT
    int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
        JOIN(pthread_timedjoin_np(thread, result, until))

            EXPORT int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                            const struct timespec *until)
                JOIN(pthread_clockjoin_np(thread, result, clock, until))

                    EXPORT int thrd_join(thrd_t thread, int *result) JOIN(thrd_join(thread, result))

    /* It runs no destructors, the recorder's neither. */
    EXPORT _Noreturn void _exit(int status)
{
    recorder_tell_living();
    if (recorder_ready())
        real.exit_now(status);
    syscall(SYS_exit_group, status); /* before the real function is known */
    __builtin_unreachable();
}

EXPORT _Noreturn void _Exit(int status)
{
    _exit(status);
}
