/*
 * glibc's tcache_count, tcache_max, mxfast and perturb. mallinfo2 counts what a thread keeps as in use, and
 * what is in a fast bin as free and as "fsmblks": so it tells where a freed object went.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "effect_chunk.h"
#include "effect_probes.h"

enum { COUNT_MOST = 65535, CACHED_MOST = 1040 /* the largest chunk of a thread's cache */ };

static void *objects[COUNT_MOST + 2];

/* Makes n objects of that chunk, and one behind them that keeps the last from the top. */
static bool make_objects(uint64_t chunk, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        objects[i] = malloc(chunk - CHUNK_HEADER);
        if (!objects[i] || chunk_is_mapped(objects[i]))
            return false;
    }
    return malloc(chunk - CHUNK_HEADER) != NULL;
}

/* 1: of n + 1 freed objects one was not kept; 0: all were. */
static uint64_t is_full(uint64_t n)
{
    if (!make_objects(CHUNK_LEAST, n + 1))
        return EFFECT_LOST;
    size_t used = mallinfo2().uordblks;
    for (uint64_t i = 0; i <= n; i++)
        free(objects[i]);
    return mallinfo2().uordblks < used;
}

/* How many objects of a size are kept: found near what was asked for, or by halving. */
static uint64_t find_count(uint64_t guess)
{
    if (guess <= COUNT_MOST && effect_measure(is_full, guess) == 1 &&
        (guess == 0 || effect_measure(is_full, guess - 1) == 0))
        return guess;
    uint64_t low = 0, high = COUNT_MOST;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (effect_measure(is_full, middle) == 1)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool maps_all(const struct effect_list *all, struct effect *out)
{
    if (effect_given(all, "mmap_threshold", MIB) > 2 * KIB)
        return false;
    effect_say(out, EFFECT_UNPROVED, "small objects are mappings");
    return true;
}

void effect_tcache_count(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    if (maps_all(all, out))
        return;
    uint64_t count = find_count(wanted);
    if (count != wanted)
        effect_other(out, count);
}

/* 1: an object of that chunk is kept when it is freed. */
static uint64_t is_kept(uint64_t chunk)
{
    if (!make_objects(chunk, 1))
        return EFFECT_LOST;
    size_t used = mallinfo2().uordblks;
    free(objects[0]);
    return mallinfo2().uordblks == used;
}

void effect_tcache_max(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    if (maps_all(all, out))
        return;
    uint64_t largest = chunk_round(wanted + CHUNK_HEADER);
    largest = largest < CHUNK_LEAST ? CHUNK_LEAST : largest;
    if (effect_measure(is_kept, CHUNK_LEAST) != 1)
        effect_say(out, EFFECT_DISABLED, "disabled: a thread keeps nothing (tcache_count=0)");
    else if (effect_measure(is_kept, largest) != 1 ||
             effect_measure(is_kept, largest + CHUNK_GRAIN) != 0) {
        uint64_t chunk = CHUNK_LEAST;
        while (chunk < 2 * CACHED_MOST && effect_measure(is_kept, chunk + CHUNK_GRAIN) == 1)
            chunk += CHUNK_GRAIN;
        effect_other(out, chunk - CHUNK_HEADER);
    }
}

static uint64_t kept; /* objects of a size that a thread keeps */

/* 1: what a thread does not keep of that chunk goes to a fast bin. */
static uint64_t is_fast(uint64_t chunk)
{
    if (!make_objects(chunk, kept + 1))
        return EFFECT_LOST;
    for (uint64_t i = 0; i <= kept; i++)
        free(objects[i]);
    return mallinfo2().fsmblks > 0;
}

void effect_mxfast(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    enum { FAST_MOST = 176 };
    if (maps_all(all, out))
        return;
    kept = find_count(effect_given(all, "tcache_count", 7));
    uint64_t largest = (wanted + CHUNK_HEADER) / CHUNK_GRAIN * CHUNK_GRAIN;
    bool fits = largest < CHUNK_LEAST || effect_measure(is_fast, largest) == 1;
    uint64_t beyond = largest < CHUNK_LEAST ? CHUNK_LEAST : largest + CHUNK_GRAIN;
    if (fits && effect_measure(is_fast, beyond) == 0)
        return;
    uint64_t chunk = 0;
    for (uint64_t next = CHUNK_LEAST; next <= FAST_MOST; next += CHUNK_GRAIN)
        if (effect_measure(is_fast, next) == 1)
            chunk = next;
    effect_other(out, chunk);
}

/* The byte in the middle of an object that was freed, and before held another one. */
static uint64_t byte_after_free(uint64_t wanted)
{
    enum { BYTES = 8192, MIDDLE = 4096 };
    char other = (char)(wanted ^ 0x5a), *p = malloc(BYTES);
    if (!p || !malloc(BYTES))
        return EFFECT_LOST;
    memset(p, other, BYTES);
    volatile const unsigned char *at = (volatile const unsigned char *)p + MIDDLE;
    uintptr_t middle = (uintptr_t)at; /* the object is gone, its memory is not */
    free(p);
    unsigned char now = *(volatile const unsigned char *)middle;
    return now == (unsigned char)other ? 0 : now;
}

void effect_perturb(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    if (effect_given(all, "mmap_threshold", MIB) <= 16 * KIB) {
        effect_say(out, EFFECT_UNPROVED, "the object is a mapping");
        return;
    }
    uint64_t byte = effect_measure(byte_after_free, wanted);
    if (byte != wanted)
        effect_other(out, byte);
}
