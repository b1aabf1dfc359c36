#include "palette.h"

#include <string.h>

static const struct {
    const char *allocator;
    struct look look;
} rows[] = {
    {"glibc", {0x000000, "1", 5}},        {"jemalloc", {0xd55e00, "'-'", 7}},
    {"tcmalloc", {0x0072b2, "'_'", 9}},   {"mimalloc", {0x009e73, "'-.'", 11}},
    {"ptmalloc", {0xe69f00, "'_.'", 13}}, {"implicit", {0xcc79a7, "'.'", 4}},
    {"buddy", {0x56b4e9, "'--.'", 6}},    {"null", {0x999999, "'. '", 2}},
};

static const struct look spare[PALETTE_SPARE] = {
    {0x882255, "'- '", 8},   {0x44aa99, "'_. '", 10}, {0x332288, "'-..'", 12},
    {0x999933, "'__.'", 14}, {0xaa4499, "'..-'", 1},  {0x117733, "'-. '", 3},
    {0x88ccee, "'_-'", 15},  {0x661100, "'..'", 2},
};

static int row_of(const char *allocator)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].allocator, allocator) == 0)
            return (int)i;
    return -1;
}

const struct look *palette_of(const char *allocator)
{
    int row = row_of(allocator);
    return row < 0 ? NULL : &rows[row].look;
}

void palette_choose(const char *const *allocators, uint32_t n, struct look *out)
{
    bool is_taken[ARRAY_SIZE(rows)] = {false};
    uint32_t n_spare = 0;
    for (uint32_t i = 0; i < n; i++) {
        int row = row_of(allocators[i]);
        if (row >= 0 && !is_taken[row]) {
            is_taken[row] = true;
            out[i] = rows[row].look;
        } else {
            out[i] = spare[n_spare++ % PALETTE_SPARE];
        }
    }
}
