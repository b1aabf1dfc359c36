#include "built_heap.h"

#include <string.h>

#include "unit.h"

struct malloc_state *built_arena(void)
{
    arena_set_up();
    PAR_SET(arena_max, 1000);
    arena_thread = (struct arena_thread){.life = THREAD_NEW}; /* as a thread that has none yet */
    struct malloc_state *m = (struct malloc_state *)arena_get(0);
    ck_assert_ptr_ne(m, arena_main());
    ck_assert_ptr_eq(arena_for_ptr(m->top), &m->arena);
    return m;
}

struct chunk *built_chunk(struct malloc_state *m, size_t bytes)
{
    struct chunk *c = int_malloc(m, bytes, GROW_ALWAYS);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq(chunk_bytes(c), bytes);
    return c;
}

/* Whatever else is free. */
static struct chunk *off_top(struct malloc_state *m, size_t bytes)
{
    struct chunk *c = m->top;
    size_t rest = chunk_bytes(c) - bytes, non_main = c->size & NON_MAIN_ARENA;
    ck_assert_uint_ge(chunk_bytes(c), bytes + MIN_CHUNK_BYTES);
    c->size &= ~IS_UNUSED;
    m->top = chunk_split(c, bytes);
    chunk_set_top(m->top, rest, non_main);
    m->fresh = chunk_object(m->top);
    return c;
}

struct chunk *built_fenced(struct malloc_state *m, size_t bytes)
{
    struct chunk *c = off_top(m, bytes);
    off_top(m, MIN_CHUNK_BYTES);
    return c;
}

struct chunk *built_free(struct malloc_state *m, size_t bytes)
{
    struct chunk *c = built_fenced(m, bytes);
    int_free(m, c);
    return c;
}

void built_sort(struct malloc_state *m)
{
    ck_assert_ptr_null(int_malloc(m, 2 * HEAP_MAX_BYTES, GROW_NEVER));
}

bool built_bin_holds(struct malloc_state *m, unsigned bin, struct chunk *const *chunks, size_t n)
{
    const struct chunk *head = bin_at(&m->bins, bin), *c = head->fd;
    for (size_t i = 0; i < n; i++, c = c->fd) {
        if (c != chunks[i])
            return false;
    }
    return c == head;
}

struct built_heap built_heap_in(struct malloc_state *m)
{
    struct built_heap h = {.m = m};
    struct chunk **const free_ones[] = {&h.small, &h.largest, &h.large, &h.same, &h.smallest};
    static const size_t bytes[] = {256, 1584, 1552, 1552, 1536};
    h.used = built_fenced(m, 64);
    h.fast_older = built_fenced(m, 64);
    h.fast = built_fenced(m, 64);
    h.unsorted = built_fenced(m, 640);
    for (size_t i = 0; i < ARRAY_SIZE(free_ones); i++)
        *free_ones[i] = built_fenced(m, bytes[i]);
    for (size_t i = 0; i < ARRAY_SIZE(free_ones); i++)
        int_free(m, *free_ones[i]);
    built_sort(m);
    int_free(m, h.unsorted);
    int_free(m, h.fast_older);
    int_free(m, h.fast);
    return h;
}

struct built_heap built_heap(void)
{
    return built_heap_in(built_arena());
}

void built_break_all(const struct breakage *rows, size_t n,
                     const char *(*check)(struct malloc_state *))
{
    for (size_t i = 0; i < n; i++) {
        struct built_heap h = built_heap();
        const char *before = check(h.m);
        ck_assert_msg(!before, "'%s' is broken before %s", before, rows[i].how);
        rows[i].breaks(&h);
        const char *after = check(h.m);
        ck_assert_msg(after && strcmp(after, rows[i].law) == 0, "%s: '%s' and not '%s'",
                      rows[i].how, after ? after : "(nothing)", rows[i].law);
    }
}
