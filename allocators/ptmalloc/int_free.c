#include "malloc_state.h"

#include "fatal.h"
#include "os.h"
#include "request.h"

static void to_top(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    chunk_set_top(c, bytes, c->size & NON_MAIN_ARENA);
    m->top = c;
}

/* The free chunk before c, unlinked; the two are one from now on. */
static struct chunk *merge_before(struct malloc_state *m, struct chunk *c, size_t *bytes,
                                  const char *fault)
{
    size_t before = c->prev_size;
    struct chunk *p = (struct chunk *)((char *)c - before);
    if (UNLIKELY(before < MIN_CHUNK_BYTES || before % CHUNK_ALIGNMENT != 0 ||
                 before >= m->arena.system_mem || chunk_room(m, p) <= before ||
                 chunk_bytes(p) != before))
        heap_fatal(fault);
    bins_unlink(&m->bins, p);
    *bytes += before;
    return p;
}

/*
 * Merges c, which is in use and in no list, with its free neighbours; returns the merged size. `room` is what there
 * is at c, and c's size fits into it.
 */
static size_t release(struct malloc_state *m, struct chunk *c, size_t room, const char *fault)
{
    size_t bytes = chunk_bytes(c), non_main = c->size & NON_MAIN_ARENA;
    struct chunk *next = chunk_next(c);
    room -= bytes;        /* at the next one */
    c->size |= IS_UNUSED; /* also where it becomes the middle of another */
    if (!chunk_prev_in_use(c))
        c = merge_before(m, c, &bytes, fault);
    if (next == m->top) {
        must_be_top(m);
        bytes += chunk_bytes(next);
        c->size = non_main;
        to_top(m, c, bytes);
        return bytes;
    }
    if (UNLIKELY(!has_next(next, room)))
        heap_fatal("free(): invalid next size (normal)");
    if (!chunk_in_use(next)) {
        if (UNLIKELY(!is_chunk_size(next, room)))
            heap_fatal("free(): invalid next size (normal)");
        bins_unlink(&m->bins, next);
        bytes += chunk_bytes(next);
    } else {
        chunk_set_prev_in_use(next, false);
    }
    chunk_set_free(c, bytes, non_main);
    bins_put_unsorted(&m->bins, c);
    return bytes;
}

static void must_be_freeable(const struct malloc_state *m, const struct chunk *c, size_t room)
{
    const char *fault = NULL;
    struct chunk *next = chunk_next(c);
    if (c == m->top)
        fault = "double free or corruption (top)";
    else if (!is_chunk_size(c, room))
        fault = "free(): invalid size";
    else if (!chunk_prev_in_use(next))
        fault = "double free or corruption (!prev)";
    else if (next->size <= 2 * sizeof(size_t) || chunk_bytes(next) > m->arena.system_mem)
        fault = "free(): invalid next size (normal)";
    if (UNLIKELY(fault))
        heap_fatal(fault);
}

static bool is_fast(size_t bytes)
{
    return bytes <= atomic_load_explicit(&global_max_fast, memory_order_relaxed);
}

static void to_fast(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    request_perturb_freed(chunk_object(c), bytes - CHUNK_OVERHEAD);
    fast_push(&m->fast, c, bytes);
    m->have_fast_chunks = true;
}

static void must_be_used(const struct chunk *c)
{
    if (UNLIKELY(c->size & IS_UNUSED))
        heap_fatal("double free or corruption (merged)");
}

/* c was checked; `room` is what there is at it. */
static void to_bins(struct malloc_state *m, struct chunk *c, size_t room)
{
    request_perturb_freed(chunk_object(c), chunk_usable(c));
    size_t bytes = release(m, c, room, "corrupted size vs. prev_size while consolidating");
    if (bytes < FASTBIN_CONSOLIDATION_BYTES)
        return;
    if (m->have_fast_chunks)
        malloc_consolidate(m);
    if (m->arena.top_heap)
        heap_trim(m, PAR_GET(top_pad));
    else if (chunk_bytes(m->top) >= arena_trim_threshold(&m->arena))
        systrim(m, PAR_GET(top_pad));
}

void int_free(struct malloc_state *m, struct chunk *c)
{
    size_t room = chunk_room(m, c);
    must_be_freeable(m, c, room);
    size_t bytes = chunk_bytes(c);
    if (is_fast(bytes)) {
        to_fast(m, c, bytes);
        return;
    }
    must_be_used(c);
    to_bins(m, c, room);
}

/* Each chunk of a run is marked, also in its middle: who frees one again is found out. */
void int_free_more(struct malloc_state *m, struct free_run *run, struct chunk *c)
{
    size_t bytes = chunk_bytes(c);
    bool is_behind = run->bytes > 0 && c == chunk_at(run->first, run->bytes);
    bool is_before = chunk_at(c, bytes) == run->first;
    if (!is_behind && !is_before)
        int_free_end(m, run);
    must_be_freeable(m, c, chunk_room(m, c));
    if (is_fast(bytes)) {
        to_fast(m, c, bytes);
        return;
    }
    must_be_used(c);
    c->size |= IS_UNUSED;
    if (!is_behind)
        run->first = c;
    run->bytes += bytes;
}

void int_free_end(struct malloc_state *m, struct free_run *run)
{
    struct chunk *c = run->first;
    if (run->bytes == 0)
        return;
    c->size = run->bytes | (c->size & SIZE_BITS);
    *run = (struct free_run){0};
    to_bins(m, c, chunk_room(m, c));
}

void malloc_consolidate(struct malloc_state *m)
{
    m->have_fast_chunks = false;
    m->consolidations++;
    for (unsigned i = 0; i < N_FAST_BINS; i++) {
        struct chunk *c = fast_take_all(&m->fast, i);
        while (c) {
            struct chunk *next = fast_next(c);
            size_t room = chunk_room(m, c);
            if (UNLIKELY(fast_index(chunk_bytes(c)) != i || !is_chunk_size(c, room)))
                heap_fatal("malloc_consolidate(): invalid chunk size");
            if (UNLIKELY(!chunk_in_use(c)))
                heap_fatal("double free or corruption (fast)");
            release(m, c, room, "corrupted size vs. prev_size in fastbins");
            c = next;
        }
    }
}

/* --- from and to the system --- */

/*
 * A new span begins elsewhere: the end of the old top becomes two chunks of 16 bytes that are in use
 * for ever, so that nothing is merged across, and the rest is freed. A rest of 16 bytes is too
 * small to be a chunk, and becomes a third.
 */
static void fence_off_top(struct malloc_state *m)
{
    struct chunk *old = m->top;
    if (!old)
        return;
    size_t rest = chunk_bytes(old) - 2 * CHUNK_HEADER_BYTES, flags = old->size & SIZE_BITS;
    struct chunk *first = chunk_at(old, rest), *second = chunk_at(first, CHUNK_HEADER_BYTES);
    second->size = PREV_INUSE;
    first->size = CHUNK_HEADER_BYTES | PREV_INUSE;
    if (rest > 0)
        old->size = rest | flags;
    m->top = NULL;
    if (rest >= MIN_CHUNK_BYTES)
        release(m, old, chunk_room(m, old), "corrupted size vs. prev_size of an old top");
}

int sysmalloc(struct malloc_state *m, size_t bytes)
{
    size_t have = m->top ? chunk_bytes(m->top) : 0, need = bytes + MIN_CHUNK_BYTES;
    struct growth g;
    int result = arena_grow(&m->arena, need - have, need, &g);
    if (result < 0)
        return result;
    if (g.joined) {
        m->top->size += g.bytes;
        return 0;
    }
    size_t non_main = m->arena.top_heap ? NON_MAIN_ARENA : 0;
    fence_off_top(m);
    m->top = (struct chunk *)g.start;
    chunk_set_top(m->top, g.bytes, non_main);
    m->fresh = g.start + CHUNK_HEADER_BYTES;
    return 0;
}

bool systrim(struct malloc_state *m, size_t pad)
{
    must_be_top(m);
    size_t top = chunk_bytes(m->top), keep = pad + MIN_CHUNK_BYTES + 1;
    if (keep < pad || top <= keep)
        return false;
    size_t given = arena_shrink(&m->arena, top - keep);
    if (given == 0)
        return false;
    m->top->size -= given;
    if (m->fresh > arena_end(&m->arena))
        m->fresh = arena_end(&m->arena);
    return true;
}

/* The newest heap is all top: the heap before it becomes the newest span, and its end the top. */
static bool drop_newest_heap(struct malloc_state *m, size_t pad)
{
    struct heap_info *newest = m->arena.top_heap, *prev = newest->prev;
    if (!prev || (char *)m->top != (char *)(newest + 1))
        return false;
    char *end = (char *)prev + prev->size;
    struct chunk *fence = (struct chunk *)(end - 2 * CHUNK_HEADER_BYTES);
    if (UNLIKELY(chunk_bytes(fence) != CHUNK_HEADER_BYTES))
        heap_fatal("corrupted end of a heap");
    size_t bytes = 2 * CHUNK_HEADER_BYTES;
    if (!chunk_prev_in_use(fence))
        bytes += fence->prev_size;
    /* Not when the next request would want a heap again. */
    if (bytes + (HEAP_MAX_BYTES - prev->size) < pad + MIN_CHUNK_BYTES + os_page_bytes())
        return false;
    size_t merged = 2 * CHUNK_HEADER_BYTES;
    if (!chunk_prev_in_use(fence))
        fence =
            merge_before(m, fence, &merged, "corrupted size vs. prev_size at the end of a heap");
    arena_drop_heap(&m->arena);
    fence->size = NON_MAIN_ARENA;
    to_top(m, fence, merged);
    m->fresh = end; /* all of it was written, for all that is known */
    return true;
}

void heap_trim(struct malloc_state *m, size_t pad)
{
    while (drop_newest_heap(m, pad))
        ;
    if (chunk_bytes(m->top) >= arena_trim_threshold(&m->arena))
        systrim(m, pad);
}
