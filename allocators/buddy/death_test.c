/*
 * Each form of damage ends the process with one line that names it, and SIGABRT. What the allocator knows of
 * its pages lies apart from them: a program has to aim to hit it, as these do.
 */
#include <malloc.h>

#include "death.h"
#include "slab.h"

#define BLOCK 20000u /* of order 3, half of it wasted */

static struct buddy_arena *own_arena(void)
{
    return (struct buddy_arena *)arena_thread.arena;
}

/* --- free() --- */

static void free_twice_a_small_one(void)
{
    void *p = keep(40);
    free(p);
    free(p);
}

static void free_twice_a_block(void)
{
    void *p = keep(BLOCK);
    free(p);
    free(p);
}

/* Its buddy is free, and both are one block now that begins elsewhere. */
static void free_twice_what_was_merged(void)
{
    char *p = keep(BLOCK), *q = keep(BLOCK);
    if (p > q) { /* q: the upper one */
        char *swap = p;
        p = q;
        q = swap;
    }
    free(p);
    free(q);
    free(q);
}

static void free_inside_a_small_object(void)
{
    free((char *)keep(64) + 16);
}

static void free_misaligned(void)
{
    free((char *)keep(64) + 8);
}

static void free_inside_a_block(void)
{
    free((char *)keep(BLOCK) + 64);
}

static void free_of_a_later_page_of_a_block(void)
{
    free((char *)keep(BLOCK) + BUDDY_PAGE_BYTES);
}

static void free_of_the_table(void)
{
    free(page_for(keep(BLOCK)));
}

static void free_beyond_the_heap(void)
{
    free((char *)keep(BLOCK) + HEAP_MAX_BYTES / 2);
}

/* --- what the table says --- */

static void order_too_large(void)
{
    char *p = keep(BLOCK);
    page_for(p)->order = 11;
    free(p);
}

static void order_misaligned(void)
{
    char *p = keep(4096), *q = keep(4096);
    char *odd = page_index(page_for(p)) % 2 ? p : q;
    page_for(odd)->order = 1;
    free(odd);
}

/* It begins where such a block may, but another block lies in its middle. */
static void order_of_another_block(void)
{
    char *p = keep(BLOCK), *q = keep(BLOCK);
    char *lower = p < q ? p : q;
    page_for(lower)->order = page_index(page_for(lower)) % 16 == 0 ? 4 : 3;
    page_for(lower)[1u << (page_for(lower)->order - 1)].state = PAGE_BLOCK;
    free(lower);
}

static void order_that_leads_out_of_the_heap(void)
{
    keep(BLOCK);
    struct heap_info *h = own_arena()->arena.top_heap;
    unsigned order = 0;
    size_t end = heap_end_page(h), index;
    do
        index = block_index(end - 1, ++order);
    while (index + ((size_t)1 << order) <= end);
    struct page *page = &table_of(h)->pages[index];
    page->state = PAGE_BLOCK;
    page->order = (uint8_t)order;
    free(page_start(page));
}

static void links_of_a_list_lead_to_each_other(void)
{
    keep(BLOCK);
    struct page *first = own_arena()->free[0];
    while (!first) {
        keep(4096);
        first = own_arena()->free[0];
    }
    first->next = first;
    malloc_trim(0);
}

static void bits_behind_the_last_object_of_a_slab(void)
{
    struct page *slab = page_for(keep(40));
    memset(slab->free_bits, 0, sizeof(slab->free_bits));
    slab->free_bits[SLAB_WORDS - 1] = (uint64_t)1 << 63;
    keep(40);
}

static void link_of_a_slab_into_the_heap(void)
{
    char *p = keep(40), *other = keep(BLOCK);
    struct page *slab = own_arena()->partial[slab_class(40)];
    slab->next = (struct page *)(other + HEAP_MAX_BYTES / 2);
    free(p);
    for (unsigned i = 0; i < 200; i++)
        keep(40);
}

static void pair_bits(void)
{
    char *p = keep(BLOCK);
    struct page_table *t = table_of(heap_for_ptr(p));
    memset(t->pair_bits, 0, sizeof(t->pair_bits));
    free(p); /* whatever its bit was, another up the orders was set */
    for (unsigned i = 0; i < 4; i++) {
        memset(t->pair_bits, i % 2 ? 0xff : 0, sizeof(t->pair_bits));
        free(keep(4096));
    }
}

static void forward_link(void)
{
    memset(&own_arena()->free[3]->next, 0x41, sizeof(void *));
    keep(BLOCK);
}

static void head_of_a_list(void)
{
    char *p = keep(BLOCK);
    own_arena()->free[3] = page_for(p);
    keep(BLOCK);
}

static void bits_of_a_slab(void)
{
    struct page *slab = page_for(keep(40));
    memset(slab->free_bits, 0, sizeof(slab->free_bits));
    keep(40);
}

static void class_of_a_slab(void)
{
    char *p = keep(40);
    page_for(p)->class = SLAB_CLASSES;
    free(p);
}

static void link_of_a_slab(void)
{
    char *p = keep(40);
    own_arena()->partial[slab_class(40)]->prev = page_for(p);
    for (unsigned i = 0; i < 200; i++)
        free(hold(NULL)), malloc(40);
}

/* --- realloc() --- */

static void resize_of_a_stranger(void)
{
    size_t words[16] = {0, 0x41};
    void *volatile p = &words[2];
    hold(realloc(p, 100));
}

static void resize_of_what_is_free(void)
{
    char *p = keep(BLOCK);
    free(p);
    hold(realloc(p, 2 * BLOCK));
}

static void resize_inside_a_small_object(void)
{
    hold(realloc((char *)keep(64) + 16, 100));
}

static const struct death deaths[] = {
    {"free(): double free detected", free_twice_a_small_one},
    {"free(): double free detected", free_twice_a_block},
    {"free(): double free detected", free_twice_what_was_merged},
    {"free(): invalid pointer", free_of_the_stack},
    {"free(): invalid pointer", free_of_static_memory},
    {"free(): invalid pointer", free_inside_a_small_object},
    {"free(): invalid pointer", free_misaligned},
    {"free(): invalid pointer", free_inside_a_block},
    {"free(): invalid pointer", free_of_a_later_page_of_a_block},
    {"free(): invalid pointer", free_of_the_table},
    {"free(): invalid pointer", free_beyond_the_heap},
    {"corrupted order of a block", order_too_large},
    {"corrupted order of a block", order_misaligned},
    {"corrupted order of a block", order_of_another_block},
    {"corrupted order of a block", order_that_leads_out_of_the_heap},
    {"corrupted free list", links_of_a_list_lead_to_each_other},
    {"corrupted slab", bits_behind_the_last_object_of_a_slab},
    {"corrupted double-linked list of slabs", link_of_a_slab_into_the_heap},
    {"corrupted pair bits", pair_bits},
    {"corrupted double-linked list", forward_link},
    {"corrupted free list", head_of_a_list},
    {"corrupted slab", bits_of_a_slab},
    {"corrupted slab", class_of_a_slab},
    {"corrupted double-linked list of slabs", link_of_a_slab},
    {"realloc(): invalid pointer", resize_of_a_stranger},
    {"realloc(): object is free", resize_of_what_is_free},
    {"realloc(): invalid pointer", resize_inside_a_small_object},
};

DEATH_MAIN("buddy", deaths)
