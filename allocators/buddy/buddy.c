/*
 * The buddy allocator: a kernel's page allocator in user space. Objects above 2 KiB are blocks of
 * 2^order pages, smaller ones lie in slabs, larger ones than 4 MiB are mapped.
 */
#include "fatal.h"
#include "mapped.h"
#include "request.h"
#include "slab.h"

#define TRIM_CHECK_BYTES (64 * KIB)

const char heap_name[] = "buddy";

static struct buddy_arena main_arena;

static size_t held(size_t bytes)
{
    if (bytes <= SLAB_MAX_BYTES)
        return slab_bytes(slab_class(bytes));
    return round_up(bytes, BUDDY_PAGE_BYTES);
}

/* --- objects --- */

/* A block of `order` serves `bytes` from now on. */
static void count_object(struct buddy_arena *m, struct page *page, size_t bytes)
{
    page->requested = bytes;
    m->requested[page->order] += bytes;
    m->order_waste += order_bytes(page->order) - bytes;
    if (m->order_waste > m->max_order_waste)
        m->max_order_waste = m->order_waste;
}

static void discount_object(struct buddy_arena *m, const struct page *page)
{
    m->requested[page->order] -= page->requested;
    m->order_waste -= order_bytes(page->order) - page->requested;
}

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void *take_small(struct buddy_arena *m, const struct request *r, bool may_grow)
{
    size_t bytes = r->bytes;
    if (r->alignment > FAMILY_ALIGNMENT) /* to a power of two, whose objects are aligned to it */
        bytes = (size_t)2 << log2_floor(at_least(r->alignment, at_least(bytes, 2)) - 1);
    unsigned class = slab_class(bytes);
    void *p = slab_take(m, class);
    if (!p && may_grow && pages_grow(m, slab_order(class)))
        p = slab_take(m, class);
    return p;
}

static void *take_block(struct buddy_arena *m, const struct request *r, bool may_grow)
{
    unsigned order = order_for(at_least(r->bytes, 1));
    unsigned aligned = order_for(at_least(r->alignment, at_least(r->bytes, 1)));
    struct page *page = pages_take(m, aligned, order);
    if (!page && may_grow && pages_grow(m, aligned))
        page = pages_take(m, aligned, order);
    if (!page)
        return NULL;
    count_object(m, page, r->bytes);
    return page_start(page);
}

static void *take(struct arena *a, struct request *r, enum growth_allowed growth)
{
    struct buddy_arena *m = (struct buddy_arena *)a;
    if (r->alignment > BUDDY_MAX_BYTES)
        return NULL;
    bool may_grow =
        growth == GROW_ALWAYS || (growth == GROW_UNLESS_MAPPED && !mapped_wanted(r->held));
    if (r->bytes <= SLAB_MAX_BYTES && r->alignment <= SLAB_MAX_BYTES)
        return take_small(m, r, may_grow);
    return take_block(m, r, may_grow);
}

/* The first page of the block or slab that p is or lies in. */
static struct page *page_in_use(const void *p, const char *fault, const char *fault_if_free)
{
    struct page *page = page_for(p);
    if (UNLIKELY(page_index(page) < FIRST_PAGE))
        heap_fatal(fault);
    if (UNLIKELY(page->state == PAGE_NONE || page->state == PAGE_FREE))
        heap_fatal(pages_is_free(page) ? fault_if_free : fault);
    if (page->state == PAGE_BLOCK) {
        if (UNLIKELY((uintptr_t)p % BUDDY_PAGE_BYTES != 0))
            heap_fatal(fault);
        if (UNLIKELY(!pages_is_whole(page)))
            heap_fatal("corrupted order of a block");
        return page;
    }
    if (UNLIKELY(page->order >= BUDDY_ORDERS))
        heap_fatal("corrupted slab");
    page = slab_of(page);
    if (UNLIKELY(page->state != PAGE_SLAB || page->class >= SLAB_CLASSES || !pages_is_whole(page)))
        heap_fatal("corrupted slab");
    return page;
}

/* Only a free that makes a long block can have made a long end. */
static void trim_when_large(struct buddy_arena *m, const struct page *freed)
{
    if (heap_for_ptr(freed) == m->arena.top_heap && order_bytes(freed->order) >= TRIM_CHECK_BYTES &&
        pages_free_at_end(m) >= arena_trim_threshold(&m->arena))
        pages_trim(m, PAR_GET(top_pad));
}

static void give(struct arena *a, void *p)
{
    struct buddy_arena *m = (struct buddy_arena *)a;
    struct page *page = page_in_use(p, "free(): invalid pointer", "free(): double free detected");
    if (page->state == PAGE_SLAB) {
        page = slab_give(m, page, p);
    } else {
        request_perturb_freed(p, order_bytes(page->order));
        discount_object(m, page);
        page = pages_give(m, page);
    }
    if (page)
        trim_when_large(m, page);
}

static bool resize_block(struct buddy_arena *m, struct page *page, size_t bytes)
{
    struct page before = *page;
    unsigned wanted = order_for(bytes);
    if (wanted > before.order && !pages_extend(m, page, wanted))
        return false;
    if (wanted < before.order)
        pages_shrink(m, page, wanted);
    discount_object(m, &before);
    count_object(m, page, bytes);
    return true;
}

static bool resize(struct arena *a, void *p, size_t bytes)
{
    struct page *page = page_in_use(p, "realloc(): invalid pointer", "realloc(): object is free");
    if (page->state == PAGE_SLAB) {
        size_t each = slab_bytes(page->class);
        if (UNLIKELY((size_t)((char *)p - page_start(page)) % each != 0))
            heap_fatal("realloc(): invalid pointer");
        return bytes <= each && bytes > each / 2;
    }
    return bytes > SLAB_MAX_BYTES && bytes <= BUDDY_MAX_BYTES &&
           resize_block((struct buddy_arena *)a, page, bytes);
}

static size_t usable(const void *p)
{
    struct page *page = page_for(p);
    if (page->state == PAGE_BLOCK)
        return order_bytes(page->order);
    return slab_bytes(slab_of(page)->class);
}

/* --- what the arena layer asks for --- */

static void init(struct arena *a, char *start, size_t bytes)
{
    if (bytes > 0)
        pages_add((struct buddy_arena *)a, heap_for_ptr(start - 1), FIRST_PAGE);
}

static bool trim(struct arena *a, size_t pad)
{
    struct buddy_arena *m = (struct buddy_arena *)a;
    bool trimmed = pages_trim(m, pad) > 0;
    for (unsigned k = 0; k < BUDDY_ORDERS; k++) {
        for (const struct page *p = pages_first_free(m, k); p; p = pages_next_free(m, p))
            trimmed |= request_discard(page_start(p), page_start(p) + order_bytes(k));
    }
    return trimmed;
}

static const char *check(struct arena *a)
{
    const char *broken = pages_check((struct buddy_arena *)a);
    return broken ? broken : slab_check((struct buddy_arena *)a);
}

extern void buddy_statistics(struct arena *a, struct statistics_sink *s);

const struct arena_kind arena_kind = {
    .arena_bytes = TABLE_OFFSET - sizeof(struct heap_info) + sizeof(struct page_table),
    .main_arena = &main_arena.arena,
    .on_heaps = true,
    .largest = BUDDY_MAX_BYTES,
    .init = init,
    .take = take,
    .held = held,
    .give = give,
    .resize = resize,
    .usable = usable,
    .trim = trim,
    .statistics = buddy_statistics,
    .check = check,
};
