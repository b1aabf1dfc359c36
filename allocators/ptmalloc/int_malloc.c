#include "malloc_state.h"

#include "fatal.h"
#include "mapped.h"

#define UNSORTED_AT_ONCE 10000u /* chunks sorted by one request; the rest waits for the next */

_Atomic size_t global_max_fast = 128;

static void mark_in_use(struct chunk *c)
{
    c->size &= ~IS_UNUSED;
    chunk_set_prev_in_use(chunk_next(c), true);
}

/* What int_malloc_run() is asked for and has found. */
struct run {
    size_t bytes;
    unsigned most, n;
};

/* As many as `room` holds; one is sure to fit. */
static void fit_run(struct run *run, size_t room)
{
    run->n = 1;
    if (run->most == 1)
        return;
    size_t most = room / run->bytes;
    run->n = most < run->most ? (unsigned)most : run->most;
}

/* Gives c's first chunks their tags; that of what lies behind them is the caller's to write. */
static void cut_front(struct chunk *c, const struct run *run)
{
    size_t non_main = c->size & NON_MAIN_ARENA;
    c->size = run->bytes | (c->size & PREV_INUSE) | non_main;
    for (unsigned i = 1; i < run->n; i++)
        chunk_at(c, i * run->bytes)->size = run->bytes | PREV_INUSE | non_main;
}

/* Cuts a free chunk, already unlinked, and keeps the rest in the unsorted bin. */
static struct chunk *take_front(struct malloc_state *m, struct chunk *c, struct run *run,
                                bool is_last)
{
    size_t size = chunk_bytes(c);
    fit_run(run, size);
    size_t rest = size - run->n * run->bytes;
    if (rest > 0 && rest < MIN_CHUNK_BYTES && run->n > 1) {
        run->n--;
        rest += run->bytes;
    }
    if (rest < MIN_CHUNK_BYTES) {
        mark_in_use(c);
        if (run->n > 1)
            cut_front(c, run);
        return c;
    }
    struct chunk *remainder = chunk_at(c, size - rest);
    chunk_set_free(remainder, rest, c->size & NON_MAIN_ARENA);
    cut_front(c, run);
    bins_put_unsorted(&m->bins, remainder);
    if (is_last)
        m->last_remainder = remainder;
    return c;
}

/* What the neighbours of an unsorted chunk must say of it. */
static void must_be_unsorted(struct malloc_state *m, const struct chunk *c,
                             const struct chunk *head)
{
    const char *fault = NULL;
    size_t room = chunk_room(m, c);
    if (!chunk_is_aligned(c) || room < sizeof(*c))
        fault = "malloc(): unsorted double linked list corrupted";
    else if (!is_chunk_size(c, room))
        fault = "malloc(): invalid size (unsorted)";
    else if (chunk_next(c)->size < 2 * sizeof(size_t) || chunk_next(c)->size > m->arena.system_mem)
        fault = "malloc(): invalid next size (unsorted)";
    else if (chunk_next(c)->prev_size != chunk_bytes(c))
        fault = "malloc(): mismatching next->prev_size (unsorted)";
    else if (c->fd != head)
        fault = "malloc(): unsorted double linked list corrupted";
    else if (chunk_in_use(c))
        fault = "malloc(): invalid next->prev_inuse (unsorted)";
    if (UNLIKELY(fault))
        heap_fatal(fault);
}

/* Sorts what was freed since; returns a chunk on the way that fits, or NULL. */
static struct chunk *unsorted_pass(struct malloc_state *m, struct run *run)
{
    size_t bytes = run->bytes;
    struct chunk *head = bin_at(&m->bins, BIN_UNSORTED), *c;
    for (unsigned n = 0; n < UNSORTED_AT_ONCE && (c = head->bk) != head; n++) {
        must_be_unsorted(m, c, head);
        size_t size = chunk_bytes(c);
        bool is_only = c->bk == head;
        bins_unlink(&m->bins, c);
        if (size == bytes) {
            mark_in_use(c);
            return c;
        }
        /* A run of small requests stays together: they are cut off the same chunk. */
        if (is_small_chunk(bytes) && is_only && c == m->last_remainder &&
            size > bytes + MIN_CHUNK_BYTES)
            return take_front(m, c, run, true);
        bins_sort_in(&m->bins, c, size);
    }
    return NULL;
}

static struct chunk *best_fit(struct malloc_state *m, struct run *run)
{
    size_t bytes = run->bytes;
    unsigned bin = bin_of(bytes);
    struct chunk *c = NULL;
    if (!is_small_chunk(bytes))
        c = bins_best_in_large(&m->bins, bin, bytes);
    bool from_own_bin = c != NULL;
    if (!c)
        c = bins_first_above(&m->bins, bin);
    if (!c)
        return NULL;
    if (UNLIKELY(chunk_bytes(c) < bytes || !is_chunk_size(c, chunk_room(m, c))))
        heap_fatal("malloc(): corrupted size in a bin");
    bins_unlink(&m->bins, c);
    return take_front(m, c, run, !from_own_bin && is_small_chunk(bytes));
}

static struct chunk *cut_top(struct malloc_state *m, struct run *run)
{
    struct chunk *c = m->top;
    if (!c)
        return NULL;
    size_t size = chunk_bytes(c);
    must_be_top(m);
    if (size < run->bytes + MIN_CHUNK_BYTES)
        return NULL;
    fit_run(run, size - MIN_CHUNK_BYTES);
    size_t taken = run->n * run->bytes;
    m->top = chunk_at(c, taken);
    chunk_set_top(m->top, size - taken, c->size & NON_MAIN_ARENA);
    cut_front(c, run);
    char *written = (char *)m->top + CHUNK_HEADER_BYTES;
    if (m->fresh < written)
        m->fresh = written;
    return c;
}

static struct chunk *from_lists(struct malloc_state *m, size_t bytes)
{
    struct chunk *c = NULL;
    if (bytes <= atomic_load_explicit(&global_max_fast, memory_order_relaxed))
        c = fast_pop(&m->fast, bytes);
    if (c)
        return c;
    if (is_small_chunk(bytes)) {
        c = bins_take_small(&m->bins, small_bin(bytes));
        if (c)
            mark_in_use(c);
    } else if (m->have_fast_chunks) {
        malloc_consolidate(m);
    }
    return c;
}

struct chunk *int_malloc_run(struct malloc_state *m, size_t bytes, unsigned *n,
                             enum growth_allowed growth)
{
    struct run run = {.bytes = bytes, .most = *n, .n = 1};
    struct chunk *c = from_lists(m, bytes);
    while (!c) {
        c = unsorted_pass(m, &run);
        if (!c)
            c = best_fit(m, &run);
        if (!c)
            c = cut_top(m, &run);
        if (c || !m->have_fast_chunks)
            break;
        malloc_consolidate(m);
    }
    bool may_grow = !c && growth != GROW_NEVER && (growth == GROW_ALWAYS || !mapped_wanted(bytes));
    if (may_grow && sysmalloc(m, bytes) == 0)
        c = cut_top(m, &run);
    *n = run.n;
    return c;
}

struct chunk *int_malloc(struct malloc_state *m, size_t bytes, enum growth_allowed growth)
{
    unsigned one = 1;
    return int_malloc_run(m, bytes, &one, growth);
}
