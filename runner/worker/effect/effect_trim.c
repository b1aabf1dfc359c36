/*
 * glibc's trim_threshold. In each child a heap is made whose top, once what lies above a boundary is free, is
 * of the very size to be tried:
 *
 *      | piece | piece | kept  :  free | piece | piece | top |
 *                              ^ end of the heap less the size
 *
 * The piece that the boundary cuts is shortened in place; those above are freed, the last one at last, and
 * that free cuts the top off or does not.
 */
#include <malloc.h>
#include <stdlib.h>

#include "bits.h"
#include "effect_chunk.h"
#include "effect_probes.h"

#define SHOWN_MOST  GIB
#define PIECES_MOST 16384u
#define ATTEMPTS    12u
#define FREE_LEAST  (2 * KIB)  /* is kept by no cache */
#define TRIM_LEAST  (64 * KIB) /* glibc looks at the top only when so much came together */

static size_t piece_bytes; /* of a chunk: no mapping, and kept by no cache */
static unsigned attempt;   /* at a boundary that does not lie at the edge of a piece */

struct pieces {
    char *at[PIECES_MOST];
    size_t n;
};

static uintptr_t end_of_heap(const char *last)
{
    return chunk_begin(last) + chunk_bytes(last) + mallinfo2().keepcost;
}

static bool add_piece(struct pieces *pieces, size_t chunk)
{
    char *p = pieces->n < PIECES_MOST ? malloc(chunk - CHUNK_HEADER) : NULL;
    if (!p || chunk_is_mapped(p))
        return false;
    pieces->at[pieces->n++] = p;
    return true;
}

/* Until more than `top` bytes lie between the first piece and the end, and the boundary below the last one's. */
static bool build(struct pieces *pieces, uint64_t top)
{
    size_t bytes = chunk_round(piece_bytes - (piece_bytes / 32 + 80) * attempt);
    do {
        if (!add_piece(pieces, bytes))
            return false;
    } while (end_of_heap(pieces->at[pieces->n - 1]) - chunk_begin(pieces->at[0]) <
             top + piece_bytes);
    size_t free_bytes = mallinfo2().keepcost;
    return free_bytes + FREE_LEAST <= top ||
           add_piece(pieces, chunk_round(free_bytes + 2 * FREE_LEAST - top));
}

/* 1: the free that left a top of so many bytes cut it off; 0: it did not. */
static uint64_t is_trimmed(uint64_t top)
{
    static struct pieces pieces;
    if (!malloc(1) || !build(&pieces, top))
        return EFFECT_LOST;
    uintptr_t boundary = end_of_heap(pieces.at[pieces.n - 1]) - top;
    size_t cut = pieces.n - 1;
    while (cut > 0 && chunk_begin(pieces.at[cut]) > boundary)
        cut--;
    uintptr_t begin = chunk_begin(pieces.at[cut]), end = begin + chunk_bytes(pieces.at[cut]);
    if (boundary < begin + CHUNK_LEAST || boundary + FREE_LEAST > end)
        return EFFECT_LOST;

    size_t held = mallinfo2().arena;
    if (realloc(pieces.at[cut], boundary - begin - CHUNK_HEADER) != pieces.at[cut])
        return EFFECT_LOST;
    for (size_t i = cut + 1; i < pieces.n; i++)
        free(pieces.at[i]);
    struct mallinfo2 now = mallinfo2();
    if (now.arena < held)
        return 1;
    return now.keepcost == top ? 0 : EFFECT_LOST;
}

static uint64_t cuts(uint64_t top)
{
    uint64_t cut = EFFECT_LOST;
    for (attempt = 0; cut == EFFECT_LOST && attempt < ATTEMPTS; attempt++)
        cut = effect_measure(is_trimmed, top);
    return cut;
}

/* As effect_least(), which cannot try again. */
static uint64_t least_cut(uint64_t low, uint64_t high)
{
    if (cuts(high) != 1)
        return EFFECT_NONE;
    while (low < high) {
        uint64_t middle = low + (high - low) / (2 * CHUNK_GRAIN) * CHUNK_GRAIN;
        if (cuts(middle) == 1)
            high = middle;
        else
            low = middle + CHUNK_GRAIN;
    }
    return high;
}

/* Below it no top is cut: what a trim leaves is the pad, and it gives back whole pages. */
static uint64_t floor_of(const struct effect_list *all)
{
    uint64_t pad = effect_given(all, "top_pad", 128 * KIB);
    uint64_t page = effect_given(all, "hugetlb", 0) ? 2 * MIB : 4 * KIB;
    uint64_t floor = chunk_round(pad + CHUNK_LEAST + 1 + page);
    return floor < TRIM_LEAST ? TRIM_LEAST : floor;
}

/* Below this one's threshold for mappings, which stands still when trim_threshold was given. */
static void choose_piece(const struct effect_list *all)
{
    uint64_t threshold = effect_given(all, "mmap_threshold", 128 * KIB);
    if (effect_given(all, "mmap_max", 1) == 0)
        threshold = 2 * MIB;
    piece_bytes = threshold > 2 * MIB ? MIB : chunk_round(threshold / 2);
}

/* Whether the least top that can be cut is: then the threshold is not above it. */
static void probe_floor(uint64_t floor, struct effect *out)
{
    uint64_t cut = cuts(floor);
    if (cut == 0)
        effect_other(out, least_cut(floor, SHOWN_MOST / 4));
    else
        effect_say(out, EFFECT_UNPROVED, "lies below what a trim leaves (top_pad)");
}

static void probe_above(uint64_t floor, uint64_t wanted, struct effect *out)
{
    uint64_t at = cuts(chunk_round(wanted)), below = cuts(chunk_round(wanted) - CHUNK_GRAIN);
    if (at == 1 && below == 0)
        return;
    if (at == 0 || below == 1)
        effect_other(out, least_cut(floor, at == 1 ? wanted : SHOWN_MOST / 4));
    else
        effect_say(out, EFFECT_UNPROVED, "no heap could be made to show it");
}

void effect_trim_threshold(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    uint64_t floor = floor_of(all);
    choose_piece(all);
    if (piece_bytes < 2 * FREE_LEAST)
        effect_say(out, EFFECT_UNPROVED, "nearly every object is a mapping");
    else if (effect_given(all, "hugetlb", 0) >= 2)
        effect_say(out, EFFECT_UNPROVED, "the heap is not contiguous");
    else if (floor >= SHOWN_MOST || wanted > SHOWN_MOST || wanted / piece_bytes >= PIECES_MOST - 8)
        effect_say(out, EFFECT_UNPROVED, "no heap is made so large");
    else if (wanted <= floor)
        probe_floor(floor, out);
    else
        probe_above(floor, wanted, out);
}
