#include "shape_scale.h"

#include <errno.h>
#include <stdlib.h>

/* live * heap / volume, in 2^-SHAPE_COUNT_BITS; volume below 2^93, the quotient below 2^28. */
static uint64_t scaled(uint64_t live, uint64_t heap, unsigned __int128 volume)
{
    unsigned __int128 product = (unsigned __int128)live * heap;
    unsigned __int128 whole = product / volume, rest = product % volume;
    return (uint64_t)(whole << SHAPE_COUNT_BITS | (rest << SHAPE_COUNT_BITS) / volume);
}

/* Little's law, with time in allocations of the thread. */
static uint64_t life_of(const struct shape_scale *s, const struct shape_row *row, uint64_t live)
{
    uint64_t most = ((uint64_t)s->n_births * SHAPE_PASSES_MAX) << SHAPE_TIME_BITS;
    if (row->rate == 0)
        return most;
    unsigned __int128 life = (unsigned __int128)live * s->table->rate / row->rate;
    life >>= SHAPE_COUNT_BITS - SHAPE_TIME_BITS;
    return life < most ? (uint64_t)life : most;
}

uint64_t shape_scale_objects(const struct shape_table *table, uint64_t heap)
{
    unsigned __int128 n = (unsigned __int128)table->live * heap / shape_table_volume(table) + 1;
    return n < UINT64_MAX ? (uint64_t)n : UINT64_MAX;
}

int shape_scale_make(const struct shape_table *table, uint64_t heap, uint32_t threads,
                     uint32_t n_births, struct shape_scale *out, struct err *err)
{
    unsigned __int128 volume = shape_table_volume(table) * threads;
    *out = (struct shape_scale){.table = table, .n_births = n_births};
    out->n_live = scaled(table->live, heap, volume) / ((uint64_t)1 << SHAPE_COUNT_BITS) + 1;
    out->targets = calloc(table->n_rows, sizeof(out->targets[0]));
    if (!out->targets)
        return err_set(err, ENOMEM, "no memory for %u sizes", table->n_rows);
    for (uint32_t i = 0; i < table->n_rows; i++) {
        struct shape_target *target = &out->targets[i];
        target->live = scaled(table->rows[i].live, heap, volume);
        target->life = life_of(out, &table->rows[i], target->live);
    }
    return 0;
}

void shape_scale_release(struct shape_scale *scale)
{
    free(scale->targets);
    *scale = (struct shape_scale){0};
}
