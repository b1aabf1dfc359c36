#include "resample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_entries(const void *a, const void *b)
{
    return compare_doubles(&((const struct entry *)a)->ratio, &((const struct entry *)b)->ratio);
}

/*
 * The value at `rank` when each entry stands as often as its block was drawn; rank below the total.
 */
static double drawn_value(const struct row *row, const unsigned *draws, unsigned rank)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < row->n; i++) {
        seen += draws[row->entries[i].block];
        if (seen > rank)
            return row->entries[i].ratio;
    }
    return row->median;
}

static double drawn_median(const struct row *row, const unsigned *draws)
{
    unsigned total = 0;
    for (unsigned i = 0; i < row->n; i++)
        total += draws[row->entries[i].block];
    if (total == 0)
        return row->median;
    double upper = drawn_value(row, draws, total / 2);
    return total % 2 ? upper : (drawn_value(row, draws, total / 2 - 1) + upper) / 2;
}

/*
 * Numbers the blocks that have a ratio in any cell, from 0, in `number`; UINT32_MAX for the others.
 */
static unsigned number_blocks(const struct ratio_table *t, unsigned *number)
{
    unsigned n = 0;
    for (unsigned b = 0; b < t->n_blocks; b++) {
        bool used = false;
        for (unsigned c = 0; c < t->n_cells && !used; c++)
            used = resampled_is_measured(t->ratios[(size_t)c * t->n_blocks + b]);
        number[b] = used ? n++ : UINT32_MAX;
    }
    return n;
}

static void add_row(struct resampled *r, const double *ratios, unsigned n_blocks,
                    const unsigned *number, struct entry *entries)
{
    struct row row = {.entries = entries};
    for (unsigned b = 0; b < n_blocks; b++)
        if (resampled_is_measured(ratios[b]))
            row.entries[row.n++] = (struct entry){.ratio = ratios[b], .block = number[b]};
    if (row.n == 0)
        return;
    qsort(row.entries, row.n, sizeof(*row.entries), compare_entries);
    row.median = (row.entries[(row.n - 1) / 2].ratio + row.entries[row.n / 2].ratio) / 2;
    r->rows[r->n_rows++] = row;
}

int resampled_fill(struct resampled *r, const struct ratio_table *t)
{
    size_t n_ratios = (size_t)t->n_cells * t->n_blocks;
    unsigned *number = calloc(t->n_blocks + 1, sizeof(*number));
    *r = (struct resampled){0};
    r->rows = calloc((size_t)t->n_cells + 1, sizeof(*r->rows));
    r->entries = calloc(n_ratios + 1, sizeof(*r->entries));
    r->draws = calloc((size_t)t->n_blocks + 1, sizeof(*r->draws));
    bool complete = number && r->rows && r->entries && r->draws;
    if (complete) {
        r->n_blocks = number_blocks(t, number);
        for (unsigned c = 0; c < t->n_cells; c++) {
            size_t first = (size_t)c * t->n_blocks;
            add_row(r, t->ratios + first, t->n_blocks, number, r->entries + first);
        }
        for (unsigned b = 0; b < r->n_blocks; b++)
            r->draws[b] = 1;
    }
    free(number);
    return complete ? 0 : -ENOMEM;
}

void resampled_draw(struct resampled *r, struct rng *rng)
{
    memset(r->draws, 0, r->n_blocks * sizeof(*r->draws));
    for (unsigned b = 0; b < r->n_blocks; b++)
        r->draws[rng_below(rng, r->n_blocks)]++;
}

double resampled_mean(const struct resampled *r)
{
    if (r->n_rows == 1)
        return drawn_median(&r->rows[0], r->draws);
    double sum = 0;
    for (unsigned i = 0; i < r->n_rows; i++)
        sum += log(drawn_median(&r->rows[i], r->draws));
    return exp(sum / r->n_rows);
}

void resampled_release(struct resampled *r)
{
    free(r->rows);
    free(r->entries);
    free(r->draws);
    *r = (struct resampled){0};
}
