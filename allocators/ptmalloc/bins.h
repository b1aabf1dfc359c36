/*
 * The lists of an arena's free chunks.
 *
 *   bins[1]        unsorted: what was freed or split last, looked through once before it is sorted
 *   bins[2..63]    small: one size each, 32 to 1008 bytes, oldest first
 *   bins[64..126]  large: ranges of sizes, largest first; chunks of one size behind each other, and
 *                  the first of each size also on a ring by fd_nextsize (to smaller) and bk_nextsize
 *   binmap         a bit per bin: clear means empty; set means perhaps not
 *
 *      large bin   fd ->   [ 2048 ] -> [ 2048 ] -> [ 1536 ] -> [ 1024 ] -> [ 1024 ] -> head
 *                            |  fd_nextsize          |            |
 *                            +---------------------->+----------->+--> back to the first
 *
 * The owner holds the arena's lock. A chunk whose links do not lead back to it is damage:
 * heap_fatal. Laws; bins_check() returns the name of a broken one:
 *   bin links     c->fd->bk == c and c->bk->fd == c all round
 *   bin size      a chunk in a bin is of the bin's sizes, and one of the unsorted bin is a chunk
 *   bin free      the chunk behind says that this one is free, and repeats its size
 *   bin order     large bins fall in size; the size ring holds the first of each size, in order
 *   bin map       a bin that holds chunks has its bit set
 */
#pragma once

#include "chunk.h"

#define N_BINS          127u
#define BIN_UNSORTED    1u
#define BIN_FIRST_SMALL 2u
#define BIN_FIRST_LARGE 64u
#define MIN_LARGE_BYTES 1024u /* smaller chunks have a small bin of their own */
#define BINMAP_WORDS    2u

struct bins {
    struct {
        struct chunk *fd, *bk;
    } heads[N_BINS + 1];
    uint64_t map[BINMAP_WORDS];
};

void bins_init(struct bins *b);

/* The head of a bin seen as a chunk, of which only fd and bk exist. */
static inline struct chunk *bin_at(struct bins *b, unsigned bin)
{
    return (struct chunk *)((char *)&b->heads[bin] - offsetof(struct chunk, fd));
}

static inline bool is_small_chunk(size_t bytes)
{
    return bytes < MIN_LARGE_BYTES;
}

static inline unsigned small_bin(size_t bytes)
{
    return (unsigned)(bytes >> 4);
}

/* Ranges of 64, 512, 4 Ki, 32 Ki and 256 Ki bytes; the last bin holds the rest. */
unsigned large_bin(size_t bytes);

static inline unsigned bin_of(size_t bytes)
{
    return is_small_chunk(bytes) ? small_bin(bytes) : large_bin(bytes);
}

/* Into the bin of its size; not the unsorted one. */
void bins_sort_in(struct bins *b, struct chunk *c, size_t bytes);

/* To the front of the unsorted bin. */
void bins_put_unsorted(struct bins *b, struct chunk *c);

/*
 * Takes a chunk off whatever bin it is in. Safe unlink: its neighbours lie in an arena or are heads of
 * `b`, and lead back to it.
 */
void bins_unlink(struct bins *b, struct chunk *c);

/* The oldest chunk of a small bin, unlinked; NULL: none. */
struct chunk *bins_take_small(struct bins *b, unsigned bin);

/* The smallest chunk of at least `bytes` in the large bin; NULL: none. Not unlinked. */
struct chunk *bins_best_in_large(struct bins *b, unsigned bin, size_t bytes);

/* The smallest chunk of the first bin behind `bin` that has any; NULL: none. Not unlinked. */
struct chunk *bins_first_above(struct bins *b, unsigned bin);

/* The one behind c, a head or in a bin, for a walk from the head to the head: damage does not make it endless. */
struct chunk *bins_next(struct bins *b, const struct chunk *c);

const char *bins_check(struct bins *b);
