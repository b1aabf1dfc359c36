#include "slab.h"

#include "fatal.h"
#include "request.h"

#define SLAB_LEAST_OBJECTS 8u
#define SLAB_LOST_PART     16u /* at most 1/16 of a slab lies behind its last object */

unsigned slab_order(unsigned class)
{
    size_t each = slab_bytes(class);
    unsigned order = 0;
    while (order_bytes(order) / each < SLAB_LEAST_OBJECTS ||
           order_bytes(order) % each > order_bytes(order) / SLAB_LOST_PART)
        order++;
    return order;
}

unsigned slab_capacity(const struct page *slab)
{
    return (unsigned)(order_bytes(slab->order) / slab_bytes(slab->class));
}

struct page *slab_of(struct page *page)
{
    return page - (page_index(page) - block_index(page_index(page), page->order));
}

static void put_partial(struct buddy_arena *m, struct page *slab)
{
    struct page *head = m->partial[slab->class];
    slab->prev = NULL;
    slab->next = head;
    if (head)
        head->prev = slab;
    m->partial[slab->class] = slab;
}

static void unlink_partial(struct buddy_arena *m, struct page *slab)
{
    struct page *next = slab->next, *prev = slab->prev;
    if (UNLIKELY((next && (!pages_is_page(m, next) || next->prev != slab)) ||
                 (prev && (!pages_is_page(m, prev) || prev->next != slab)) ||
                 (!prev && m->partial[slab->class] != slab)))
        heap_fatal("corrupted double-linked list of slabs");
    if (next)
        next->prev = prev;
    if (prev)
        prev->next = next;
    else
        m->partial[slab->class] = next;
    slab->next = slab->prev = NULL;
}

/* The block `page` becomes a slab, all of it free. */
static void begin(struct buddy_arena *m, struct page *page, unsigned class)
{
    page->state = PAGE_SLAB;
    page->class = (uint8_t) class;
    unsigned n = slab_capacity(page);
    page->n_free = (uint16_t)n;
    for (unsigned w = 0; w < SLAB_WORDS; w++) {
        unsigned bits = n > w * 64 ? n - w * 64 : 0;
        page->free_bits[w] = bits >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
    }
    for (size_t i = 1; i < (size_t)1 << page->order; i++)
        page[i] = (struct page){.state = PAGE_INSIDE, .order = page->order};
    m->n_blocks[page->order]--;
    m->slab_pages += (uint64_t)1 << page->order;
    put_partial(m, page);
}

static struct page *end(struct buddy_arena *m, struct page *slab)
{
    unlink_partial(m, slab);
    for (size_t i = 1; i < (size_t)1 << slab->order; i++)
        slab[i].state = PAGE_NONE;
    m->slab_pages -= (uint64_t)1 << slab->order;
    m->n_blocks[slab->order]++;
    slab->state = PAGE_BLOCK;
    return pages_give(m, slab);
}

void *slab_take(struct buddy_arena *m, unsigned class)
{
    if (!m->partial[class]) {
        unsigned order = slab_order(class);
        struct page *page = pages_take(m, order, order);
        if (!page)
            return NULL;
        begin(m, page, class);
    }
    struct page *slab = m->partial[class];
    if (UNLIKELY(!pages_is_page(m, slab) || slab->state != PAGE_SLAB || slab->class != class))
        heap_fatal("corrupted list of slabs");
    unsigned word = 0;
    while (word < SLAB_WORDS && slab->free_bits[word] == 0)
        word++;
    if (UNLIKELY(word == SLAB_WORDS))
        heap_fatal("corrupted slab");
    unsigned bit = (unsigned)__builtin_ctzll(slab->free_bits[word]);
    if (UNLIKELY(slab->order >= BUDDY_ORDERS || word * 64 + bit >= slab_capacity(slab)))
        heap_fatal("corrupted slab");
    slab->free_bits[word] &= slab->free_bits[word] - 1;
    if (--slab->n_free == 0)
        unlink_partial(m, slab);
    m->n_objects[class]++;
    return page_start(slab) + (word * 64 + bit) * slab_bytes(class);
}

struct page *slab_give(struct buddy_arena *m, struct page *slab, void *p)
{
    size_t each = slab_bytes(slab->class), offset = (size_t)((char *)p - page_start(slab));
    size_t i = offset / each;
    if (UNLIKELY(i * each != offset || i >= slab_capacity(slab)))
        heap_fatal("free(): invalid pointer");
    uint64_t bit = (uint64_t)1 << i % 64;
    if (UNLIKELY(slab->free_bits[i / 64] & bit))
        heap_fatal("free(): double free detected");
    request_perturb_freed(p, each);
    slab->free_bits[i / 64] |= bit;
    m->n_objects[slab->class]--;
    if (++slab->n_free == 1)
        put_partial(m, slab);
    /* One empty slab of each class stays: the next object would ask for it. */
    bool is_only = m->partial[slab->class] == slab && !slab->next;
    return slab->n_free == slab_capacity(slab) && !is_only ? end(m, slab) : NULL;
}

/* --- the laws --- */

static bool is_listed(const struct buddy_arena *m, const struct page *slab)
{
    for (const struct page *p = m->partial[slab->class]; p; p = p->next) {
        if (p == slab)
            return true;
    }
    return false;
}

static const char *check_slab(const struct buddy_arena *m, const struct page *slab)
{
    unsigned n = 0, capacity = slab_capacity(slab);
    for (unsigned i = 0; i < SLAB_MAX_OBJECTS; i++) {
        bool is_free = slab->free_bits[i / 64] >> i % 64 & 1;
        if (is_free && i >= capacity)
            return "slab bits";
        n += is_free;
    }
    if (n != slab->n_free)
        return "slab bits";
    return is_listed(m, slab) == (n > 0) ? NULL : "slab lists";
}

const char *slab_check(const struct buddy_arena *m)
{
    uint64_t in_use[SLAB_CLASSES] = {0};
    for (const struct heap_info *h = m->arena.top_heap; h; h = h->prev) {
        for (size_t i = FIRST_PAGE; i < heap_end_page(h); i++) {
            const struct page *page = &table_of(h)->pages[i];
            if (page->state != PAGE_SLAB)
                continue;
            const char *broken = page->class < SLAB_CLASSES ? check_slab(m, page) : "slab lists";
            if (broken)
                return broken;
            in_use[page->class] += slab_capacity(page) - page->n_free;
        }
    }
    for (unsigned c = 0; c < SLAB_CLASSES; c++) {
        if (in_use[c] != m->n_objects[c])
            return "slab objects";
    }
    return NULL;
}
