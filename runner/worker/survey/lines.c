#include "lines.h"

#include "bits.h"

/* The last line that was looked at. */
struct last {
    uint64_t line; /* counted from 1; 0: none */
    uint32_t holder;
    bool is_shared;
};

static uint64_t line_of(uint64_t address)
{
    return address / CACHE_LINE_BYTES + 1;
}

static void add(struct lines *lines, struct last *last, const struct extent *e)
{
    uint64_t from = line_of(e->address), to = line_of(e->address + e->bytes - 1);
    if (from <= last->line) {
        if (last->holder != e->holder && !last->is_shared) {
            last->is_shared = true;
            lines->shared++;
        }
        from = last->line + 1;
    }
    if (from > to)
        return;
    lines->used += to - from + 1;
    *last = (struct last){.line = to, .holder = e->holder};
}

struct lines lines_count(const struct extent *objects, size_t n)
{
    struct lines lines = {0};
    struct last last = {0};
    for (size_t i = 0; i < n; i++)
        if (objects[i].bytes > 0)
            add(&lines, &last, &objects[i]);
    return lines;
}
