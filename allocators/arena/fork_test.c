#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena_internal.h"
#include "bump.h"
#include "mapped.h"
#include "unit.h"

#define N_THREADS 4
#define N_FORKS   100

/* The sanitizers' own thread bookkeeping does not survive a fork among threads. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CHILD_STARTS_THREADS 0
#else
#define CHILD_STARTS_THREADS 1
#endif

static _Atomic bool stop;

static void *allocate_all_the_time(void *arg)
{
    while (!atomic_load(&stop)) {
        char *p = bump_alloc(32), *m = mapped_alloc(16, 5000);
        if (!p || !m || !mapped_free(m))
            return arg;
        struct arena *a = arena_get(0);
        ((struct bump *)a)->at = p; /* so that memory does not run out */
        arena_unlock(a);
    }
    return NULL;
}

static void start(pthread_t *threads)
{
    bump_alloc(1);
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, allocate_all_the_time, (void *)1);
}

static void join(pthread_t *threads)
{
    atomic_store(&stop, true);
    for (size_t i = 0; i < N_THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}

static void *allocate_once(void *arg)
{
    return bump_alloc(100) ? NULL : arg;
}

/* What should hold in a child of the thread of the main arena; the number of what does not. */
static int child_fault(void)
{
    signal(SIGALRM, SIG_DFL);
    alarm(20);
    if (lock_forking != 0)
        return 1;
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        if (!lock_try(&a->lock))
            return 2;
        if (arena_check(a))
            return 3;
        if (a->attached_threads != (a == arena_main() ? 1u : 0u))
            return 4;
        if (a->on_free_list == (a == arena_main()))
            return 5;
        arena_unlock(a);
    }
    if (!bump_alloc(100000) || !mapped_free(mapped_alloc(16, 100000)))
        return 6;
    if (!CHILD_STARTS_THREADS)
        return 0;
    struct arena *expected = arena_free_list;
    pthread_t t;
    void *failed;
    if (pthread_create(&t, NULL, allocate_once, (void *)1) != 0 || pthread_join(t, &failed) != 0)
        return 7;
    if (failed || (expected && arena_free_list != expected))
        return 8;
    return 0;
}

/* Of the child and, by way of its exit status, of its own children. */
static int status_of(pid_t child)
{
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

START_TEST(a_child_can_allocate_whatever_the_other_threads_did)
{
    pthread_t threads[N_THREADS];
    start(threads);
    for (unsigned i = 0; i < N_FORKS; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(child_fault());
        ck_assert_int_eq(status_of(child), 0);
        ck_assert_uint_eq(lock_forking, 0);
    }
    join(threads);
}
END_TEST

static unsigned handled[3];

static void allocate_in_handler(unsigned which)
{
    handled[which]++;
    if (!bump_alloc(1000) || !mapped_free(mapped_alloc(16, 10000)) || !bump_alloc(1 << 20))
        _exit(50);
}

static void prepare(void)
{
    allocate_in_handler(0);
}

static void parent(void)
{
    allocate_in_handler(1);
}

static void child(void)
{
    allocate_in_handler(2);
}

START_TEST(other_handlers_allocate_before_and_after)
{
    pthread_t threads[N_THREADS];
    pthread_atfork(prepare, parent, child); /* before ours: inside the locks */
    start(threads);
    pthread_atfork(prepare, parent, child); /* behind ours: outside */
    for (unsigned i = 1; i <= 20; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(handled[2] == 2 ? child_fault() : 51);
        ck_assert_int_eq(status_of(pid), 0);
        ck_assert_uint_eq(handled[0], 2 * i);
        ck_assert_uint_eq(handled[1], 2 * i);
    }
    join(threads);
}
END_TEST

static unsigned depth;

/* Registered before ours, so that the inner fork happens with all locks held. */
static void fork_inside(void)
{
    if (depth > 0)
        return;
    depth++;
    pid_t inner = fork();
    if (inner == 0) {
        if (lock_forking != 1 || !bump_alloc(1000))
            _exit(60);
        _exit(0);
    }
    int status = 0;
    if (waitpid(inner, &status, 0) != inner || status != 0 || lock_forking != 1)
        _exit(61);
    depth--;
}

START_TEST(a_fork_inside_a_fork_keeps_the_locks)
{
    pthread_t threads[N_THREADS];
    pthread_atfork(fork_inside, NULL, NULL);
    start(threads);
    for (unsigned i = 0; i < 10; i++) {
        pid_t outer = fork();
        if (outer == 0)
            _exit(child_fault());
        ck_assert_int_eq(status_of(outer), 0);
        ck_assert_uint_eq(lock_forking, 0);
    }
    join(threads);
}
END_TEST

static void *fork_from_here(void *arg)
{
    (void)arg;
    struct arena *mine = arena_get(0);
    arena_unlock(mine);
    pid_t pid = fork();
    if (pid == 0) {
        bool well = mine->attached_threads == 1 && !mine->on_free_list &&
                    arena_main()->on_free_list && arena_main()->attached_threads == 0 &&
                    arena_thread.arena == mine && bump_alloc(100000);
        _exit(well ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return (void *)(intptr_t)status;
}

START_TEST(the_forking_thread_keeps_its_arena_in_the_child)
{
    pthread_t t;
    void *status;
    bump_alloc(1);
    pthread_create(&t, NULL, fork_from_here, NULL);
    pthread_join(t, &status);
    ck_assert_ptr_null(status);
}
END_TEST

UNIT_MAIN("fork", a_child_can_allocate_whatever_the_other_threads_did,
          other_handlers_allocate_before_and_after, a_fork_inside_a_fork_keeps_the_locks,
          the_forking_thread_keeps_its_arena_in_the_child)
