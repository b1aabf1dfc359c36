/*
 * Births and live counts by size while time goes on. Sizes are told apart up to SIZE_COUNTS_EXACT of
 * them; when there are more, sizes that agree in their 8 leading bits are counted as one from then
 * on. So memory is bounded, some 5 MiB. Zero is a valid beginning; time begins at 0. One thread at a
 * time.
 */
#pragma once

#include "number_map.h"

#define SIZE_COUNTS_EXACT 65536u

struct size_count {
    uint64_t bytes; /* the size; of sizes that are counted as one, of one of them */
    uint64_t births;
    uint64_t live, since; /* objects now; since when they are so many */
    double live_time;     /* objects times time, up to `since` */
    double birth_bytes,
        live_bytes; /* births and live_time times their sizes; to be had when done */
};

struct size_counts {
    struct size_count *counts;
    uint32_t n, room;
    struct number_map places; /* from size + 1 to a place in counts */
    uint64_t now;
    bool merged; /* there were too many sizes */
    bool failed; /* memory was out: what follows is not to be trusted */
};

void size_counts_begin(struct size_counts *s, uint64_t bytes);
/* An object of this size, that began, ends. */
void size_counts_end(struct size_counts *s, uint64_t bytes);
/* What is live now was so up to now. */
void size_counts_finish(struct size_counts *s);
void size_counts_release(struct size_counts *s);

/*
 * After finish: at most `most` rows, 64 or more, by size. Three quarters of them, or all, keep the
 * sizes that weigh most by births, live objects and live bytes; the others are merged with those that agree
 * in their leading bits, as many as go, and stand for their mean size. Returns how many rows are left.
 */
uint32_t size_counts_merge(struct size_counts *s, uint32_t most);
