/* A program whose allocations are known, for recording: record_subject WHAT [NUMBERS]. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "subject_sizes.h"

/* Objects from one thread to the next in a ring, first in, first out. */
struct pipe {
    _Alignas(128) _Atomic uint64_t n_in;
    _Alignas(128) _Atomic uint64_t n_out;
    void *objects[SUBJECT_WINDOW];
};

static struct pipe pipes[4];
static uint64_t n_threads, n_objects, range;

static void put(struct pipe *p, void *object)
{
    uint64_t n = atomic_load(&p->n_in);
    while (n - atomic_load(&p->n_out) == SUBJECT_WINDOW)
        sched_yield();
    p->objects[n % SUBJECT_WINDOW] = object;
    atomic_store(&p->n_in, n + 1);
}

static void *get(struct pipe *p)
{
    uint64_t n = atomic_load(&p->n_out);
    while (n == atomic_load(&p->n_in))
        sched_yield();
    void *object = p->objects[n % SUBJECT_WINDOW];
    atomic_store(&p->n_out, n + 1);
    return object;
}

/* Half of the window is under way before the first is taken out, so that nobody waits for ever. */
static void *ring_thread(void *argument)
{
    uint64_t t = (uintptr_t)argument;
    struct pipe *from = &pipes[t], *to = &pipes[(t + 1) % n_threads];
    for (uint64_t k = 0; k < n_objects + SUBJECT_WINDOW / 2; k++) {
        if (k < n_objects)
            put(to, malloc(subject_ring_bytes(t, k, range)));
        if (k >= SUBJECT_WINDOW / 2)
            free(get(from));
    }
    return NULL;
}

static int ring(char **numbers)
{
    pthread_t threads[4];
    n_threads = strtoul(numbers[0], NULL, 10);
    n_objects = strtoul(numbers[1], NULL, 10);
    range = strtoul(numbers[2], NULL, 10);
    for (uintptr_t t = 0; t < n_threads; t++)
        pthread_create(&threads[t], NULL, ring_thread, (void *)t);
    for (uintptr_t t = 0; t < n_threads; t++)
        pthread_join(threads[t], NULL);
    return 0;
}

static pthread_key_t key;
static _Atomic unsigned n_detached;

static void late_free(void *object)
{
    free(object);
}

static void *churn_thread(void *left)
{
    pthread_setspecific(key, malloc(300));
    for (int i = 0; i < 20; i++)
        free(malloc(100));
    *(void **)left = malloc(200);
    pthread_exit(NULL);
}

static int churn_c11(void *unused)
{
    (void)unused;
    free(malloc(400));
    return 5;
}

static void *churn_detached(void *unused)
{
    free(malloc(500));
    atomic_fetch_add(&n_detached, 1);
    return unused;
}

/* Two thirds are joined, half of these by the functions of C11; one third is detached. */
static int churn(char **unused)
{
    (void)unused;
    pthread_key_create(&key, late_free);
    for (int i = 0; i < SUBJECT_THREADS / 3; i++) {
        pthread_t posix, detached;
        thrd_t c11;
        void *left = NULL;
        int result = 0;
        pthread_create(&posix, NULL, churn_thread, &left);
        thrd_create(&c11, churn_c11, NULL);
        pthread_create(&detached, NULL, churn_detached, NULL);
        pthread_detach(detached);
        pthread_join(posix, NULL);
        thrd_join(c11, &result);
        free(left);
        if (result != 5)
            return 1;
    }
    while (atomic_load(&n_detached) < SUBJECT_THREADS / 3)
        sched_yield();
    return 0;
}

static int killed(char **numbers)
{
    for (unsigned long i = strtoul(numbers[0], NULL, 10); i > 0; i--) {
        if (!malloc(48))
            return 1;
    }
    kill(getpid(), SIGKILL);
    return 0;
}

/* As the terminal does it: the signal goes to the recording program, too. */
static int interrupted(char **unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        free(malloc(48));
    kill(0, SIGINT);
    pause();
    return 0;
}

static int quick_exit_now(char **numbers)
{
    for (unsigned long i = strtoul(numbers[0], NULL, 10); i > 0; i--)
        free(malloc(48));
    _exit(7);
}

static int forks(char **unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        free(malloc(600));
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 5000; i++)
            free(malloc(SUBJECT_CHILD));
        _exit(3);
    }
    for (int i = 0; i < 5000; i++)
        free(malloc(600));
    int status;
    return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3 ? 0 : 1;
}

/* What the program and those that it starts see of the recorder in their environment. */
static int environment(char **expected)
{
    const char *preload = getenv("LD_PRELOAD");
    if (getenv("ARENABENCH_RECORD_SPOOL"))
        return 1;
    if (strcmp(expected[0], "-") == 0)
        return preload ? 2 : 0;
    return preload && strcmp(preload, expected[0]) == 0 ? 0 : 3;
}

/* One call of each kind; the test knows the sequence. */
static int family(char **unused)
{
    (void)unused;
    volatile size_t too_many = SIZE_MAX; /* out of the compiler's sight */
    void *volatile p = malloc(1001);
    p = realloc(p, 1002);
    if (realloc(p, too_many / 2) != NULL || errno != ENOMEM)
        return 1;
    p = reallocarray(p, 3, 501);
    if (reallocarray(p, too_many, 2) != NULL || calloc(too_many, 2) != NULL)
        return 2;
    free(p);
    free(NULL);
    p = realloc(NULL, 1004);
    if (realloc(p, 0) != NULL)
        return 3;
    free(calloc(5, 201));
    free(memalign(64, 1006));
    free(aligned_alloc(128, 1024));
    void *q = NULL;
    if (posix_memalign(&q, 256, 1008) != 0 || (uintptr_t)q % 256 != 0)
        return 4;
    free(q);
    if (posix_memalign(&q, 3, 1008) != EINVAL)
        return 5;
    free(valloc(1009));
    free(pvalloc(1010));
    return 0;
}

static void *realloc_there(void *object)
{
    return realloc(object, 3002);
}

/* An object that is grown and freed by other threads than its maker. */
static int travels(char **unused)
{
    (void)unused;
    pthread_t other;
    void *object = malloc(3001);
    pthread_create(&other, NULL, realloc_there, object);
    pthread_join(other, &object);
    free(object);
    return 0;
}

static void *waits(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* Ends while a thread that nobody joins holds memory. */
static int leaves(char **unused)
{
    (void)unused;
    pthread_t other;
    for (int i = 0; i < 100; i++) {
        if (!malloc(700))
            return 1;
    }
    return pthread_create(&other, NULL, waits, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(char **numbers);
        int n_arguments;
    } subjects[] = {
        {"ring", ring, 3},
        {"churn", churn, 0},
        {"killed", killed, 1},
        {"interrupted", interrupted, 0},
        {"forks", forks, 0},
        {"quick-exit", quick_exit_now, 1},
        {"environment", environment, 1},
        {"family", family, 0},
        {"travels", travels, 0},
        {"leaves", leaves, 0},
    };
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (argc == 2 + subjects[i].n_arguments && strcmp(argv[1], subjects[i].name) == 0)
            return subjects[i].run(argv + 2);
    }
    return 99;
}
