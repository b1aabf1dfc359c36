#include "lock.h"

#include <pthread.h>
#include <unistd.h>

#include "unit.h"

#define N_THREADS 4
#define N_ROUNDS  20000

static struct lock lock;
static unsigned long counter; /* under lock */
static _Atomic int stage;

static void reach(int wanted)
{
    while (atomic_load(&stage) < wanted)
        usleep(100);
}

static void *nothing(void *arg)
{
    return arg;
}

/* From here on the C library knows of threads, and locks are atomic. */
static void become_threaded(void)
{
    pthread_t t;
    pthread_create(&t, NULL, nothing, NULL);
    pthread_join(t, NULL);
    ck_assert(!__libc_single_threaded);
}

static void take_try_and_release(void)
{
    ck_assert(!lock_take(&lock));
    ck_assert(!lock_try(&lock));
    lock_release(&lock);
    ck_assert_uint_eq(atomic_load(&lock.state), LOCK_FREE);
    ck_assert(lock_try(&lock));
    lock_release(&lock);
}

START_TEST(a_held_lock_cannot_be_taken_again)
{
    take_try_and_release(); /* by plain stores, as the process has one thread */
    become_threaded();
    take_try_and_release();
}
END_TEST

START_TEST(a_lock_taken_by_the_only_thread_is_released_among_many)
{
    lock_take(&lock);
    become_threaded();
    ck_assert(!lock_try(&lock));
    lock_release(&lock);
    ck_assert(lock_try(&lock));
}
END_TEST

static void *count(void *arg)
{
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        lock_take(&lock);
        counter++;
        if (i % 1000 == 0)
            usleep(10); /* the others spin out, and sleep */
        lock_release(&lock);
    }
    return arg;
}

START_TEST(one_thread_at_a_time)
{
    pthread_t threads[N_THREADS];
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(counter, N_THREADS * N_ROUNDS);
    ck_assert_uint_eq(atomic_load(&lock.state), LOCK_FREE);
}
END_TEST

static void *take_and_tell(void *waited)
{
    *(bool *)waited = lock_take(&lock);
    lock_release(&lock);
    return NULL;
}

START_TEST(who_waits_sleeps_is_woken_and_knows)
{
    bool waited[2] = {false, false};
    pthread_t threads[2];
    lock_take(&lock);
    for (unsigned i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take_and_tell, &waited[i]);
    while (atomic_load(&lock.state) != LOCK_WANTED)
        usleep(100);
    usleep(10000);
    lock_release(&lock);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert(waited[0] || waited[1]);
    ck_assert_uint_eq(atomic_load(&lock.state), LOCK_FREE);
}
END_TEST

static void *try_from_outside(void *taken)
{
    *(bool *)taken = lock_try(&lock);
    atomic_store(&stage, 1);
    return NULL;
}

START_TEST(in_a_fork_the_forking_thread_passes_and_no_other)
{
    bool taken = true;
    pthread_t t;
    lock_take(&lock);
    lock_forking = 1;
    ck_assert(!lock_take(&lock));
    ck_assert(lock_try(&lock));
    lock_release(&lock);
    ck_assert_uint_eq(atomic_load(&lock.state), LOCK_HELD);
    pthread_create(&t, NULL, try_from_outside, &taken);
    reach(1);
    pthread_join(t, NULL);
    ck_assert(!taken);
    lock_forking = 0;
    lock_release(&lock);
    ck_assert_uint_eq(atomic_load(&lock.state), LOCK_FREE);
}
END_TEST

UNIT_MAIN("lock", a_held_lock_cannot_be_taken_again,
          a_lock_taken_by_the_only_thread_is_released_among_many, one_thread_at_a_time,
          who_waits_sleeps_is_woken_and_knows, in_a_fork_the_forking_thread_passes_and_no_other)
