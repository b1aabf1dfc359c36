/* The search for a free block. Each looks at blocks in the order of their addresses, span by span. */
#include "fatal.h"
#include "implicit.h"

_Atomic size_t implicit_fit = FIT_FIRST;

bool implicit_is_damaged(const struct span *s, const struct block *b)
{
    size_t room = (size_t)((const char *)span_epilogue(s) - (const char *)b);
    return block_bytes(b) < MIN_BLOCK_BYTES || block_bytes(b) > room || block_is_misaligned(b);
}

void implicit_must_be_span(const struct span *s)
{
    const struct arena *a = arena_for_ptr(s);
    size_t room = a ? arena_room(a, s) : 0, bytes = (size_t)(s->end - (const char *)s);
    if (UNLIKELY(bytes < sizeof(*s) + TAG_BYTES || bytes > room || bytes % BLOCK_ALIGNMENT != 0 ||
                 s->prologue.tag != (MIN_BLOCK_BYTES | BLOCK_IN_USE) ||
                 (s->next && (uintptr_t)s->next % BLOCK_ALIGNMENT != 0) ||
                 (s->next && (arena_for_ptr(s->next) != a || arena_room(a, s->next) < sizeof(*s)))))
        heap_fatal("corrupted start of a span");
}

/* The first block of s, or of the first span behind it that has one. */
static struct cursor first_from(struct span *s)
{
    for (; s; s = s->next) {
        implicit_must_be_span(s);
        if (span_first(s) != span_epilogue(s))
            break;
    }
    return (struct cursor){s, s ? span_first(s) : NULL};
}

struct cursor implicit_start(const struct implicit_arena *m)
{
    return first_from(m->oldest);
}

void implicit_step(struct cursor *at)
{
    if (UNLIKELY(implicit_is_damaged(at->span, at->block)))
        heap_fatal("corrupted size of a block");
    at->block = block_next(at->block);
    if (UNLIKELY(at->block == span_epilogue(at->span))) {
        if (UNLIKELY((at->block->tag & ~PREVIOUS_FREE) != BLOCK_IN_USE))
            heap_fatal("corrupted epilogue");
        *at = first_from(at->span->next);
    }
}

size_t implicit_lead(const struct block *b, const struct request *r)
{
    uintptr_t object = (uintptr_t)block_object(b);
    size_t lead = round_up(object, r->alignment) - object;
    return block_bytes(b) >= lead + r->held ? lead : SIZE_MAX;
}

static bool fits(const struct block *b, const struct request *r)
{
    return !block_in_use(b) && implicit_lead(b, r) != SIZE_MAX;
}

/* What will be cut is as long as its tag says, and the footer says the same. */
static void must_be_free(const struct cursor *at)
{
    if (UNLIKELY(implicit_is_damaged(at->span, at->block)))
        heap_fatal("corrupted size of a block");
    const struct block *next = block_next(at->block);
    if (UNLIKELY(!block_previous_free(next) ||
                 block_previous_bytes(next) != block_bytes(at->block)))
        heap_fatal("corrupted size vs. prev_size of a free block");
}

/* Leaves `at` on the first block that fits, before `until`; NULL there: to the end. */
static struct block *walk(struct implicit_arena *m, struct cursor *at, const struct block *until,
                          const struct request *r)
{
    uint64_t steps = 0;
    while (at->block != until && at->block && !fits(at->block, r)) {
        implicit_step(at);
        steps++;
    }
    m->search_steps += steps;
    if (at->block == until || !at->block)
        return NULL;
    must_be_free(at);
    return at->block;
}

static struct block *next_fit(struct implicit_arena *m, const struct request *r)
{
    struct cursor start = implicit_start(m);
    struct cursor at = m->rover.block ? m->rover : start;
    const struct block *from = at.block;
    struct block *found = walk(m, &at, NULL, r);
    if (!found) {
        at = start;
        found = walk(m, &at, from, r);
    }
    if (found)
        m->rover = at;
    return found;
}

static struct block *best_fit(struct implicit_arena *m, const struct request *r)
{
    struct block *best = NULL;
    struct cursor at = implicit_start(m);
    for (struct block *b = walk(m, &at, NULL, r); b; b = walk(m, &at, NULL, r)) {
        if (!best || block_bytes(b) < block_bytes(best))
            best = b;
        if (block_bytes(b) == r->held)
            break;
        implicit_step(&at);
        m->search_steps++;
    }
    return best;
}

struct block *implicit_find(struct implicit_arena *m, const struct request *r)
{
    m->searches++;
    switch ((enum fit)atomic_load_explicit(&implicit_fit, memory_order_relaxed)) {
    case FIT_NEXT:
        return next_fit(m, r);
    case FIT_BEST:
        return best_fit(m, r);
    case FIT_FIRST:
        break;
    }
    struct cursor at = implicit_start(m);
    return walk(m, &at, NULL, r);
}
