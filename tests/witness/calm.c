#include "calm.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic long inside, calls, asked;
static long slow;
static pthread_key_t key;
static bool has_key;
static _Thread_local bool is_known;

static const struct timespec moment = {.tv_nsec = 200000};

/* Allocators take back what they cached for a thread when it ends; this one takes its time. */
static void leave_slowly(void *unused)
{
    (void)unused;
    atomic_fetch_add(&inside, 1);
    nanosleep(&moment, NULL);
    calm_leave();
}

static void *call_for_ever(void *unused)
{
    for (;;)
        free(malloc(100));
    return unused;
}

static __attribute__((constructor)) void read_environment(void)
{
    const char *text = getenv("CALM_SLOW");
    has_key = pthread_key_create(&key, leave_slowly) == 0;
    slow = text ? strtol(text, NULL, 10) : 0;
    pthread_t thread;
    if (getenv("CALM_RESTLESS"))
        pthread_create(&thread, NULL, call_for_ever, NULL);
}

void calm_enter(void)
{
    if (has_key && !is_known)
        pthread_setspecific(key, &is_known);
    is_known = has_key;
    atomic_fetch_add(&inside, 1);
    long n = atomic_fetch_add(&calls, 1);
    if (slow > 0 && n % slow == 0)
        nanosleep(&moment, NULL);
}

void calm_leave(void)
{
    atomic_fetch_sub(&inside, 1);
}

static void end(const char *line)
{
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
    abort();
}

EXPORT struct mallinfo2 mallinfo2(void)
{
    long before = atomic_load(&calls);
    if (atomic_load(&inside) != 0)
        end("calm: a thread is in the allocator");
    nanosleep(&moment, NULL);
    if (atomic_load(&inside) != 0 || atomic_load(&calls) != before)
        end("calm: a thread came into the allocator");
    return (struct mallinfo2){.arena = (size_t)atomic_fetch_add(&asked, 1) + 1};
}

EXPORT int malloc_trim(size_t pad)
{
    const char *fault = getenv("CALM_TRIM");
    (void)pad;
    if (fault && strcmp(fault, "abort") == 0)
        end("calm: nothing is given back");
    while (fault && strcmp(fault, "hang") == 0)
        pause();
    return 0;
}

size_t calm_usable_bytes(void *p)
{
    static size_t (*_Atomic glibcs)(void *);
    if (!glibcs)
        glibcs = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    return glibcs(p);
}
