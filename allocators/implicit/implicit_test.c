/*
 * The implicit allocator as the program's own malloc: what the search finds, what merging makes, and every
 * law broken on purpose. Each test is a process of its own, and works in the main arena.
 */
#include "implicit.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"
#include "unit.h"

#define BYTES 1000u

static struct implicit_arena *own(void)
{
    return (struct implicit_arena *)arena_thread.arena;
}

static struct block *block_of(void *p)
{
    return object_block(hold(p));
}

/* n objects of BYTES in a row at the end of what is in use, so that nothing else is free between. */
static void in_a_row(void *p[], unsigned n)
{
    const struct block *rest;
    do
        rest = block_next(block_of(keep(64))); /* fills the holes that the framework has left */
    while (block_in_use(rest) || block_next(rest) != span_epilogue(own()->newest));
    ck_assert_uint_gt(block_bytes(rest), n * block_for(BYTES));
    for (unsigned i = 0; i < n; i++) {
        p[i] = keep(BYTES);
        ck_assert(i == 0 || block_next(block_of(p[i - 1])) == block_of(p[i]));
    }
}

static void with_fit(enum fit fit)
{
    atomic_store(&implicit_fit, fit);
}

/* --- the search --- */

START_TEST(first_fit_takes_the_lowest_block_that_fits)
{
    void *p[8];
    in_a_row(p, 8);
    free(p[5]);
    free(p[1]);
    ck_assert_ptr_eq(malloc(BYTES), p[1]);
    ck_assert_ptr_eq(malloc(BYTES), p[5]);
}
END_TEST

START_TEST(next_fit_goes_on_behind_the_last)
{
    void *p[8];
    in_a_row(p, 8);
    free(p[1]);
    free(p[4]);
    free(p[6]);
    own()->rover = (struct cursor){own()->newest, block_of(p[3])};
    with_fit(FIT_NEXT);
    ck_assert_ptr_eq(malloc(BYTES), p[4]);
    free(p[2]); /* behind the rover: not yet */
    ck_assert_ptr_eq(malloc(BYTES), p[6]);
}
END_TEST

START_TEST(next_fit_begins_again_at_the_start)
{
    void *p[8];
    in_a_row(p, 8);
    void *rest = malloc(block_bytes(block_next(block_of(p[7]))) - TAG_BYTES);
    bool is_last = block_next(block_of(rest)) == span_epilogue(own()->newest);
    own()->rover = (struct cursor){own()->newest, block_of(rest)};
    with_fit(FIT_NEXT);
    free(p[2]);
    void *q = malloc(BYTES);
    ck_assert(is_last);
    ck_assert_ptr_eq(q, p[2]);
}
END_TEST

START_TEST(best_fit_takes_the_smallest)
{
    void *p[8];
    in_a_row(p, 8);
    free(p[1]); /* one and its neighbour: two in one */
    free(p[2]);
    free(p[5]);
    with_fit(FIT_BEST);
    ck_assert_ptr_eq(malloc(BYTES), p[5]);
    ck_assert_ptr_eq(malloc(BYTES), p[1]);
}
END_TEST

START_TEST(the_search_counts_its_steps)
{
    void *p[8];
    in_a_row(p, 8);
    uint64_t n = 0, searches = own()->searches, steps = own()->search_steps;
    free(p[6]);
    struct cursor at = implicit_start(own());
    for (; at.block != block_of(p[6]); implicit_step(&at))
        n++;
    void *q = malloc(BYTES);
    searches = own()->searches - searches; /* before the framework allocates */
    steps = own()->search_steps - steps;
    ck_assert_ptr_eq(q, p[6]);
    ck_assert_uint_eq(searches, 1);
    ck_assert_uint_eq(steps, n);
}
END_TEST

/* --- split and merge --- */

START_TEST(what_is_left_of_a_block_stays_free)
{
    void *p[3];
    in_a_row(p, 3);
    free(p[1]);
    char *q = malloc(100);
    ck_assert_ptr_eq(q, p[1]);
    const struct block *rest = block_next(block_of(q));
    ck_assert(!block_in_use(rest));
    ck_assert_uint_eq(block_bytes(block_of(q)), block_for(100));
    ck_assert_ptr_eq(block_next(rest), block_of(p[2]));
    ck_assert(block_previous_free(block_of(p[2])));
    ck_assert_uint_eq(block_previous_bytes(block_of(p[2])), block_bytes(rest));
}
END_TEST

START_TEST(a_rest_too_small_to_serve_stays_with_the_object)
{
    void *p[3];
    in_a_row(p, 3);
    free(p[1]);
    void *q = malloc(BYTES - SPLIT_MIN_BYTES + BLOCK_ALIGNMENT);
    ck_assert_ptr_eq(q, p[1]);
    ck_assert_uint_eq(block_bytes(block_of(q)), block_for(BYTES));
}
END_TEST

/* Which of the neighbours are free: none, the one before, the one behind, both. */
START_TEST(coalesce_has_four_cases)
{
    static const struct {
        bool before, behind;
        unsigned blocks;
    } cases[] = {{false, false, 1}, {true, false, 2}, {false, true, 2}, {true, true, 3}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        void *p[5];
        in_a_row(p, 5);
        if (cases[i].before)
            free(p[1]);
        if (cases[i].behind)
            free(p[3]);
        free(p[2]);
        const struct block *merged = block_of(cases[i].before ? p[1] : p[2]);
        ck_assert(!block_in_use(merged));
        ck_assert_uint_eq(block_bytes(merged), cases[i].blocks * block_for(BYTES));
        ck_assert_ptr_null(implicit_check(&own()->arena));
    }
}
END_TEST

START_TEST(the_rover_stays_on_a_block_when_that_is_merged)
{
    void *p[5];
    in_a_row(p, 5);
    own()->rover = (struct cursor){own()->newest, block_of(p[2])};
    free(p[1]);
    free(p[2]);
    ck_assert_ptr_eq(own()->rover.block, block_of(p[1]));
    own()->rover.block = block_of(p[1]);
    ck_assert_ptr_null(implicit_check(&own()->arena));
}
END_TEST

START_TEST(an_aligned_object_frees_what_lies_before_it)
{
    for (size_t alignment = 32; alignment <= 64 * KIB; alignment *= 2) {
        char *p = memalign(alignment, 100);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert_uint_le(malloc_usable_size(p), 100 + SPLIT_MIN_BYTES);
        ck_assert_ptr_null(implicit_check(&own()->arena));
    }
}
END_TEST

/* --- realloc --- */

START_TEST(realloc_grows_into_the_free_block_behind)
{
    void *p[3];
    in_a_row(p, 3);
    free(p[1]);
    ck_assert_ptr_eq(realloc(p[0], 2 * BYTES), p[0]);
    ck_assert_ptr_null(implicit_check(&own()->arena));
    ck_assert_ptr_ne(realloc(p[0], 4 * BYTES), p[0]);
    ck_assert_ptr_null(implicit_check(&own()->arena));
}
END_TEST

START_TEST(realloc_frees_the_tail)
{
    void *p[3];
    in_a_row(p, 3);
    ck_assert_ptr_eq(realloc(p[1], 100), p[1]);
    ck_assert(!block_in_use(block_next(block_of(p[1]))));
    ck_assert_ptr_null(implicit_check(&own()->arena));
}
END_TEST

/* --- the system --- */

START_TEST(a_free_end_above_the_trim_threshold_goes_back)
{
    enum { N = 3000 };
    static void *p[N];
    for (unsigned i = 0; i < N; i++)
        p[i] = keep(BYTES);
    size_t before = own()->arena.system_mem;
    for (unsigned i = N; i-- > 0;)
        free(p[i]);
    ck_assert_uint_le(own()->arena.system_mem, before - 2 * MIB);
    ck_assert_uint_gt(own()->arena.counts.trims, 0);
    ck_assert_ptr_null(arena_check(&own()->arena));
}
END_TEST

static void *fill_two_heaps(void *unused)
{
    enum { N = 1000 };
    static void *p[N];
    for (unsigned i = 0; i < N; i++)
        p[i] = malloc(100 * KIB);
    const struct arena *a = &own()->arena;
    uint64_t most = a->counts.heaps;
    for (unsigned i = N; i-- > 0;)
        free(p[i]);
    ck_assert_uint_eq(most, 2);
    ck_assert_uint_eq(a->counts.heaps, 1);
    ck_assert_ptr_null(arena_check(&own()->arena));
    return unused;
}

START_TEST(a_thread_goes_on_in_a_second_heap_and_gives_it_back)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, fill_two_heaps, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* --- the laws --- */

#define BROKEN(law) ck_assert_str_eq(implicit_check(&own()->arena), law)

START_TEST(a_damaged_prologue_is_noticed)
{
    free(malloc(1));
    own()->oldest->prologue.tag = 0;
    BROKEN("prologue");
}
END_TEST

START_TEST(damaged_sizes_are_noticed)
{
    static const size_t tags[] = {BLOCK_IN_USE, 8 | 1024 | BLOCK_IN_USE, GIB | BLOCK_IN_USE};
    void *p[2];
    in_a_row(p, 2);
    size_t good = block_of(p[0])->tag;
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        block_of(p[0])->tag = tags[i];
        BROKEN("block sizes");
    }
    block_of(p[0])->tag = good;
    span_epilogue(own()->newest)->tag &= PREVIOUS_FREE;
    BROKEN("block sizes");
}
END_TEST

START_TEST(a_block_that_lies_about_the_one_before_is_noticed)
{
    void *p[2];
    in_a_row(p, 2);
    block_of(p[1])->tag |= PREVIOUS_FREE;
    BROKEN("previous free");
    block_of(p[1])->tag &= ~PREVIOUS_FREE;
    span_epilogue(own()->newest)->tag ^= PREVIOUS_FREE;
    BROKEN("previous free");
}
END_TEST

START_TEST(a_wrong_footer_is_noticed)
{
    void *p[3];
    in_a_row(p, 3);
    free(p[1]);
    block_of(p[2])[-1].tag += 16;
    BROKEN("footer");
}
END_TEST

START_TEST(two_free_blocks_side_by_side_are_noticed)
{
    void *p[4];
    in_a_row(p, 4);
    block_set_free(block_of(p[1]), block_bytes(block_of(p[1])));
    size_t tag = block_of(p[2])->tag;
    block_set_free(block_of(p[2]), block_bytes(block_of(p[2])));
    block_of(p[2])->tag |= tag & PREVIOUS_FREE;
    BROKEN("coalesced");
}
END_TEST

START_TEST(a_span_that_does_not_end_where_the_memory_does_is_noticed)
{
    free(malloc(1));
    struct implicit_arena *m = own();
    struct span *newest = m->newest;
    m->newest = NULL;
    BROKEN("newest span");
    m->newest = newest;
    struct block *last = implicit_start(m).block;
    while (block_next(last) != span_epilogue(newest))
        last = block_next(last);
    /* A shorter span, well formed in itself. */
    size_t bytes = block_bytes(last) - 4096;
    newest->end -= 4096;
    span_epilogue(newest)->tag = BLOCK_IN_USE;
    block_set_free(last, bytes);
    BROKEN("newest span");
}
END_TEST

START_TEST(a_rover_inside_a_block_is_noticed)
{
    void *p[1];
    in_a_row(p, 1);
    own()->rover = (struct cursor){own()->newest, block_of((char *)p[0] + 32)};
    BROKEN("rover");
}
END_TEST

UNIT_MAIN("implicit", first_fit_takes_the_lowest_block_that_fits, next_fit_goes_on_behind_the_last,
          next_fit_begins_again_at_the_start, best_fit_takes_the_smallest,
          the_search_counts_its_steps, what_is_left_of_a_block_stays_free,
          a_rest_too_small_to_serve_stays_with_the_object, coalesce_has_four_cases,
          the_rover_stays_on_a_block_when_that_is_merged,
          an_aligned_object_frees_what_lies_before_it, realloc_grows_into_the_free_block_behind,
          realloc_frees_the_tail, a_free_end_above_the_trim_threshold_goes_back,
          a_thread_goes_on_in_a_second_heap_and_gives_it_back, a_damaged_prologue_is_noticed,
          damaged_sizes_are_noticed, a_block_that_lies_about_the_one_before_is_noticed,
          a_wrong_footer_is_noticed, two_free_blocks_side_by_side_are_noticed,
          a_span_that_does_not_end_where_the_memory_does_is_noticed,
          a_rover_inside_a_block_is_noticed)
