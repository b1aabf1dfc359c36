#include "cell_pool.h"

#include <search.h>
#include <stdlib.h>

#include "cell_numbers.h"

struct used {
    uint64_t taken; /* when it was emptied last */
    uint32_t cell;
};

/* A pair of threads, the group of numbers that it fills, and its cells: longest empty first. */
struct pair {
    struct cell_ends ends;
    uint32_t next, end;
    struct used *ring;
    uint32_t first, n, room; /* room is 0 or a power of two */
};

static int compare(const void *a, const void *b)
{
    const struct cell_ends *x = &((const struct pair *)a)->ends,
                           *y = &((const struct pair *)b)->ends;
    if (x->giver != y->giver)
        return x->giver < y->giver ? -1 : 1;
    return (x->taker > y->taker) - (x->taker < y->taker);
}

static struct pair *find_pair(struct cell_pool *p, uint32_t giver, uint32_t taker)
{
    struct pair key = {.ends = {giver, taker}}, **found = tfind(&key, &p->tree, compare);
    if (found)
        return *found;
    struct pair *fresh = malloc(sizeof(*fresh));
    if (!fresh)
        return NULL;
    *fresh = key;
    if (tsearch(fresh, &p->tree, compare))
        return fresh;
    free(fresh);
    return NULL;
}

static bool grow(struct pair *pair)
{
    uint32_t room = pair->room ? 2 * pair->room : 16;
    struct used *ring = room > pair->room ? malloc(room * sizeof(*ring)) : NULL;
    if (!ring)
        return false;
    for (uint32_t i = 0; i < pair->n; i++)
        ring[i] = pair->ring[(pair->first + i) & (pair->room - 1)];
    free(pair->ring);
    pair->ring = ring;
    pair->first = 0;
    pair->room = room;
    return true;
}

static uint32_t new_cell(struct cell_pool *p, struct pair *pair)
{
    if (pair->next == pair->end) {
        if (p->n_cells > UINT32_MAX - CELL_GROUP - 1)
            return CELL_POOL_NONE;
        pair->next = p->n_cells;
        pair->end = p->n_cells += CELL_GROUP;
    }
    return pair->next++;
}

uint32_t cell_pool_take(struct cell_pool *p, uint32_t giver, uint32_t taker, uint64_t given,
                        uint64_t taken)
{
    struct pair *pair = find_pair(p, giver, taker);
    uint64_t pause = p->pause ? p->pause : CELL_POOL_PAUSE;
    if (!pair || (pair->n == pair->room && !grow(pair)))
        return CELL_POOL_NONE;
    struct used *oldest = &pair->ring[pair->first];
    uint32_t cell;
    if (pair->n > 0 && oldest->taken + pause <= given) {
        cell = oldest->cell;
        pair->first = (pair->first + 1) & (pair->room - 1);
        pair->n--;
    } else {
        cell = new_cell(p, pair);
    }
    if (cell != CELL_POOL_NONE)
        pair->ring[(pair->first + pair->n++) & (pair->room - 1)] =
            (struct used){.taken = taken, .cell = cell};
    return cell;
}

static void free_pair(void *pair)
{
    free(((struct pair *)pair)->ring);
    free(pair);
}

void cell_pool_release(struct cell_pool *p)
{
    tdestroy(p->tree, free_pair);
    *p = (struct cell_pool){0};
}
