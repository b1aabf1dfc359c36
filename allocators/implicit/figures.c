/* What the implicit allocator tells of itself: its one setting, its numbers, its broken law. */
#include "implicit.h"

static void set_fit(size_t value)
{
    atomic_store_explicit(&implicit_fit, value, memory_order_relaxed);
}

static size_t get_fit(void)
{
    return atomic_load_explicit(&implicit_fit, memory_order_relaxed);
}

static const char *const fits[] = {
    [FIT_FIRST] = "first", [FIT_NEXT] = "next", [FIT_BEST] = "best", NULL};
const struct tunable implicit_tunables[] = {
    {.name = "fit", .choices = fits, .set = set_fit, .get = get_fit},
    {0},
};

void implicit_statistics(struct arena *a, struct statistics_sink *s)
{
    struct implicit_arena *m = (struct implicit_arena *)a;
    uint64_t blocks = 0, free_blocks = 0, free_bytes = 0, largest = 0;
    for (struct cursor at = implicit_start(m); at.block; implicit_step(&at)) {
        size_t bytes = block_bytes(at.block);
        blocks++;
        if (block_in_use(at.block))
            continue;
        free_blocks++;
        free_bytes += bytes;
        largest = bytes > largest ? bytes : largest;
    }
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"bytes_in_use", a->system_mem - free_bytes},
        {"blocks", blocks},
        {"free_blocks", free_blocks},
        {"free_bytes", free_bytes},
        {"largest_free_bytes", largest},
        {"searches", m->searches},
        {"search_steps", m->search_steps},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        statistics_add(s, STATISTIC_ARENA, a, rows[i].name, rows[i].value);
}

/* --- the laws --- */

static const char *check_span(const struct implicit_arena *m, const struct span *s, bool *has_rover)
{
    if (s->prologue.tag != (MIN_BLOCK_BYTES | BLOCK_IN_USE))
        return "prologue";
    const struct block *b = span_first(s), *end = span_epilogue(s);
    bool before_is_free = false;
    for (; b != end; b = block_next(b)) {
        if (implicit_is_damaged(s, b))
            return "block sizes";
        if (block_previous_free(b) != before_is_free)
            return "previous free";
        bool is_free = !block_in_use(b);
        if (is_free && before_is_free)
            return "coalesced";
        if (is_free && block_previous_bytes(block_next(b)) != block_bytes(b))
            return "footer";
        before_is_free = is_free;
        if (m->rover.block == b && m->rover.span == s)
            *has_rover = true;
    }
    if ((b->tag & ~PREVIOUS_FREE) != BLOCK_IN_USE)
        return "block sizes";
    return block_previous_free(b) == before_is_free ? NULL : "previous free";
}

const char *implicit_check(struct arena *a)
{
    const struct implicit_arena *m = (struct implicit_arena *)a;
    bool has_rover = !m->rover.block;
    const struct span *last = NULL;
    for (const struct span *s = m->oldest; s; s = s->next) {
        const char *broken = check_span(m, s, &has_rover);
        if (broken)
            return broken;
        last = s;
    }
    if (last != m->newest || (last && last->end != arena_end(a)))
        return "newest span";
    return has_rover ? NULL : "rover";
}
