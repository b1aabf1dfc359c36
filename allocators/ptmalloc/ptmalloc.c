#include "ptmalloc.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "fatal.h"
#include "malloc_state.h"
#include "mapped.h"
#include "os.h"

/* What is copied while others may wait for the arena: less than taking its lock twice more costs. */
#define MOVED_LOCKED_BYTES (32 * KIB)

const char heap_name[] = "ptmalloc";

static struct malloc_state main_arena;

/* --- perturb: bytes that betray what is read before it is written, or after it is freed --- */

void *ptmalloc_perturbed(struct chunk *c, size_t bytes)
{
    size_t perturb = PAR_GET(perturb);
    if (UNLIKELY(perturb))
        memset(chunk_object(c), (int)(perturb ^ 0xff), bytes);
    return chunk_object(c);
}

void ptmalloc_perturb_free(struct chunk *c)
{
    size_t perturb = PAR_GET(perturb);
    if (UNLIKELY(perturb))
        memset(chunk_object(c), (int)perturb, chunk_usable(c));
}

/* --- larger objects --- */

struct request {
    size_t alignment, chunk_bytes;
};

static struct chunk *from_arena(struct malloc_state *m, const struct request *r,
                                enum growth_allowed growth)
{
    struct chunk *c = r->alignment > CHUNK_ALIGNMENT
                          ? int_memalign(m, r->alignment, r->chunk_bytes, growth)
                          : int_malloc(m, r->chunk_bytes, growth);
    if (HEAP_CHECK)
        must_hold(state_check(m));
    return c;
}

/* Where neither a free chunk nor the thread's arena will do: the other arenas. */
static COLD struct chunk *from_any_arena(const struct request *r)
{
    struct malloc_state *m = (struct malloc_state *)arena_get(r->chunk_bytes);
    struct chunk *c = from_arena(m, r, GROW_ALWAYS);
    if (!c)
        m = (struct malloc_state *)arena_get_retry(&m->arena, r->chunk_bytes);
    if (!c && m)
        c = from_arena(m, r, GROW_ALWAYS);
    if (m)
        arena_unlock(&m->arena);
    return c;
}

/*
 * *fresh, if asked for, becomes where memory begins that reads as zero; NULL: nowhere in the object.
 */
static void *alloc(const struct request *r, size_t bytes, char **fresh)
{
    if (UNLIKELY(bytes > FAMILY_MAX_BYTES - r->alignment - 2 * MIN_CHUNK_BYTES))
        return family_fail(ENOMEM);
    int saved = errno;
    struct malloc_state *m = (struct malloc_state *)arena_get(r->chunk_bytes);
    char *was_fresh = m->fresh;
    struct chunk *c = from_arena(m, r, GROW_UNLESS_MAPPED);
    bool is_off_top = c && chunk_next(c) == m->top && (char *)c < was_fresh + CHUNK_HEADER_BYTES;
    arena_unlock(&m->arena);
    if (fresh)
        *fresh = is_off_top ? was_fresh : NULL;
    if (c)
        return chunk_object(c);

    void *p = mapped_wanted(r->chunk_bytes) ? mapped_alloc(r->alignment, bytes) : NULL;
    if (!p) {
        c = from_any_arena(r);
        p = c ? chunk_object(c) : mapped_alloc(r->alignment, bytes);
    } else if (fresh) {
        *fresh = p;
    }
    if (p)
        errno = saved;
    return p;
}

void *ptmalloc_alloc_other(size_t bytes)
{
    struct request r = {CHUNK_ALIGNMENT, request_bytes(bytes)};
    void *p = alloc(&r, bytes, NULL);
    if (UNLIKELY(PAR_GET(perturb)) && p)
        memset(p, (int)(PAR_GET(perturb) ^ 0xff), bytes);
    return p;
}

void *ptmalloc_alloc_zeroed_other(size_t bytes)
{
    struct request r = {CHUNK_ALIGNMENT, request_bytes(bytes)};
    char *fresh, *p = alloc(&r, bytes, &fresh);
    if (!p)
        return NULL;
    size_t dirty = bytes;
    if (fresh && fresh <= p)
        dirty = 0;
    else if (fresh && (size_t)(fresh - p) < bytes)
        dirty = (size_t)(fresh - p);
    return memset(p, 0, dirty);
}

void *ptmalloc_alloc_aligned(size_t alignment, size_t bytes)
{
    struct request r = {alignment, request_bytes(bytes)};
    void *p = alloc(&r, bytes, NULL);
    if (UNLIKELY(PAR_GET(perturb)) && p)
        memset(p, (int)(PAR_GET(perturb) ^ 0xff), bytes);
    return p;
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
    if (UNLIKELY(old < MIN_CHUNK_BYTES || old % CHUNK_ALIGNMENT != 0 || (c->size & IS_MMAPPED)))
        heap_fatal("realloc(): invalid old size");
    if (old >= wanted && old - wanted < MIN_CHUNK_BYTES)
        return p;
    /* Between sizes that the cache serves, a copy costs less than the arena's lock. */
    if (old <= CACHE_MAX_CHUNK && wanted <= CACHE_MAX_CHUNK && cache.is_ready)
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
    m->top->size = bytes | PREV_INUSE | NON_MAIN_ARENA;
    m->fresh = start + CHUNK_HEADER_BYTES;
}

static void thread_end(void)
{
    cache_flush(true);
}

/* The whole pages inside a free chunk, but for its links. */
static bool discard_inside(const struct chunk *c)
{
    size_t page = os_page_bytes();
    uintptr_t from = round_up((uintptr_t)(c + 1), page);
    uintptr_t to = ((uintptr_t)chunk_next(c)) & ~(uintptr_t)(page - 1);
    return to > from && os_discard((void *)from, to - from) == 0;
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
        for (const struct chunk *c = head->fd; c != head; c = c->fd)
            trimmed |= discard_inside(c);
    }
    uint64_t before = a->counts.trimmed_bytes;
    if (a->top_heap)
        heap_trim(m, pad);
    systrim(m, pad);
    return trimmed || a->counts.trimmed_bytes > before;
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
    .thread_end = thread_end,
    .trim = trim,
    .statistics = ptmalloc_statistics,
    .check = check,
};
