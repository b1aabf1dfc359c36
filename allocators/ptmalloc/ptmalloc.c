#include "ptmalloc.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "fatal.h"
#include "large_cache.h"
#include "malloc_state.h"
#include "mapped.h"
#include "request.h"

/* What is copied while others may wait for the arena: less than taking its lock twice more costs. */
#define MOVED_LOCKED_BYTES (32 * KIB)

const char heap_name[] = "ptmalloc";

static struct malloc_state main_arena;
static_assert(sizeof(struct malloc_state) % CHUNK_ALIGNMENT == 0, "what lies behind it is aligned");

/* --- larger objects --- */

static void *take(struct arena *a, struct request *r, enum growth_allowed growth)
{
    struct malloc_state *m = (struct malloc_state *)a;
    char *was_fresh = m->fresh;
    struct chunk *c = r->alignment > CHUNK_ALIGNMENT
                          ? int_memalign(m, r->alignment, request_bytes(r->bytes), growth)
                          : int_malloc(m, r->held, growth);
    if (!c)
        return NULL;
    bool is_off_top = chunk_next(c) == m->top && (char *)c < was_fresh + CHUNK_HEADER_BYTES;
    r->fresh = is_off_top ? was_fresh : NULL;
    return chunk_object(c);
}

static void *alloc(struct request *r)
{
    void *p = request_alloc(r);
    if (p)
        request_perturb_made(p, r->bytes);
    return p;
}

/* A chunk that the thread keeps; NULL: none. */
static void *take_kept(size_t chunk)
{
    return chunk > CACHE_MAX_CHUNK && chunk <= LARGE_CACHE_MAX_CHUNK ? large_cache_take(chunk)
                                                                     : NULL;
}

void *ptmalloc_alloc_other(size_t bytes)
{
    struct request r = {.alignment = CHUNK_ALIGNMENT, .bytes = bytes, .held = request_bytes(bytes)};
    void *p = take_kept(r.held);
    if (!p)
        return alloc(&r);
    request_perturb_made(p, bytes);
    return p;
}

void *ptmalloc_alloc_aligned(size_t alignment, size_t bytes)
{
    struct request r = {.alignment = alignment,
                        .bytes = bytes,
                        .held = memalign_bytes(alignment, request_bytes(bytes))};
    return alloc(&r);
}

void *ptmalloc_alloc_zeroed_other(size_t bytes)
{
    struct request r = {.alignment = CHUNK_ALIGNMENT, .bytes = bytes, .held = request_bytes(bytes)};
    void *p = take_kept(r.held);
    return request_zero(&r, p ? p : request_alloc(&r));
}

/* --- realloc --- */

static void *move(void *p, size_t old, size_t bytes)
{
    void *fresh = core_alloc(bytes);
    if (!fresh)
        return NULL;
    memcpy(fresh, p, old < bytes ? old : bytes);
    core_free(p);
    return fresh;
}

/*
 * c, which cannot grow where it is, becomes another chunk of its arena; NULL: only elsewhere. Locked,
 * and unlocked on return.
 */
static struct chunk *move_in_arena(struct malloc_state *m, struct chunk *c, size_t wanted)
{
    struct chunk *to = int_malloc(m, wanted, GROW_UNLESS_MAPPED);
    if (to && to == chunk_next(c)) { /* the top has grown behind it: one chunk, nothing to copy */
        int_join(m, c, wanted);
        to = c;
    }
    if (!to || to == c) {
        arena_unlock(&m->arena);
        return to;
    }
    bool is_large = chunk_bytes(c) > MOVED_LOCKED_BYTES;
    if (is_large)
        arena_unlock(&m->arena);
    memcpy(chunk_object(to), chunk_object(c), chunk_usable(c));
    if (chunk_bytes(c) <= CACHE_MAX_CHUNK) {
        arena_unlock(&m->arena);
        core_free(chunk_object(c));
        return to;
    }
    if (is_large)
        arena_lock(&m->arena);
    int_free(m, c);
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    return to;
}

/* Whether the thread keeps chunks of that size. */
static bool is_kept(size_t bytes)
{
    return bytes <= CACHE_MAX_CHUNK && cache_bin_of(bytes)->limit > 0;
}

static void *resize_mapped(void *p, size_t bytes)
{
    size_t old = mapped_usable(p);
    if (UNLIKELY(old == 0))
        heap_fatal("realloc(): invalid pointer");
    void *moved = mapped_resize(p, bytes);
    if (moved)
        return moved;
    return bytes <= old ? p : move(p, old, bytes);
}

void *ptmalloc_resize(void *p, size_t bytes)
{
    if (UNLIKELY((uintptr_t)p % CHUNK_ALIGNMENT != 0))
        heap_fatal("realloc(): invalid pointer");
    struct malloc_state *m = (struct malloc_state *)arena_for_ptr(p);
    if (!m)
        return resize_mapped(p, bytes);
    if (UNLIKELY(bytes > FAMILY_MAX_BYTES - 2 * MIN_CHUNK_BYTES))
        return family_fail(ENOMEM);
    struct chunk *c = object_chunk(p);
    size_t wanted = request_bytes(bytes), old = chunk_bytes(c);
    if (UNLIKELY((chunk_tag(c) & IS_UNUSED) || cache_has_sealed(p)))
        heap_fatal("realloc(): object is free");
    if (UNLIKELY(old < MIN_CHUNK_BYTES || old % CHUNK_ALIGNMENT != 0))
        heap_fatal("realloc(): invalid old size");
    if (old >= wanted && old - wanted < MIN_CHUNK_BYTES)
        return p;
    /* Between sizes that the cache serves, a copy costs less than the arena's lock. */
    if (is_kept(old) && is_kept(wanted))
        return wanted <= old && wanted > old / 2 ? p : move(p, old - CHUNK_OVERHEAD, bytes);
    arena_lock(&m->arena);
    if (!int_resize(m, c, wanted)) {
        struct chunk *to = move_in_arena(m, c, wanted);
        return to ? chunk_object(to) : move(p, old - CHUNK_OVERHEAD, bytes);
    }
    if (HEAP_CHECK)
        must_hold(state_check(m));
    arena_unlock(&m->arena);
    return p;
}

size_t ptmalloc_usable_bytes(void *p)
{
    return arena_for_ptr(p) ? chunk_usable(object_chunk(p)) : mapped_usable(p);
}

/* --- what the arena layer asks for --- */

static void init(struct arena *a, char *start, size_t bytes)
{
    struct malloc_state *m = (struct malloc_state *)a;
    bins_init(&m->bins);
    if (bytes == 0)
        return;
    m->top = (struct chunk *)start;
    chunk_set_top(m->top, bytes, NON_MAIN_ARENA);
    m->fresh = start + CHUNK_HEADER_BYTES;
}

static void thread_end(void)
{
    cache_flush(true);
}

static bool trim(struct arena *a, size_t pad)
{
    struct malloc_state *m = (struct malloc_state *)a;
    if (!m->top)
        return false;
    cache_take_home(m);
    malloc_consolidate(m);
    bool trimmed = false;
    for (unsigned bin = BIN_UNSORTED; bin < N_BINS; bin++) {
        struct chunk *head = bin_at(&m->bins, bin);
        for (struct chunk *c = bins_next(&m->bins, head); c != head; c = bins_next(&m->bins, c)) {
            if (UNLIKELY(!is_chunk_size(c, chunk_room(m, c))))
                heap_fatal("malloc(): corrupted size in a bin");
            trimmed |= request_discard(c + 1, chunk_next(c));
        }
    }
    uint64_t before = a->counts.trimmed_bytes;
    if (a->top_heap)
        heap_trim(m, pad);
    systrim(m, pad);
    return trimmed || a->counts.trimmed_bytes > before;
}

/* As glibc, which does it for each setting though only one of them is about fast bins. */
static void settle(struct arena *a)
{
    struct malloc_state *m = (struct malloc_state *)a;
    if (m->have_fast_chunks)
        malloc_consolidate(m);
}

static void forked(struct arena *a)
{
    cache_forked((struct malloc_state *)a);
}

static const char *check(struct arena *a)
{
    return state_check((struct malloc_state *)a);
}

extern const struct tunable ptmalloc_tunables[];
extern void ptmalloc_statistics(struct arena *a, struct statistics_sink *s);

const struct arena_kind arena_kind = {
    .arena_bytes = sizeof(struct malloc_state),
    .main_arena = &main_arena.arena,
    .tunables = ptmalloc_tunables,
    .init = init,
    .take = take,
    .thread_end = thread_end,
    .trim = trim,
    .settle = settle,
    .forked = forked,
    .statistics = ptmalloc_statistics,
    .check = check,
};
