/* glibc's arena_max and arena_test: threads that allocate and stay, and the arenas they came to. */
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bits.h"
#include "effect_probes.h"

enum { THREADS_MOST = 300, STACK = 64 * 1024, ARENAS_PER_CORE = 8 };

static void *allocate(void *arrived)
{
    void *volatile p = malloc(64); /* brings the thread to an arena */
    (void)p;
    __atomic_fetch_add((uint32_t *)arrived, 1, __ATOMIC_RELEASE);
    while (pause() != 0)
        continue;
    return NULL;
}

/* As malloc_info tells it. */
static uint64_t n_arenas(void)
{
    char *text = NULL;
    size_t n = 0;
    uint64_t arenas = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out || malloc_info(0, out) != 0 || fclose(out) != 0)
        return EFFECT_LOST;
    for (const char *p = text; (p = strstr(p, "<heap nr=")); p++)
        arenas++;
    return arenas;
}

/* How many arenas there are when so many threads more than the first have allocated. */
static uint64_t measure_arenas(uint64_t threads)
{
    uint32_t arrived = 0;
    pthread_attr_t attributes;
    void *volatile p = malloc(64);
    if (!p || pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK))
        return EFFECT_LOST;
    for (uint64_t i = 0; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, allocate, &arrived) != 0)
            return EFFECT_LOST;
        while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) <= i)
            sched_yield();
    }
    return n_arenas();
}

static uint64_t limit_by_cores(void)
{
    cpu_set_t cpus;
    int n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return (uint64_t)n * ARENAS_PER_CORE;
}

void effect_arena_max(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    (void)all;
    if (wanted + 2 > THREADS_MOST) {
        effect_say(out, EFFECT_UNPROVED, "so many threads are not made to show it");
        return;
    }
    uint64_t n = effect_measure(measure_arenas, wanted + 1);
    if (n > wanted)
        n = effect_measure(measure_arenas, limit_by_cores() + 1);
    if (n != wanted)
        effect_other(out, n);
}

/*
 * The limit by cores is drawn when there are more arenas than arena_test: one more than that is the most where
 * the limit is lower, and where it is not the limit hides it.
 */
void effect_arena_test(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    if (effect_is_given(all, "arena_max")) {
        effect_say(out, EFFECT_DISABLED, "disabled by arena_max, which sets the limit itself");
        return;
    }
    if (wanted + 3 > THREADS_MOST || wanted < limit_by_cores()) {
        effect_say(out, EFFECT_UNPROVED, "hidden by the limit of 8 arenas for each core");
        return;
    }
    uint64_t n = effect_measure(measure_arenas, wanted + 2);
    if (n != wanted + 1)
        effect_other(out, n == EFFECT_LOST ? n : n - 1);
}
