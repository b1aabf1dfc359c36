#include "pages.h"

#include "fatal.h"

/* --- pairs --- */

/* Where the bits of the pairs of `order` begin: those of the smaller orders come first. */
static size_t pair_bit(size_t index, unsigned order)
{
    return HEAP_PAGES - (HEAP_PAGES >> order) + (index >> (order + 1));
}

/* Turns the bit of a pair over; whether it is set now. The largest blocks have no buddies. */
static bool pair_toggle(struct page_table *t, size_t index, unsigned order)
{
    if (order == BUDDY_ORDERS - 1)
        return true;
    size_t bit = pair_bit(index, order);
    t->pair_bits[bit / 64] ^= (uint64_t)1 << bit % 64;
    return t->pair_bits[bit / 64] >> bit % 64 & 1;
}

/* --- lists --- */

bool pages_is_page(const struct buddy_arena *m, const struct page *p)
{
    if (arena_for_ptr(p) != &m->arena)
        return false;
    size_t offset = (size_t)((const char *)p - (const char *)table_of(heap_for_ptr(p))->pages);
    return offset < sizeof(struct page) * heap_end_page(heap_for_ptr(p)) &&
           offset % sizeof(struct page) == 0;
}

static void put_free(struct buddy_arena *m, struct page *page, unsigned order)
{
    struct page *head = m->free[order];
    page->state = PAGE_FREE;
    page->order = (uint8_t)order;
    page->prev = NULL;
    page->next = head;
    if (head)
        head->prev = page;
    m->free[order] = page;
    m->n_free[order]++;
}

static void unlink_free(struct buddy_arena *m, struct page *page)
{
    struct page *next = page->next, *prev = page->prev;
    if (UNLIKELY(page->order >= BUDDY_ORDERS || page->state != PAGE_FREE))
        heap_fatal("corrupted free block");
    if (UNLIKELY((next && (!pages_is_page(m, next) || next->prev != page)) ||
                 (prev && (!pages_is_page(m, prev) || prev->next != page)) ||
                 (!prev && m->free[page->order] != page)))
        heap_fatal("corrupted double-linked list");
    if (next)
        next->prev = prev;
    if (prev)
        prev->next = next;
    else
        m->free[page->order] = next;
    m->n_free[page->order]--;
    page->state = PAGE_NONE;
    page->next = page->prev = NULL;
}

/* A free block leaves the buddy system whole. */
static void withdraw(struct buddy_arena *m, struct page *page)
{
    struct page_table *t = table_of(heap_for_ptr(page));
    unlink_free(m, page);
    pair_toggle(t, page_index(page), page->order);
    t->n_taken += (uint64_t)1 << page->order;
}

/* --- take and give --- */

/* page, taken, is `from` long and becomes `to`: the upper half of each step is free. */
static void cut(struct buddy_arena *m, struct page *page, unsigned from, unsigned to)
{
    struct page_table *t = table_of(heap_for_ptr(page));
    size_t index = page_index(page);
    while (from > to) {
        from--;
        pair_toggle(t, index, from);
        put_free(m, &t->pages[buddy_index(index, from)], from);
        t->n_taken -= (uint64_t)1 << from;
        m->splits++;
    }
    page->order = (uint8_t)to;
}

struct page *pages_take(struct buddy_arena *m, unsigned aligned, unsigned order)
{
    unsigned found = aligned;
    while (found < BUDDY_ORDERS && !m->free[found])
        found++;
    if (found == BUDDY_ORDERS)
        return NULL;
    struct page *page = m->free[found];
    if (UNLIKELY(!pages_is_page(m, page) || page->state != PAGE_FREE || page->order != found ||
                 !pages_is_whole(page)))
        heap_fatal("corrupted free list");
    withdraw(m, page);
    cut(m, page, found, order);
    page->state = PAGE_BLOCK;
    m->n_blocks[order]++;
    return page;
}

/* The pages of a block that is in use nowhere come back, and merge as far as their buddies are free. */
static struct page *release(struct buddy_arena *m, struct page_table *t, size_t index,
                            unsigned order)
{
    t->n_taken -= (uint64_t)1 << order;
    while (!pair_toggle(t, index, order)) {
        struct page *buddy = &t->pages[buddy_index(index, order)];
        if (UNLIKELY(buddy->state != PAGE_FREE || buddy->order != order))
            heap_fatal("corrupted pair bits");
        unlink_free(m, buddy);
        t->pages[index].state = PAGE_NONE;
        index &= ~((size_t)1 << order);
        order++;
        m->merges++;
    }
    put_free(m, &t->pages[index], order);
    return &t->pages[index];
}

bool pages_is_whole(const struct page *page)
{
    if (page->order >= BUDDY_ORDERS)
        return false;
    size_t index = page_index(page), length = (size_t)1 << page->order;
    if (block_index(index, page->order) != index ||
        index + length > heap_end_page(heap_for_ptr(page)))
        return false;
    const struct page *middle = page + length / 2;
    return length == 1 || middle->state == (page->state == PAGE_SLAB ? PAGE_INSIDE : PAGE_NONE);
}

struct page *pages_give(struct buddy_arena *m, struct page *page)
{
    if (UNLIKELY(!pages_is_whole(page)))
        heap_fatal("corrupted order of a block");
    m->n_blocks[page->order]--;
    return release(m, table_of(heap_for_ptr(page)), page_index(page), page->order);
}

void pages_shrink(struct buddy_arena *m, struct page *page, unsigned order)
{
    m->n_blocks[page->order]--;
    m->n_blocks[order]++;
    cut(m, page, page->order, order);
}

bool pages_extend(struct buddy_arena *m, struct page *page, unsigned order)
{
    struct page_table *t = table_of(heap_for_ptr(page));
    size_t index = page_index(page);
    if (block_index(index, order) != index)
        return false;
    for (unsigned k = page->order; k < order; k++) {
        const struct page *buddy = &t->pages[buddy_index(index, k)];
        if (buddy->state != PAGE_FREE || buddy->order != k)
            return false;
    }
    for (unsigned k = page->order; k < order; k++)
        withdraw(m, &t->pages[buddy_index(index, k)]);
    m->n_blocks[page->order]--;
    m->n_blocks[order]++;
    page->order = (uint8_t)order;
    return true;
}

/* --- from and to the system --- */

/* Blocks as long as alignment allows, from `from` to `to`: pages that no block covers yet. */
static void add_range(struct buddy_arena *m, struct page_table *t, size_t from, size_t to)
{
    while (from < to) {
        unsigned order = (unsigned)__builtin_ctzll(from), most = log2_floor(to - from);
        if (order > most)
            order = most;
        if (order >= BUDDY_ORDERS)
            order = BUDDY_ORDERS - 1;
        t->n_taken += (uint64_t)1 << order; /* release() takes it off again */
        release(m, t, from, order);
        from += (size_t)1 << order;
    }
}

void pages_add(struct buddy_arena *m, struct heap_info *h, size_t from)
{
    add_range(m, table_of(h), from, heap_end_page(h));
}

/* The free block of h that ends before page `end`; NULL: what ends there is in use. */
static struct page *free_before(const struct heap_info *h, size_t end)
{
    struct page_table *t = table_of(h);
    for (unsigned k = 0; k < BUDDY_ORDERS && end >= FIRST_PAGE + ((size_t)1 << k); k++) {
        size_t index = end - ((size_t)1 << k);
        if (t->pages[index].state == PAGE_FREE && t->pages[index].order == k)
            return &t->pages[index];
        if (end >> k & 1)
            break; /* a longer block would not be aligned */
    }
    return NULL;
}

/* The first of the free pages that end before page `end`. */
static size_t free_from(const struct heap_info *h, size_t end)
{
    for (const struct page *p = free_before(h, end); p; p = free_before(h, end))
        end = page_index(p);
    return end;
}

size_t pages_free_at_end(const struct buddy_arena *m)
{
    const struct heap_info *h = m->arena.top_heap;
    return h ? h->size - (free_from(h, heap_end_page(h)) << BUDDY_PAGE_BITS) : 0;
}

bool pages_grow(struct buddy_arena *m, unsigned order)
{
    size_t length = (size_t)1 << order, fresh = round_up(FIRST_PAGE, length) + length, more = fresh;
    struct heap_info *h = m->arena.top_heap;
    size_t end = h ? heap_end_page(h) : 0;
    if (h) {
        size_t start = block_index(end, order);
        if (start < FIRST_PAGE || free_from(h, end) > start)
            start = round_up(end > FIRST_PAGE ? end : FIRST_PAGE, length);
        more = start + length - end;
    }
    struct growth g;
    if (arena_grow(&m->arena, more << BUDDY_PAGE_BITS,
                   (fresh << BUDDY_PAGE_BITS) - sizeof(struct heap_info), &g) < 0)
        return false;
    pages_add(m, m->arena.top_heap, g.joined ? end : FIRST_PAGE);
    return true;
}

/* The newest heap has no object, and there is an older one: it goes. */
static size_t drop_newest_heap(struct buddy_arena *m)
{
    struct heap_info *h = m->arena.top_heap;
    if (!h || !h->prev || table_of(h)->n_taken > 0)
        return 0;
    size_t bytes = h->size;
    for (size_t i = FIRST_PAGE; i < heap_end_page(h);) {
        struct page *page = &table_of(h)->pages[i];
        unlink_free(m, page);
        i += (size_t)1 << page->order;
    }
    arena_drop_heap(&m->arena);
    return bytes;
}

static size_t trim_end(struct buddy_arena *m, size_t pad)
{
    struct heap_info *h = m->arena.top_heap;
    size_t free = pages_free_at_end(m);
    if (free <= pad)
        return 0;
    size_t end = heap_end_page(h), goes = (free - pad) >> BUDDY_PAGE_BITS;
    if (goes == 0)
        return 0;
    /* The blocks at the end leave; what of the last one stays comes back. */
    size_t at = end;
    while (at > end - goes) {
        struct page *page = free_before(h, at);
        at = page_index(page);
        withdraw(m, page);
    }
    size_t given = arena_shrink(&m->arena, goes << BUDDY_PAGE_BITS);
    struct page_table *t = table_of(h);
    t->n_taken -= end - at;
    add_range(m, t, at, heap_end_page(h));
    return given;
}

size_t pages_trim(struct buddy_arena *m, size_t pad)
{
    size_t given = 0, dropped;
    while ((dropped = drop_newest_heap(m)) > 0)
        given += dropped;
    return given + trim_end(m, pad);
}

bool pages_is_free(const struct page *page)
{
    const struct page_table *t = table_of(heap_for_ptr(page));
    for (unsigned k = 0; k < BUDDY_ORDERS; k++) {
        const struct page *head = &t->pages[block_index(page_index(page), k)];
        if (head->state == PAGE_FREE && head->order >= k)
            return true;
    }
    return false;
}

const struct page *pages_next_free(const struct buddy_arena *m, const struct page *page)
{
    const struct page *next = page->next;
    if (UNLIKELY(next &&
                 (!pages_is_page(m, next) || next->prev != page || next->state != PAGE_FREE ||
                  next->order != page->order || !pages_is_whole(next))))
        heap_fatal("corrupted free list");
    return next;
}

const struct page *pages_first_free(const struct buddy_arena *m, unsigned order)
{
    const struct page *first = m->free[order];
    if (UNLIKELY(first && (!pages_is_page(m, first) || first->state != PAGE_FREE ||
                           first->order != order || !pages_is_whole(first))))
        heap_fatal("corrupted free list");
    return first;
}

/* --- the laws --- */

static bool is_free_block(const struct page_table *t, size_t index, unsigned order)
{
    return t->pages[index].state == PAGE_FREE && t->pages[index].order == order;
}

static const char *check_pairs(const struct heap_info *h, unsigned order)
{
    const struct page_table *t = table_of(h);
    size_t length = (size_t)1 << order, end = heap_end_page(h);
    for (size_t i = block_index(FIRST_PAGE, order + 1); i < end; i += 2 * length) {
        bool low = is_free_block(t, i, order), high = is_free_block(t, i + length, order);
        size_t bit = pair_bit(i, order);
        if (low && high)
            return "merged";
        if ((t->pair_bits[bit / 64] >> bit % 64 & 1) != (low != high))
            return "pair bits";
    }
    return NULL;
}

static const char *check_inside(const struct page_table *t, size_t index, unsigned order)
{
    bool slab = t->pages[index].state == PAGE_SLAB;
    for (size_t i = 1; i < (size_t)1 << order; i++) {
        const struct page *page = &t->pages[index + i];
        if (slab ? page->state != PAGE_INSIDE || page->order != order : page->state != PAGE_NONE)
            return "inside";
    }
    return NULL;
}

static const char *check_heap(const struct heap_info *h, uint64_t *n_free)
{
    const struct page_table *t = table_of(h);
    size_t end = heap_end_page(h), taken = 0;
    for (size_t i = FIRST_PAGE; i < end;) {
        const struct page *page = &t->pages[i];
        unsigned order = page->order;
        if (page->state == PAGE_NONE || page->state == PAGE_INSIDE || order >= BUDDY_ORDERS ||
            block_index(i, order) != i || i + ((size_t)1 << order) > end)
            return "tiling";
        const char *broken = check_inside(t, i, order);
        if (broken)
            return broken;
        if (page->state == PAGE_FREE)
            n_free[order]++;
        else
            taken += (size_t)1 << order;
        i += (size_t)1 << order;
    }
    for (unsigned k = 0; k < BUDDY_ORDERS - 1; k++) {
        const char *broken = check_pairs(h, k);
        if (broken)
            return broken;
    }
    return taken == t->n_taken ? NULL : "taken";
}

static const char *check_list(const struct buddy_arena *m, unsigned order, uint64_t n_blocks)
{
    uint64_t n = 0;
    const struct page *before = NULL;
    for (const struct page *p = m->free[order]; p; before = p, p = p->next) {
        if (++n > n_blocks || !pages_is_page(m, p) || p->prev != before || p->state != PAGE_FREE ||
            p->order != order)
            return "free list";
    }
    return n == n_blocks && n == m->n_free[order] ? NULL : "free list";
}

const char *pages_check(const struct buddy_arena *m)
{
    uint64_t n_free[BUDDY_ORDERS] = {0};
    for (const struct heap_info *h = m->arena.top_heap; h; h = h->prev) {
        const char *broken = check_heap(h, n_free);
        if (broken)
            return broken;
    }
    for (unsigned k = 0; k < BUDDY_ORDERS; k++) {
        const char *broken = check_list(m, k, n_free[k]);
        if (broken)
            return broken;
    }
    return NULL;
}
