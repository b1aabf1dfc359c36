#include "number_map.h"

#include <stdlib.h>

struct number_map_entry {
    uint64_t key; /* 0: free */
    uint32_t number;
};

/* Addresses differ in their middle bits; the multiplication carries them to the top. */
static size_t home_of(const struct number_map *m, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & (m->room - 1);
}

/* Where the key is, or the free entry where it would be. The map has one. */
static size_t find(const struct number_map *m, uint64_t key)
{
    size_t i = home_of(m, key);
    while (m->entries[i].key != 0 && m->entries[i].key != key)
        i = (i + 1) & (m->room - 1);
    return i;
}

static bool grow(struct number_map *m)
{
    struct number_map larger = {.room = m->room ? 2 * m->room : 1024, .n = m->n};
    larger.entries = calloc(larger.room, sizeof(*larger.entries));
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < m->room; i++) {
        if (m->entries[i].key != 0)
            larger.entries[find(&larger, m->entries[i].key)] = m->entries[i];
    }
    free(m->entries);
    *m = larger;
    return true;
}

bool number_map_put(struct number_map *m, uint64_t key, uint32_t number)
{
    if (4 * (m->n + 1) > 3 * m->room && !grow(m))
        return false;
    struct number_map_entry *e = &m->entries[find(m, key)];
    m->n += e->key == 0;
    *e = (struct number_map_entry){.key = key, .number = number};
    return true;
}

uint32_t number_map_get(const struct number_map *m, uint64_t key)
{
    if (m->n == 0)
        return NUMBER_MAP_NONE;
    const struct number_map_entry *e = &m->entries[find(m, key)];
    return e->key ? e->number : NUMBER_MAP_NONE;
}

/* Closes the gap at `hole` with entries that would no longer be found behind it (Knuth 6.4 R). */
static void close_gap(struct number_map *m, size_t hole)
{
    size_t mask = m->room - 1;
    for (size_t i = (hole + 1) & mask; m->entries[i].key != 0; i = (i + 1) & mask) {
        size_t from_home = (i - home_of(m, m->entries[i].key)) & mask;
        if (from_home < ((i - hole) & mask))
            continue;
        m->entries[hole] = m->entries[i];
        hole = i;
    }
    m->entries[hole].key = 0;
}

uint32_t number_map_remove(struct number_map *m, uint64_t key)
{
    if (m->n == 0)
        return NUMBER_MAP_NONE;
    size_t i = find(m, key);
    if (m->entries[i].key == 0)
        return NUMBER_MAP_NONE;
    uint32_t number = m->entries[i].number;
    close_gap(m, i);
    m->n--;
    return number;
}

void number_map_release(struct number_map *m)
{
    free(m->entries);
    *m = (struct number_map){0};
}
