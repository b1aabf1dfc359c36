#include "shape_draw.h"

#include <errno.h>
#include <stdlib.h>

int shape_draw_init(struct shape_draw *d, const struct shape_scale *scale, struct err *err)
{
    uint32_t n = scale->n_births;
    *d = (struct shape_draw){
        .scale = scale,
        .n_births = n,
        .rows = calloc(n, sizeof(d->rows[0])),
        .lengths = calloc(n, sizeof(d->lengths[0])),
        .remote = calloc(n, sizeof(d->remote[0])),
        .dying = calloc(n, sizeof(d->dying[0])),
        .first = calloc(n + (size_t)1, sizeof(d->first[0])),
    };
    if (!d->rows || !d->lengths || !d->remote || !d->dying || !d->first)
        return err_set(err, ENOMEM, "no memory to draw %u allocations", n);
    return 0;
}

void shape_draw_release(struct shape_draw *d)
{
    free(d->rows);
    free(d->lengths);
    free(d->remote);
    free(d->dying);
    free(d->first);
    *d = (struct shape_draw){0};
}

static uint32_t draw_32(struct rng *rng)
{
    return (uint32_t)(rng_next(rng) >> 32);
}

/*
 * A run of numbers that fall from x on has an odd length with probability exp(-x): then x is the
 * fraction, and the number of failures before it is the whole part.
 */
uint64_t shape_draw_exponential(struct rng *rng)
{
    for (uint64_t whole = 0;; whole++) {
        uint32_t x = draw_32(rng), last = x, next;
        bool odd = true;
        while ((next = draw_32(rng)) < last) {
            last = next;
            odd = !odd;
        }
        if (odd)
            return whole << 32 | x;
    }
}

/* Each row its share of the births, rounded up or down: systematic sampling with a random start. */
static void draw_rows(struct shape_draw *d, struct rng *rng)
{
    const struct shape_table *table = d->scale->table;
    uint64_t start = rng_below(rng, table->rate), below = table->rows[0].rate;
    uint32_t row = 0;
    for (uint32_t i = 0; i < d->n_births; i++) {
        unsigned __int128 at = ((unsigned __int128)i * table->rate + start) / d->n_births;
        while (at >= below)
            below += table->rows[++row].rate;
        d->rows[i] = row;
    }
    for (uint32_t i = d->n_births - 1; i > 0; i--) {
        uint32_t j = (uint32_t)rng_below(rng, i + (uint64_t)1), kept = d->rows[i];
        d->rows[i] = d->rows[j];
        d->rows[j] = kept;
    }
}

static void draw_lengths(struct shape_draw *d, struct rng *rng)
{
    uint64_t pass = (uint64_t)d->n_births << SHAPE_TIME_BITS;
    for (uint32_t i = 0; i < d->n_births; i++) {
        unsigned __int128 life = shape_draw_exponential(rng);
        life = life * d->scale->targets[d->rows[i]].life >> 32;
        d->lengths[i] = (uint32_t)((uint64_t)(life % pass) >> SHAPE_TIME_BITS);
    }
}

/* Selection sampling (Knuth, volume 2, 3.4.2) among those that live long enough, then among others. */
static void draw_remote(struct shape_draw *d, uint32_t n_remote, uint32_t lag, struct rng *rng)
{
    uint32_t left[2] = {0, 0}, wanted[2];
    for (uint32_t i = 0; i < d->n_births; i++)
        left[d->lengths[i] >= lag]++;
    wanted[true] = n_remote < left[true] ? n_remote : left[true];
    wanted[false] = n_remote - wanted[true];
    for (uint32_t i = 0; i < d->n_births; i++) {
        bool is_long = d->lengths[i] >= lag;
        d->remote[i] = wanted[is_long] > 0 && rng_below(rng, left[is_long]) < wanted[is_long];
        left[is_long]--;
        wanted[is_long] -= d->remote[i];
        if (d->remote[i])
            d->lengths[i] = is_long ? d->lengths[i] - lag : 0;
    }
}

/* Births by their ends; those with the same one stay in their order. */
static void sort_ends(struct shape_draw *d)
{
    uint32_t n = d->n_births;
    for (uint32_t b = 0; b <= n; b++)
        d->first[b] = 0;
    for (uint32_t i = 0; i < n; i++)
        d->first[shape_draw_end(d, i) + 1]++;
    for (uint32_t b = 0; b < n; b++)
        d->first[b + 1] += d->first[b];
    for (uint32_t i = 0; i < n; i++)
        d->dying[d->first[shape_draw_end(d, i)]++] = i;
    for (uint32_t b = n; b > 0; b--)
        d->first[b] = d->first[b - 1];
    d->first[0] = 0;
}

void shape_draw_make(struct shape_draw *d, uint32_t n_remote, uint32_t lag, struct rng *rng)
{
    d->n_remote = n_remote;
    draw_rows(d, rng);
    draw_lengths(d, rng);
    draw_remote(d, n_remote, lag, rng);
    sort_ends(d);
}

void shape_draw_lasting(const struct shape_scale *scale, const uint64_t *arcs, uint32_t start,
                        uint32_t *counts)
{
    uint64_t carry = start;
    for (uint32_t i = 0; i < scale->table->n_rows; i++) {
        unsigned __int128 held = (unsigned __int128)arcs[i] << (SHAPE_COUNT_BITS - 1);
        uint64_t live = scale->targets[i].live, there = (uint64_t)(held / scale->n_births);
        carry += live > there ? live - there : 0;
        counts[i] = (uint32_t)(carry >> SHAPE_COUNT_BITS);
        carry &= ((uint64_t)1 << SHAPE_COUNT_BITS) - 1;
    }
}
