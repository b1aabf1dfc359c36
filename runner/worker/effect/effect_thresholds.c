/*
 * glibc's mmap_threshold, mmap_max and top_pad. A request becomes a mapping only when the heap would have to
 * grow for it: so what is left at the top of the heap is taken first.
 */
#include <malloc.h>
#include <stdlib.h>

#include "bits.h"
#include "effect_chunk.h"
#include "effect_probes.h"

#define SHOWN_MOST (4 * GIB) /* a system that counts may refuse larger requests */

/* Sets up the thread's cache and leaves of the top no more than there must be. False: no memory. */
static bool use_up_top(void)
{
    void *first = malloc(1);
    size_t top = mallinfo2().keepcost;
    if (top > 2 * CHUNK_LEAST)
        return first && malloc(top - CHUNK_LEAST - CHUNK_HEADER) != NULL;
    return first != NULL;
}

static uint64_t is_chunk_mapped(uint64_t chunk)
{
    if (!use_up_top())
        return EFFECT_LOST;
    const void *p = malloc(chunk - CHUNK_HEADER);
    return p ? (uint64_t)chunk_is_mapped(p) : EFFECT_LOST;
}

void effect_mmap_threshold(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    uint64_t at = chunk_round(wanted < CHUNK_LEAST ? CHUNK_LEAST : wanted);
    if (effect_given(all, "mmap_max", 1) == 0)
        effect_say(out, EFFECT_DISABLED, "disabled by mmap_max=0, which allows no mapping");
    else if (wanted > SHOWN_MOST)
        effect_say(out, EFFECT_UNPROVED, "no request is so large");
    else if (effect_measure(is_chunk_mapped, at) != 1 ||
             (at > CHUNK_LEAST && effect_measure(is_chunk_mapped, at - CHUNK_GRAIN) != 0))
        effect_other(out, effect_least(is_chunk_mapped, CHUNK_LEAST, SHOWN_MOST));
}

static uint64_t mapped_bytes; /* of a request that is a mapping */

/* How many objects become mappings; no more than `most` are made. */
static uint64_t count_mapped(uint64_t most)
{
    uint64_t n = 0;
    if (!use_up_top())
        return EFFECT_LOST;
    while (n < most) {
        const void *p = malloc(mapped_bytes);
        if (!p)
            return EFFECT_LOST;
        if (!chunk_is_mapped(p))
            break;
        n++;
    }
    return n;
}

#define MAPPINGS_MOST 4096u /* more take longer than a trial is worth */

void effect_mmap_max(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    uint64_t threshold = effect_given(all, "mmap_threshold", 128 * KIB);
    mapped_bytes = threshold + 4 * KIB;
    if (wanted > MAPPINGS_MOST || threshold > 64 * MIB) {
        effect_say(out, EFFECT_UNPROVED, "so many mappings are not made to show it");
        return;
    }
    uint64_t n = effect_measure(count_mapped, wanted + 1);
    if (n > wanted)
        n = effect_measure(count_mapped, MAPPINGS_MOST);
    if (n != wanted)
        effect_other(out, n);
}

/* What the first request of the process takes from the system, less what it needs. */
static uint64_t measure_pad(uint64_t needless)
{
    (void)needless;
    const void *p = malloc(1); /* sets up the thread's cache, and takes memory for both */
    struct mallinfo2 info = mallinfo2();
    if (!p || info.hblks > 0)
        return EFFECT_LOST;
    return info.arena - (chunk_begin(p) & (4 * KIB - 1)) - CHUNK_LEAST;
}

void effect_top_pad(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    uint64_t grain = effect_given(all, "hugetlb", 0) ? 2 * MIB : 4 * KIB;
    uint64_t pad = effect_measure(measure_pad, 0);
    if (effect_given(all, "mmap_threshold", MIB) <= KIB)
        effect_say(out, EFFECT_UNPROVED, "every object is a mapping");
    else if (effect_given(all, "hugetlb", 0) >= 2)
        effect_say(out, EFFECT_UNPROVED, "the heap is not contiguous");
    else if (pad < wanted || pad - wanted >= grain)
        effect_other(out, pad);
}
