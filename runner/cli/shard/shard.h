/*
 * A shard of a run, as the user names it: I/N, from 0/N to N-1/N.
 *
 * It is the unit in which a run is given to several machines. Shard I has the blocks b with b mod N == I, whole, and
 * makes the surveys (the second pass) of the cells with such ordinals, so that everything that is held against
 * something else was measured on one machine; each shard takes about the N-th part of the time. What a run is, its seed and
 * its order, does not depend on N: the shards together are the blocks that one machine would have done.
 */
#pragma once

#include "bits.h"
#include "err.h"

/* All zero is the whole run. */
struct shard {
    uint32_t index, n;
};

/* -EINVAL for what is not I/N with I < N. */
int shard_parse(const char *word, struct shard *out, struct err *err) MUST_CHECK;

/* Whether it has the block, or the cell, of that number. */
static inline bool shard_has(const struct shard *s, uint32_t number)
{
    return s->n == 0 || number % s->n == s->index;
}
