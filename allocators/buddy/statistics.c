/* What the buddy allocator tells of itself: above all, what rounding up costs. */
#include "slab.h"
#include "text.h"

extern void buddy_statistics(struct arena *a, struct statistics_sink *s);

static void add_order(const struct buddy_arena *m, unsigned order, struct statistics_sink *s)
{
    if (m->n_free[order] == 0 && m->n_blocks[order] == 0)
        return;
    uint64_t waste = m->n_blocks[order] * order_bytes(order) - m->requested[order];
    const struct {
        const char *what;
        uint64_t value;
    } rows[] = {{"blocks", m->n_blocks[order]}, {"free", m->n_free[order]}, {"waste_bytes", waste}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char name[STATISTIC_NAME_BYTES];
        text_format(name, sizeof(name), "order_%u_%s", order, rows[i].what);
        statistics_add(s, STATISTIC_ARENA, &m->arena, name, rows[i].value);
    }
}

void buddy_statistics(struct arena *a, struct statistics_sink *s)
{
    const struct buddy_arena *m = (struct buddy_arena *)a;
    uint64_t blocks = 0, free = 0, objects = 0;
    for (unsigned k = 0; k < BUDDY_ORDERS; k++) {
        blocks += m->n_blocks[k] * order_bytes(k);
        free += m->n_free[k] * order_bytes(k);
    }
    for (unsigned c = 0; c < SLAB_CLASSES; c++)
        objects += m->n_objects[c] * slab_bytes(c);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"bytes_in_use", blocks + objects},
        {"free_bytes", free},
        {"order_waste_bytes", m->order_waste},
        {"max_order_waste_bytes", m->max_order_waste},
        {"slab_waste_bytes", m->slab_pages * BUDDY_PAGE_BYTES - objects},
        {"table_bytes", a->system_mem - blocks - free - m->slab_pages * BUDDY_PAGE_BYTES},
        {"splits", m->splits},
        {"merges", m->merges},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        statistics_add(s, STATISTIC_ARENA, a, rows[i].name, rows[i].value);
    for (unsigned k = 0; k < BUDDY_ORDERS; k++)
        add_order(m, k, s);
}
