#include "malloc_state.h"

/* What the walk over the spans found. */
struct census {
    size_t n_free; /* chunks in no use, the top not among them */
    size_t bytes;  /* of the spans so far */
};

static const char *check_free_chunk(const struct chunk *c, bool before_is_free)
{
    const struct chunk *next = chunk_next(c);
    if (before_is_free)
        return "free pairs";
    if (next->prev_size != chunk_bytes(c))
        return "chunk sizes";
    return c->size & IS_UNUSED ? NULL : "free mark";
}

/* From the first chunk of a span to its end: the top, or the fence before the end. */
static const char *check_span(const struct malloc_state *m, const struct chunk *c, const char *end,
                              struct census *census)
{
    bool before_is_free = false;
    while ((const char *)c < end && c != m->top) {
        size_t bytes = chunk_bytes(c);
        if (bytes == 0) /* the last word of a fence */
            return (const char *)c + CHUNK_HEADER_BYTES == end ? NULL : "chunk sizes";
        if (bytes % CHUNK_ALIGNMENT != 0 || bytes > (size_t)(end - (const char *)c) ||
            chunk_prev_in_use(c) == before_is_free)
            return "chunk sizes";
        bool is_free = !chunk_in_use(c);
        const char *broken = is_free ? check_free_chunk(c, before_is_free) : NULL;
        if (broken)
            return broken;
        census->n_free += is_free;
        before_is_free = is_free;
        c = chunk_next(c);
    }
    return c == m->top && !before_is_free ? NULL : "chunk sizes";
}

/* The first chunk of a heap; behind the arena in the heap that holds it. */
static const struct chunk *first_of_heap(const struct malloc_state *m, const struct heap_info *h)
{
    const char *start = (const char *)(h + 1);
    return (const struct chunk *)((const struct malloc_state *)start == m ? start + sizeof(*m)
                                                                          : start);
}

/*
 * The break, unless others have moved it, too: then it is several spans, and what lies between them is
 * not ours to read.
 */
static const char *check_break(const struct malloc_state *m, struct census *census)
{
    const char *start = (const char *)arena_break_start, *end = start + arena_break_bytes;
    if (m->arena.system_mem - census->bytes != arena_break_bytes || start == end)
        return NULL;
    census->bytes += arena_break_bytes;
    return check_span(m, (const struct chunk *)round_up((uintptr_t)start, CHUNK_ALIGNMENT), end,
                      census);
}

static const char *check_spans(const struct malloc_state *m, struct census *census)
{
    for (const struct heap_info *h = m->arena.top_heap; h; h = h->prev) {
        const char *broken = check_span(m, first_of_heap(m, h), (const char *)h + h->size, census);
        if (broken)
            return broken;
        census->bytes += h->size;
    }
    return &m->arena == arena_main() ? check_break(m, census) : NULL;
}

static size_t binned(struct malloc_state *m)
{
    size_t n = 0;
    for (unsigned bin = BIN_UNSORTED; bin < N_BINS; bin++) {
        struct chunk *head = bin_at(&m->bins, bin);
        for (const struct chunk *c = head->fd; c != head; c = c->fd)
            n++;
    }
    return n;
}

static bool is_zero(const char *from, const char *to)
{
    for (; from < to; from++) {
        if (*from)
            return false;
    }
    return true;
}

static const char *check_top(const struct malloc_state *m)
{
    const char *end = arena_end(&m->arena);
    if ((const char *)chunk_next(m->top) != end || !chunk_prev_in_use(m->top) ||
        chunk_bytes(m->top) < MIN_CHUNK_BYTES)
        return "top";
    if (!(m->top->size & IS_UNUSED))
        return "free mark";
    if (m->fresh < (const char *)m->top + CHUNK_HEADER_BYTES || m->fresh > end)
        return "fresh";
    const char *sample = end - m->fresh > 256 ? m->fresh + 256 : end;
    return is_zero(m->fresh, sample) ? NULL : "fresh";
}

const char *state_check(struct malloc_state *m)
{
    const char *broken = bins_check(&m->bins);
    if (!broken)
        broken = fast_check(&m->fast);
    if (broken || !m->top)
        return broken;
    broken = check_top(m);
    struct census census = {0};
    if (!broken)
        broken = check_spans(m, &census);
    if (!broken && census.bytes == m->arena.system_mem && census.n_free != binned(m))
        broken = "free binned";
    return broken;
}
