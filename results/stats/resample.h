/* A table of cells whose blocks are drawn again and again: what the bootstraps of stats.c share. */
#pragma once

#include <math.h>

#include "rng.h"
#include "stats.h"

/*
 * A value and the block it is from; a block's number counts only blocks that have a value
 * somewhere.
 */
struct entry {
    double ratio;
    unsigned block;
};

struct row {
    struct entry
        *entries; /* ascending by value, so that the median of a resample is found by counting */
    unsigned n;
    double median;
};

/* Zero is empty. */
struct resampled {
    struct row *rows; /* of the cells that have a value */
    unsigned n_rows, n_blocks;
    struct entry *entries;
    unsigned *draws; /* how often each block was drawn; once each at first */
};

static inline bool resampled_is_measured(double value)
{
    return isfinite(value) && value > 0;
}

/* 0 or -ENOMEM; released by the caller in both cases. */
int resampled_fill(struct resampled *r, const struct ratio_table *table) MUST_CHECK;
void resampled_release(struct resampled *r);

/* As many blocks as there are, each as often as chance has it. */
void resampled_draw(struct resampled *r, struct rng *rng);

/* The geometric mean of the rows' medians over what is drawn; a row that nothing was drawn of keeps its own. */
double resampled_mean(const struct resampled *r);
