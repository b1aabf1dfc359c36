/* A program whose malloc is the null allocator, as worker-null is: libc's own calls go there as
 * well. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "null.h"
#include "unit.h"

#define N_THREADS 200

START_TEST(the_program_and_libc_call_the_null_allocator)
{
    char *own = malloc(100), *libcs = strdup("text");
    ck_assert_uint_gt((uintptr_t)libcs - (uintptr_t)own, 99);
    ck_assert_uint_lt((uintptr_t)libcs - (uintptr_t)own,
                      256); /* right behind, in the kept region */
    ck_assert_uint_eq(malloc_usable_size(own), 0);
    free(libcs);
    ck_assert_str_eq(libcs, "text"); /* free does nothing */

    arenabench_null_keep(0);
    char *first = malloc(100), *second = calloc(2, 50), *third = realloc(first, 10);
    arenabench_null_keep(1); /* Check's assertions allocate */
    ck_assert_ptr_eq(first, null_thread.ring);
    ck_assert_ptr_eq(second, first + 112);
    ck_assert_ptr_eq(third, second + 112);
}
END_TEST

static void *work(void *arg)
{
    pthread_barrier_t *all_born = arg;
    arenabench_null_keep(0);
    for (unsigned i = 0; i < 1000; i++)
        memset(malloc(i), 0xff, i);
    pthread_barrier_wait(all_born);
    return NULL;
}

/* Started from ring mode with the switch around pthread_create, as the worker does. */
START_TEST(two_hundred_threads_live_at_once)
{
    pthread_barrier_t all_born;
    pthread_barrier_init(&all_born, NULL, N_THREADS);
    pthread_t threads[N_THREADS];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N_THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &all_born), 0);
            arenabench_null_keep(0);
            memset(malloc(1000), 0xff, 1000); /* would overwrite what libc keeps in a ring */
            arenabench_null_keep(1);
        }
        for (unsigned i = 0; i < N_THREADS; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

START_TEST(stdio_works_in_keep_mode)
{
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen("/proc/self/maps", "r");
    ck_assert_ptr_nonnull(in);
    unsigned n = 0;
    while (getline(&line, &room, in) > 0)
        n++;
    ck_assert_uint_gt(n, 5);
    fclose(in);
}
END_TEST

UNIT_MAIN("null_family", the_program_and_libc_call_the_null_allocator,
          two_hundred_threads_live_at_once, stdio_works_in_keep_mode)
