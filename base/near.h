/*
 * Which known names a mistyped word may have meant: the few at the least edit distance. Insertions,
 * deletions, changes and swaps of neighbours count one each (optimal string alignment); letters of
 * either case are the same; a name that begins with the word is as near as one mistake, and one that begins with
 * it but for some mistakes has these count twice on top.
 * No allocation, no stdio. A struct near belongs to one thread; the names must outlive it.
 */
#pragma once

#include "bits.h"

#define NEAR_NAMES      3  /* a hint names so many at most */
#define NEAR_WORD_BYTES 48 /* longer words and names are near to nothing */

struct near {
    const char *word;
    size_t length;
    unsigned n;
    struct {
        const char *name;
        unsigned distance;
    } best[NEAR_NAMES]; /* the nearest first; of equals the one offered first */
};

/* Edit distance of two texts; UINT_MAX when one is longer than NEAR_WORD_BYTES. */
unsigned near_distance(const char *a, size_t a_length, const char *b, size_t b_length);

/* The word need not be terminated. */
void near_init(struct near *near, const char *word, size_t length);

/* Keeps `name` if it is near enough: a longer word may hold more mistakes. */
void near_offer(struct near *near, const char *name);

/* Writes "did you mean a, b or c?", or "" where nothing was near. Returns the length. */
size_t near_hint(const struct near *near, char *out, size_t n);
