/*
 * tcmalloc's transfer_num_obj: a thread that has nothing of a size left takes some from the central list, one more
 * each time, until it takes that number at once. What it holds then jumps by so many objects.
 */
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "effect.h"

extern int MallocExtension_GetNumericProperty(const char *, size_t *) __attribute__((weak));

enum { OBJECT = 8, SHOWN_MOST = 1024 };

static size_t thread_bytes(void)
{
    size_t bytes = 0;
    MallocExtension_GetNumericProperty("tcmalloc.current_total_thread_cache_bytes", &bytes);
    return bytes;
}

/* The most objects that came at once while `rounds` times some came. */
static uint64_t measure_transfer(uint64_t rounds)
{
    uint64_t most = 0;
    for (uint64_t round = 0; round < rounds;) {
        size_t before = thread_bytes();
        void *volatile p = malloc(OBJECT);
        size_t now = thread_bytes();
        if (!p)
            return EFFECT_LOST;
        if (now < before)
            continue;
        uint64_t came = (now - before) / OBJECT + 1; /* and one of them was handed out */
        most = came > most ? came : most;
        round++;
        for (uint64_t i = 1; i < came; i++) { /* uses them up, unasked: asking takes time */
            void *volatile used = malloc(OBJECT);
            (void)used;
        }
    }
    return most;
}

static void probe_transfer(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    (void)all;
    if (wanted > SHOWN_MOST) {
        effect_say(out, EFFECT_UNPROVED, "so many are never moved at once");
        return;
    }
    uint64_t n = effect_measure(measure_transfer, 2 * wanted + 16);
    if (n != wanted)
        effect_other(out, n);
}

effect_probe *effect_find_tcmalloc(const char *name)
{
    return strcmp(name, "transfer_num_obj") == 0 ? probe_transfer : NULL;
}
