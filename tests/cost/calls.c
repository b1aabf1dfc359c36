/*
 * Programs that do little but allocate, for what recording costs: calls WHAT CALLS. Prints the
 * seconds that the calls took and how many there were.
 *
 *   pairs   malloc and free in turn, one thread: as many calls a second as an allocator can serve
 *   churn   random replacement of 1000 objects, one thread
 *   larson  two threads, each replaces objects of an array; the arrays change hands all the time
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIVE = 1000, THREADS = 2, ROUND = 5000 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void *object(size_t bytes)
{
    volatile char *p = malloc(bytes);
    *p = 1;
    return (void *)p;
}

static void pairs(uint64_t n)
{
    for (uint64_t i = 0; i < n / 2; i++)
        free(object(16 + (i & 127)));
}

static void replace(void **slots, uint64_t n, uint64_t *x)
{
    for (uint64_t i = 0; i < n / 2; i++) {
        uint64_t r = next(x);
        void **slot = &slots[(r >> 32) % LIVE];
        free(*slot);
        *slot = object(16 + (r & 511));
    }
}

static void churn(uint64_t n)
{
    static void *slots[LIVE];
    uint64_t x = 88172645463325252ull;
    replace(slots, n, &x);
}

static void *arrays[THREADS][LIVE];
static pthread_barrier_t barrier;
static uint64_t n_rounds;

/* In each round the threads work on each other's arrays: every object is freed by whom it meets. */
static void *larson_thread(void *argument)
{
    uintptr_t t = (uintptr_t)argument;
    uint64_t x = 88172645463325252ull + t;
    for (uint64_t round = 0; round < n_rounds; round++) {
        replace(arrays[(t + round) % THREADS], ROUND, &x);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void larson(uint64_t n)
{
    pthread_t threads[THREADS];
    n_rounds = n / ROUND / THREADS;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t t = 0; t < THREADS; t++)
        pthread_create(&threads[t], NULL, larson_thread, (void *)t);
    for (uintptr_t t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(uint64_t n);
    } programs[] = {{"pairs", pairs}, {"churn", churn}, {"larson", larson}};
    uint64_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    for (size_t i = 0; n > 0 && i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strcmp(programs[i].name, argv[1]) != 0)
            continue;
        double begin = seconds();
        programs[i].run(n);
        printf("%.6f %lu\n", seconds() - begin, n);
        return 0;
    }
    fprintf(stderr, "usage: calls pairs|churn|larson CALLS\n");
    return 2;
}
