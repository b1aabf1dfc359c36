/*
 * An arena of the implicit allocator: the textbook's implicit free list (Knuth's boundary tags, The Art of
 * Computer Programming 1, 2.5), with many arenas. A request walks over all blocks, free or not, until one
 * fits: its cost grows with their number, and the statistics say how far it went. Everything here wants
 * the arena's lock held.
 *
 * Laws; implicit_check() returns the name of a broken one:
 *   prologue       every span begins with a block of 16 bytes in use
 *   block sizes    from there the blocks follow each other to the epilogue without a gap
 *   previous free  PREVIOUS_FREE tells of every block whether the one before is free
 *   footer         the last word of a free block repeats its size
 *   coalesced      no two free blocks lie side by side
 *   newest span    it is the last of the list, and ends where the arena's memory ends
 *   rover          it is a block of its span, or there is none
 */
#pragma once

#include "arena.h"
#include "block.h"
#include "request.h"

/* A place in the walk over the blocks of an arena. */
struct cursor {
    struct span *span;
    struct block *block; /* never an epilogue; NULL: behind the last block of all */
};

struct implicit_arena {
    struct arena arena;
    struct span *oldest, *newest; /* NULL: no memory yet */
    struct cursor rover;          /* next fit goes on here */
    uint64_t searches, search_steps;
} __attribute__((aligned(FAMILY_ALIGNMENT)));

/* Rests below this stay with the block: they would serve almost nobody, and every search would step
 * over them. */
#define SPLIT_MIN_BYTES 32u

enum fit { FIT_FIRST, FIT_NEXT, FIT_BEST };
extern _Atomic size_t implicit_fit __attribute__((visibility("hidden")));
extern const struct tunable implicit_tunables[] __attribute__((visibility("hidden")));

/* Bytes before the object in b so that it is aligned as r wants, or SIZE_MAX where r has no room in b. */
size_t implicit_lead(const struct block *b, const struct request *r);

/* A free block with room for r, by the setting `fit`; NULL: there is none. */
struct block *implicit_find(struct implicit_arena *m, const struct request *r);

/* Makes b and what is free beside it one free block, and returns that. b is in no use. */
struct block *implicit_coalesce(struct implicit_arena *m, struct block *b);

/* The cursor of the first block; block NULL: there is none. */
struct cursor implicit_start(const struct implicit_arena *m);
/* On to the next block; a tag that leads out of the span ends the process. */
void implicit_step(struct cursor *at);

/* The header of a span, which lies before its first block, is damaged: ends the process. */
void implicit_must_be_span(const struct span *s);

/* The tag of b, free or in use, cannot be one of this span. */
bool implicit_is_damaged(const struct span *s, const struct block *b);

void implicit_statistics(struct arena *a, struct statistics_sink *s);
const char *implicit_check(struct arena *a);
