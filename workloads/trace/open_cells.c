#include "open_cells.h"

#include <stdlib.h>

static uint64_t key_of(uint32_t cell)
{
    return (uint64_t)cell + 1;
}

struct open_cell *open_cells_find(const struct open_cells *o, uint32_t cell)
{
    uint32_t i = number_map_get(&o->index, key_of(cell));
    return i == NUMBER_MAP_NONE ? NULL : &o->cells[i];
}

static bool grow(struct open_cells *o)
{
    uint32_t room = o->room ? 2 * o->room : 64;
    if (room <= o->room)
        return false;
    struct open_cell *cells = reallocarray(o->cells, room, sizeof(*cells));
    if (cells)
        o->cells = cells;
    uint32_t *unused = reallocarray(o->unused, room, sizeof(*unused));
    if (unused)
        o->unused = unused;
    if (!cells || !unused)
        return false;
    o->room = room;
    return true;
}

bool open_cells_add(struct open_cells *o, uint32_t cell, const struct open_cell *end)
{
    if (o->n_unused == 0 && o->n == o->room && !grow(o))
        return false;
    uint32_t i = o->n_unused > 0 ? o->unused[o->n_unused - 1] : o->n;
    if (!number_map_put(&o->index, key_of(cell), i))
        return false;
    if (o->n_unused > 0)
        o->n_unused--;
    else
        o->n++;
    o->cells[i] = *end;
    o->cells[i].used = true;
    return true;
}

void open_cells_remove(struct open_cells *o, uint32_t cell)
{
    uint32_t i = number_map_remove(&o->index, key_of(cell));
    if (i == NUMBER_MAP_NONE)
        return;
    o->cells[i].used = false;
    o->unused[o->n_unused++] = i;
}

void open_cells_release(struct open_cells *o)
{
    number_map_release(&o->index);
    free(o->cells);
    free(o->unused);
    *o = (struct open_cells){0};
}
