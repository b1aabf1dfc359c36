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
#include "laws.h"

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

static const char *check(void)
{
    return implicit_check(&own()->arena);
}

static const char *nothing_broken(void)
{
    keep(BYTES);
    return check();
}

static const char *prologue(void)
{
    keep(1);
    own()->oldest->prologue.tag = 0;
    return check();
}

static const char *tag(size_t tag)
{
    block_of(keep(BYTES))->tag = tag;
    return check();
}

static const char *size_of_nothing(void)
{
    return tag(BLOCK_IN_USE);
}

static const char *size_misaligned(void)
{
    return tag(1008 | 8 | BLOCK_IN_USE);
}

static const char *size_beyond_the_span(void)
{
    return tag(GIB | BLOCK_IN_USE);
}

static const char *epilogue(void)
{
    keep(1);
    span_epilogue(own()->newest)->tag &= PREVIOUS_FREE;
    return check();
}

static const char *previous_free(void)
{
    keep(BYTES);
    block_of(keep(BYTES))->tag |= PREVIOUS_FREE;
    return check();
}

static const char *previous_free_of_the_epilogue(void)
{
    keep(1);
    span_epilogue(own()->newest)->tag ^= PREVIOUS_FREE;
    return check();
}

static const char *footer(void)
{
    void *p = keep(BYTES), *q = keep(BYTES);
    free(p);
    block_of(q)[-1].tag += 16;
    return check();
}

static const char *coalesced(void)
{
    struct block *p = block_of(keep(BYTES)), *q = block_of(keep(BYTES));
    keep(BYTES);
    block_set_free(q, block_bytes(q));
    block_set_free(p, block_bytes(p));
    return check();
}

static const char *newest_span_missing(void)
{
    keep(1);
    own()->newest = NULL;
    return check();
}

/* A shorter span, well formed in itself. */
static const char *newest_span_too_short(void)
{
    struct block *last = block_next(block_of(keep(1)));
    struct span *newest = own()->newest;
    size_t bytes = block_bytes(last) - 4096;
    newest->end -= 4096;
    span_epilogue(newest)->tag = BLOCK_IN_USE;
    block_set_free(last, bytes);
    return check();
}

static const char *rover_inside_a_block(void)
{
    char *p = keep(BYTES);
    own()->rover = (struct cursor){own()->newest, block_of(p + 32)};
    return check();
}

static const struct law laws[] = {
    {NULL, nothing_broken},
    {"prologue", prologue},
    {"block sizes", size_of_nothing},
    {"block sizes", size_misaligned},
    {"block sizes", size_beyond_the_span},
    {"block sizes", epilogue},
    {"previous free", previous_free},
    {"previous free", previous_free_of_the_epilogue},
    {"footer", footer},
    {"coalesced", coalesced},
    {"newest span", newest_span_missing},
    {"newest span", newest_span_too_short},
    {"rover", rover_inside_a_block},
};

LAWS_MAIN("implicit", laws, first_fit_takes_the_lowest_block_that_fits,
          next_fit_goes_on_behind_the_last, next_fit_begins_again_at_the_start,
          best_fit_takes_the_smallest, the_search_counts_its_steps,
          what_is_left_of_a_block_stays_free, a_rest_too_small_to_serve_stays_with_the_object,
          coalesce_has_four_cases, the_rover_stays_on_a_block_when_that_is_merged,
          an_aligned_object_frees_what_lies_before_it, realloc_grows_into_the_free_block_behind,
          realloc_frees_the_tail, a_free_end_above_the_trim_threshold_goes_back,
          a_thread_goes_on_in_a_second_heap_and_gives_it_back)
