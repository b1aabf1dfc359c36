#include "implicit.h"

#include "fatal.h"
#include "mapped.h"
#include "os.h"

const char heap_name[] = "implicit";

static struct implicit_arena main_arena;

/* --- free blocks become one --- */

/* The free block before b, as b's footer tells and the block itself confirms. */
static struct block *previous_of(const struct implicit_arena *m, struct block *b)
{
    size_t before = block_previous_bytes(b);
    struct block *p = (struct block *)((char *)b - before);
    if (UNLIKELY(before < MIN_BLOCK_BYTES || before % BLOCK_ALIGNMENT != 0 ||
                 before >= m->arena.system_mem || arena_room(&m->arena, p) <= before ||
                 (p->tag & ~PREVIOUS_FREE) != before))
        heap_fatal("corrupted size vs. prev_size while consolidating");
    return p;
}

/* The tag behind b, or behind what b's tag makes it, lies in the same piece of memory. */
static bool reaches_a_block(const struct implicit_arena *m, const struct block *b)
{
    size_t bytes = block_bytes(b);
    return bytes >= MIN_BLOCK_BYTES && !block_is_misaligned(b) && bytes < m->arena.system_mem &&
           bytes + TAG_BYTES <= arena_room(&m->arena, b);
}

struct block *implicit_coalesce(struct implicit_arena *m, struct block *b)
{
    size_t bytes = block_bytes(b);
    struct block *next = block_next(b), *merged = b;
    bool with_next = !block_in_use(next);
    if (with_next) {
        if (UNLIKELY(!reaches_a_block(m, next)))
            heap_fatal("free(): invalid next size");
        bytes += block_bytes(next);
    }
    if (block_previous_free(b)) {
        merged = previous_of(m, b);
        bytes += block_bytes(merged);
    }
    b->tag &= ~BLOCK_IN_USE; /* a second free() of what is no block any more finds this */
    if (m->rover.block == b || (with_next && m->rover.block == next))
        m->rover.block = merged;
    block_set_free(merged, bytes);
    return merged;
}

/* --- from and to the system --- */

static struct block *free_at_end(const struct implicit_arena *m)
{
    if (!m->newest)
        return NULL;
    implicit_must_be_span(m->newest);
    struct block *epilogue = span_epilogue(m->newest);
    return block_previous_free(epilogue) ? previous_of(m, epilogue) : NULL;
}

static void set_end(struct span *s, char *end)
{
    s->end = end;
    *span_epilogue(s) = (struct block){BLOCK_IN_USE};
}

/* A span in the `bytes` from `start`, all of it one free block. */
static struct block *begin_span(struct implicit_arena *m, char *start, size_t bytes)
{
    struct span *s = (struct span *)start;
    *s = (struct span){.prologue = {MIN_BLOCK_BYTES | BLOCK_IN_USE}};
    set_end(s, start + bytes);
    if (m->newest)
        m->newest->next = s;
    else
        m->oldest = s;
    m->newest = s;
    struct block *b = span_first(s);
    if (b == span_epilogue(s))
        return NULL;
    block_set_free(b, (size_t)((char *)span_epilogue(s) - (char *)b));
    return b;
}

/* Grows the arena so that the block returned, a free one, has room for r; NULL: it cannot. */
static struct block *grow_for(struct implicit_arena *m, const struct request *r)
{
    size_t need = r->held + (r->alignment - BLOCK_ALIGNMENT);
    const struct block *last = free_at_end(m);
    size_t have = last ? block_bytes(last) : 0;
    struct growth g;
    if (arena_grow(&m->arena, need - have, need + sizeof(struct span) + TAG_BYTES, &g) < 0)
        return NULL;
    if (!g.joined)
        return begin_span(m, g.start, g.bytes & ~(size_t)(BLOCK_ALIGNMENT - 1));
    struct block *b = span_epilogue(m->newest);
    b->tag = g.bytes | (b->tag & PREVIOUS_FREE);
    set_end(m->newest, g.start + g.bytes);
    return implicit_coalesce(m, b);
}

/* The newest heap is one free block and there is an older one: it goes. */
static bool drop_newest_heap(struct implicit_arena *m)
{
    struct heap_info *h = m->arena.top_heap;
    struct span *s = m->newest, *before = m->oldest;
    if (!h || !h->prev)
        return false;
    implicit_must_be_span(s);
    if (block_in_use(span_first(s)) || block_next(span_first(s)) != span_epilogue(s))
        return false;
    while (before->next != s)
        before = before->next;
    if (m->rover.span == s)
        m->rover = (struct cursor){0};
    before->next = NULL;
    m->newest = before;
    arena_drop_heap(&m->arena);
    return true;
}

/* Gives back the free end of the newest span, but `pad` bytes. */
static bool trim_end(struct implicit_arena *m, size_t pad)
{
    struct block *last = free_at_end(m);
    size_t keep = pad + MIN_BLOCK_BYTES;
    if (!last || keep < pad || block_bytes(last) <= keep)
        return false;
    size_t given = arena_shrink(&m->arena, block_bytes(last) - keep);
    if (given == 0)
        return false;
    set_end(m->newest, m->newest->end - given);
    block_set_free(last, block_bytes(last) - given);
    return true;
}

static void trim_when_large(struct implicit_arena *m, const struct block *b)
{
    if (block_bytes(b) < arena_trim_threshold(&m->arena))
        return;
    const struct block *last = free_at_end(m);
    while (last && block_bytes(last) >= arena_trim_threshold(&m->arena) && drop_newest_heap(m))
        last = free_at_end(m);
    if (last && block_bytes(last) >= arena_trim_threshold(&m->arena))
        trim_end(m, PAR_GET(top_pad));
}

static bool trim(struct arena *a, size_t pad)
{
    struct implicit_arena *m = (struct implicit_arena *)a;
    bool trimmed = false;
    while (drop_newest_heap(m))
        trimmed = true;
    trimmed |= trim_end(m, pad);
    for (struct cursor at = implicit_start(m); at.block; implicit_step(&at)) {
        if (!block_in_use(at.block) && !implicit_is_damaged(at.span, at.block))
            trimmed |= request_discard(at.block + 1, block_next(at.block) - 1);
    }
    return trimmed;
}

/* --- objects --- */

static void free_tail(struct implicit_arena *m, struct block *b, size_t bytes)
{
    size_t rest = block_bytes(b) - bytes;
    if (rest < SPLIT_MIN_BYTES)
        return;
    block_set_in_use(b, bytes);
    struct block *tail = block_at(b, bytes);
    tail->tag = rest | BLOCK_IN_USE;
    implicit_coalesce(m, tail);
}

/* Cuts the block for r out of b, which is free and has room; what is left over stays free. */
static void *place(struct implicit_arena *m, struct block *b, const struct request *r)
{
    size_t bytes = block_bytes(b), lead = implicit_lead(b, r);
    if (lead > 0) {
        block_set_free(b, lead);
        b = block_at(b, lead);
        b->tag = PREVIOUS_FREE;
    }
    block_set_in_use(b, bytes - lead);
    free_tail(m, b, r->held);
    return block_object(b);
}

static void *take(struct arena *a, struct request *r, enum growth_allowed growth)
{
    struct implicit_arena *m = (struct implicit_arena *)a;
    if (growth == GROW_UNLESS_MAPPED && mapped_wanted(r->held))
        return NULL;
    struct block *b = implicit_find(m, r);
    if (!b && growth != GROW_NEVER)
        b = grow_for(m, r);
    return b ? place(m, b, r) : NULL;
}

static void must_be_in_use(const struct implicit_arena *m, const struct block *b, bool is_free)
{
    const char *fault = NULL;
    if (!block_in_use(b))
        fault = is_free ? "free(): double free detected" : "realloc(): object is free";
    else if (!reaches_a_block(m, b))
        fault = is_free ? "free(): invalid size" : "realloc(): invalid old size";
    else if (block_previous_free(block_next(b)))
        fault = is_free ? "double free or corruption (!prev)" : "realloc(): object is free";
    if (UNLIKELY(fault))
        heap_fatal(fault);
}

static void give(struct arena *a, void *p)
{
    struct implicit_arena *m = (struct implicit_arena *)a;
    struct block *b = object_block(p);
    must_be_in_use(m, b, true);
    request_perturb_freed(p, block_bytes(b) - TAG_BYTES);
    b = implicit_coalesce(m, b);
    trim_when_large(m, b);
}

static bool resize(struct arena *a, void *p, size_t bytes)
{
    struct implicit_arena *m = (struct implicit_arena *)a;
    struct block *b = object_block(p);
    must_be_in_use(m, b, false);
    size_t wanted = block_for(bytes), have = block_bytes(b);
    struct block *next = block_next(b);
    if (have < wanted && !block_in_use(next)) {
        if (UNLIKELY(!reaches_a_block(m, next)))
            heap_fatal("realloc(): invalid next size");
        have += block_bytes(next);
    }
    if (have < wanted)
        return false;
    if (have > block_bytes(b)) {
        if (m->rover.block == next)
            m->rover.block = b;
        block_set_in_use(b, have);
    }
    free_tail(m, b, wanted);
    return true;
}

static size_t usable(const void *p)
{
    return block_bytes(object_block(p)) - TAG_BYTES;
}

static void init(struct arena *a, char *start, size_t bytes)
{
    if (bytes > 0)
        begin_span((struct implicit_arena *)a, start, bytes);
}

const struct arena_kind arena_kind = {
    .arena_bytes = sizeof(struct implicit_arena),
    .main_arena = &main_arena.arena,
    .tunables = implicit_tunables,
    .init = init,
    .take = take,
    .held = block_for,
    .give = give,
    .resize = resize,
    .usable = usable,
    .trim = trim,
    .statistics = implicit_statistics,
    .check = implicit_check,
};
