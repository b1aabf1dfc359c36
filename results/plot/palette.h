/*
 * How subjects look in plots: a colour, a dash and a point for each allocator by its name, the same in every plot, that can be
 * told apart by people who see fewer colours (Okabe and Ito, "Color Universal Design", 2008, and spare ones of
 * Tol's) and, by dash and point, in grey. Pure; any thread may call.
 */
#pragma once

#include "bits.h"

struct look {
    uint32_t rgb;     /* 0xrrggbb */
    const char *dash; /* of gnuplot's: "1", "'-.'" */
    unsigned point;   /* of gnuplot's */
};

#define PALETTE_SPARE 8u

/* Of an allocator that is known by name; NULL for others. */
const struct look *palette_of(const char *allocator);

/*
 * Looks for a list of subjects by their allocators' names: the first of each known allocator has its own, and
 * those that stand behind it, with another setting, and strangers have the spare ones in turn.
 */
void palette_choose(const char *const *allocators, uint32_t n, struct look *out);
