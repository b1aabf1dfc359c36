/*
 * The buddy allocator as the program's own malloc: orders, splitting, merging, slabs, and every law broken
 * on purpose. Each test is a process of its own, and works in the main arena.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"
#include "laws.h"
#include "slab.h"

static struct buddy_arena *own(void)
{
    return (struct buddy_arena *)arena_thread.arena;
}

static struct page_table *table(void)
{
    return table_of(own()->arena.top_heap);
}

static void *of_order(unsigned order)
{
    return keep(order_bytes(order));
}

/* Two blocks of `order` that are buddies, the lower one first, and no free block of this order besides. */
static void buddies(unsigned order, void *pair[2])
{
    keep(1);
    do /* until one is cut from a longer block */
        pair[0] = of_order(order);
    while (own()->n_free[order] != 1);
    pair[1] = of_order(order);
    if (pair[0] > pair[1]) {
        void *swap = pair[0];
        pair[0] = pair[1];
        pair[1] = swap;
    }
}

/* --- orders --- */

START_TEST(an_order_is_the_smallest_that_holds_the_bytes)
{
    static const struct {
        size_t bytes;
        unsigned order;
    } cases[] = {{1, 0},
                 {4096, 0},
                 {4097, 1},
                 {8192, 1},
                 {8193, 2},
                 {5 * 4096, 3},
                 {32768, 3},
                 {32769, 4},
                 {2 * MIB, 9},
                 {2 * MIB + 1, 10},
                 {BUDDY_MAX_BYTES, 10}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        ck_assert_uint_eq(order_for(cases[i].bytes), cases[i].order);
}
END_TEST

START_TEST(blocks_are_as_long_and_as_aligned_as_their_order)
{
    mallopt(M_MMAP_THRESHOLD, 8 * MIB);
    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        void *p = malloc(order_bytes(order) - 100);
        ck_assert_uint_eq((uintptr_t)p % order_bytes(order), 0);
        ck_assert_uint_eq(malloc_usable_size(p), order_bytes(order));
        ck_assert_uint_eq(page_for(p)->order, order);
    }
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

START_TEST(what_is_longer_than_the_longest_block_is_mapped)
{
    mallopt(M_MMAP_THRESHOLD, 32 * MIB);
    free(malloc(1));
    size_t before = own()->arena.system_mem;
    char *p = malloc(BUDDY_MAX_BYTES + 1);
    ck_assert_ptr_null(arena_for_ptr(p));
    ck_assert_ptr_null(arena_after(arena_main()));
    ck_assert_uint_eq(own()->arena.system_mem, before);
    free(p);
}
END_TEST

START_TEST(a_split_leaves_one_free_block_of_each_order_below)
{
    void *pair[2];
    buddies(4, pair);
    for (unsigned k = 0; k < 4; k++) {
        while (own()->n_free[k] > 0)
            of_order(k);
    }
    free(pair[0]);
    uint64_t splits = own()->splits;
    void *p = of_order(0);
    ck_assert_ptr_eq(p, pair[0]);
    ck_assert_uint_eq(own()->splits, splits + 4);
    for (unsigned k = 0; k < 4; k++)
        ck_assert_uint_eq(own()->n_free[k], 1);
    ck_assert_ptr_null(pages_check(own()));
    free(p);
    ck_assert_uint_eq(own()->n_free[0], 0);
    ck_assert_uint_eq(page_for(p)->order, 4);
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

START_TEST(buddies_merge_in_either_order_and_others_do_not)
{
    for (unsigned first = 0; first < 2; first++) {
        void *pair[2];
        buddies(2, pair);
        uint64_t merges = own()->merges;
        free(pair[first]);
        ck_assert_uint_eq(own()->merges, merges);
        ck_assert_uint_eq(own()->n_free[2], 1);
        free(pair[!first]);
        ck_assert_uint_gt(own()->merges, merges);
        ck_assert_uint_eq(own()->n_free[2], 0);
        ck_assert_ptr_null(pages_check(own()));
    }
}
END_TEST

START_TEST(neighbours_that_are_no_buddies_stay_apart)
{
    void *low[2], *high[2];
    buddies(1, low);
    do
        buddies(1, high);
    while ((char *)low[1] + order_bytes(1) != high[0] && (low[0] = high[0], low[1] = high[1]));
    /* low[1] and high[0] lie side by side; their buddies are in use. */
    free(low[1]);
    free(high[0]);
    ck_assert_uint_eq(own()->n_free[1], 2);
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

/* --- realloc --- */

START_TEST(realloc_takes_the_free_buddy_behind)
{
    void *pair[2];
    buddies(2, pair);
    free(pair[1]);
    ck_assert_ptr_eq(realloc(pair[0], order_bytes(3)), pair[0]);
    ck_assert_uint_eq(page_for(pair[0])->order, 3);
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

START_TEST(realloc_cannot_take_the_buddy_before)
{
    void *pair[2];
    buddies(2, pair);
    free(pair[0]);
    memset(pair[1], 7, order_bytes(2));
    char *p = realloc(pair[1], order_bytes(3));
    ck_assert_ptr_ne(p, pair[1]);
    for (size_t i = 0; i < order_bytes(2); i++)
        ck_assert_int_eq(p[i], 7);
}
END_TEST

START_TEST(realloc_frees_the_upper_halves)
{
    void *p = of_order(4);
    ck_assert_ptr_eq(realloc(p, order_bytes(1)), p);
    ck_assert_uint_eq(page_for(p)->order, 1);
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

START_TEST(an_aligned_block_keeps_only_what_it_needs)
{
    mallopt(M_MMAP_THRESHOLD, 8 * MIB);
    for (size_t alignment = 8192; alignment <= 2 * MIB; alignment *= 2) {
        void *p = memalign(alignment, 5000);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert_uint_eq(malloc_usable_size(p), 8192);
    }
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

/* --- slabs --- */

START_TEST(classes_hold_their_sizes_and_waste_at_most_a_quarter)
{
    for (size_t bytes = 1; bytes <= SLAB_MAX_BYTES; bytes++) {
        unsigned class = slab_class(bytes);
        ck_assert_uint_lt(class, SLAB_CLASSES);
        ck_assert_uint_ge(slab_bytes(class), bytes);
        ck_assert(class == 0 || slab_bytes(class - 1) < bytes);
        ck_assert(bytes <= 64 || slab_bytes(class) <= bytes + bytes / 4 + 1);
    }
}
END_TEST

START_TEST(a_slab_serves_as_many_objects_as_it_has_bits)
{
    void *first = malloc(16);
    const struct page *slab = slab_of(page_for(first));
    unsigned n = slab->n_free;
    for (unsigned i = 0; i < n; i++)
        ck_assert_ptr_eq(slab_of(page_for(malloc(16))), slab);
    ck_assert_uint_eq(slab->n_free, 0);
    ck_assert_ptr_ne(slab_of(page_for(malloc(16))), slab);
    ck_assert_ptr_null(slab_check(own()));
}
END_TEST

START_TEST(an_empty_slab_becomes_a_block_again_unless_it_is_the_last)
{
    enum { N = 1000 };
    static void *p[N];
    uint64_t pages = own() ? own()->slab_pages : 0;
    for (unsigned i = 0; i < N; i++)
        p[i] = malloc(1500);
    ck_assert_uint_gt(own()->slab_pages, pages + N / 4);
    for (unsigned i = 0; i < N; i++)
        free(p[i]);
    ck_assert_uint_le(own()->slab_pages, pages + ((uint64_t)1 << slab_order(slab_class(1500))) * 2);
    ck_assert_ptr_null(slab_check(own()));
    ck_assert_ptr_null(pages_check(own()));
}
END_TEST

START_TEST(small_objects_are_aligned_to_powers_of_two)
{
    for (size_t alignment = 32; alignment <= SLAB_MAX_BYTES; alignment *= 2) {
        for (unsigned i = 0; i < 40; i++) {
            void *p = memalign(alignment, 24);
            ck_assert_uint_eq((uintptr_t)p % alignment, 0);
            ck_assert_uint_eq(malloc_usable_size(p), alignment);
        }
    }
}
END_TEST

/* --- the system --- */

static void *fill_heaps(void *unused)
{
    enum { N = 1000 };
    static void *p[N];
    for (unsigned i = 0; i < N; i++)
        p[i] = malloc(100 * KIB);
    const struct arena *a = &own()->arena;
    uint64_t most = a->counts.heaps;
    for (unsigned i = 0; i < N; i++)
        free(p[i]);
    uint64_t left = a->counts.heaps; /* before the framework allocates */
    ck_assert_uint_ge(most, 2);
    ck_assert_uint_eq(left, 1);
    ck_assert_uint_le(pages_free_at_end(own()), DEFAULT_TRIM_THRESHOLD);
    ck_assert_ptr_null(arena_check(&own()->arena));
    return unused;
}

START_TEST(free_heaps_and_the_free_end_go_back)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, fill_heaps, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

extern statistics_function arenabench_statistics;

static uint64_t told(const char *name)
{
    static struct statistic out[200];
    size_t n = arenabench_statistics(out, ARRAY_SIZE(out));
    for (size_t i = 0; i < n && i < ARRAY_SIZE(out); i++) {
        if (out[i].kind == STATISTIC_ARENA && out[i].arena == 0 && strcmp(out[i].name, name) == 0)
            return out[i].value;
    }
    ck_abort_msg("no statistic %s", name);
    return 0;
}

START_TEST(statistics_tell_what_rounding_up_costs)
{
    free(malloc(1));
    uint64_t before = told("order_waste_bytes");
    void *p = malloc(20000);
    ck_assert_uint_eq(told("order_waste_bytes") - before, 32768 - 20000);
    ck_assert_uint_ge(told("order_3_blocks"), 1);
    ck_assert_uint_ge(told("order_3_waste_bytes"), 32768 - 20000);
    p = realloc(p, 32000);
    ck_assert_uint_eq(told("order_waste_bytes") - before, 32768 - 32000);
    free(p);
    ck_assert_uint_eq(told("order_waste_bytes"), before);
    ck_assert_uint_ge(told("max_order_waste_bytes"), before + 32768 - 20000);
}
END_TEST

/* --- the laws --- */

static const char *check(void)
{
    const char *broken = pages_check(own());
    return broken ? broken : slab_check(own());
}

static const char *nothing_broken(void)
{
    keep(40);
    of_order(2);
    return check();
}

static const char *order_too_small(void)
{
    page_for(of_order(2))->order = 1;
    return check();
}

static const char *order_out_of_range(void)
{
    page_for(of_order(2))->order = BUDDY_ORDERS;
    return check();
}

static const char *block_without_a_first_page(void)
{
    page_for(of_order(2))->state = PAGE_NONE;
    return check();
}

static const char *block_inside_a_block(void)
{
    page_for(of_order(2))[1].state = PAGE_BLOCK;
    return check();
}

/* A free block of order 2 whose buddy is in use. */
static struct page *lone_free_block(void)
{
    void *pair[2];
    buddies(2, pair);
    free(pair[0]);
    return page_for(pair[0]);
}

static const char *free_block_not_listed(void)
{
    lone_free_block();
    own()->free[2] = NULL;
    return check();
}

static const char *free_blocks_miscounted(void)
{
    lone_free_block();
    own()->n_free[2]++;
    return check();
}

static const char *free_block_with_a_false_link_back(void)
{
    struct page *page = lone_free_block();
    page->prev = page;
    return check();
}

static const char *free_list_without_end(void)
{
    struct page *page = lone_free_block();
    page->next = page;
    return check();
}

static const char *pair_bit(void)
{
    void *pair[2];
    buddies(0, pair);
    size_t bit = page_index(page_for(pair[0])) / 2;
    table()->pair_bits[bit / 64] ^= (uint64_t)1 << bit % 64;
    return check();
}

static const char *buddies_both_free(void)
{
    lone_free_block()[4].state = PAGE_FREE;
    return check();
}

static const char *taken_pages_miscounted(void)
{
    keep(1);
    table()->n_taken++;
    return check();
}

static const char *bit_beyond_the_objects(void)
{
    page_for(keep(48))->free_bits[SLAB_WORDS - 1] |= (uint64_t)1 << 63;
    return check();
}

static const char *free_objects_miscounted(void)
{
    page_for(keep(48))->n_free--;
    return check();
}

static const char *objects_miscounted(void)
{
    const struct page *slab = page_for(keep(48));
    own()->n_objects[slab->class]++;
    return check();
}

static const char *slab_not_listed(void)
{
    const struct page *slab = page_for(keep(48));
    own()->partial[slab->class] = NULL;
    return check();
}

static const struct law laws[] = {
    {NULL, nothing_broken},
    {"tiling", order_too_small},
    {"tiling", order_out_of_range},
    {"tiling", block_without_a_first_page},
    {"inside", block_inside_a_block},
    {"free list", free_block_not_listed},
    {"free list", free_blocks_miscounted},
    {"free list", free_block_with_a_false_link_back},
    {"free list", free_list_without_end},
    {"pair bits", pair_bit},
    {"merged", buddies_both_free},
    {"taken", taken_pages_miscounted},
    {"slab bits", bit_beyond_the_objects},
    {"slab bits", free_objects_miscounted},
    {"slab objects", objects_miscounted},
    {"slab lists", slab_not_listed},
};

LAWS_MAIN("buddy", laws, an_order_is_the_smallest_that_holds_the_bytes,
          blocks_are_as_long_and_as_aligned_as_their_order,
          what_is_longer_than_the_longest_block_is_mapped,
          a_split_leaves_one_free_block_of_each_order_below,
          buddies_merge_in_either_order_and_others_do_not,
          neighbours_that_are_no_buddies_stay_apart, realloc_takes_the_free_buddy_behind,
          realloc_cannot_take_the_buddy_before, realloc_frees_the_upper_halves,
          an_aligned_block_keeps_only_what_it_needs,
          classes_hold_their_sizes_and_waste_at_most_a_quarter,
          a_slab_serves_as_many_objects_as_it_has_bits,
          an_empty_slab_becomes_a_block_again_unless_it_is_the_last,
          small_objects_are_aligned_to_powers_of_two, free_heaps_and_the_free_end_go_back,
          statistics_tell_what_rounding_up_costs)
