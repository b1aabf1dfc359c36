#include "fast.h"

#include "built_heap.h"
#include "unit.h"

static bool is_empty(const struct malloc_state *m)
{
    size_t n;
    return fast_bytes(&m->fast, &n) == 0 && n == 0;
}

START_TEST(a_fast_bin_gives_its_newest_chunk)
{
    struct built_heap h = built_heap();
    ck_assert_ptr_eq(built_chunk(h.m, 64), h.fast);
    ck_assert_ptr_eq(built_chunk(h.m, 64), h.fast_older);
    ck_assert_ptr_null(fast_pop(&h.m->fast, 64));
}
END_TEST

START_TEST(each_fast_size_has_its_own_bin)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[N_FAST_BINS];
    global_max_fast = MAX_FAST_BYTES;
    for (unsigned i = 0; i < N_FAST_BINS; i++)
        c[i] = built_free(m, MIN_CHUNK_BYTES + i * CHUNK_ALIGNMENT);
    for (unsigned i = 0; i < N_FAST_BINS; i++)
        ck_assert_ptr_eq(fast_pop(&m->fast, MIN_CHUNK_BYTES + i * CHUNK_ALIGNMENT), c[i]);
    ck_assert(is_empty(m));
}
END_TEST

START_TEST(a_link_is_not_kept_as_it_is)
{
    struct built_heap h = built_heap();
    ck_assert_ptr_ne(h.fast->fd, h.fast_older);
    ck_assert_ptr_eq(fast_next(h.fast), h.fast_older);
    ck_assert_ptr_null(fast_next(h.fast_older));
}
END_TEST

START_TEST(chunks_above_the_largest_fast_size_are_merged_at_once)
{
    struct malloc_state *m = built_arena();
    built_free(m, 128);
    ck_assert(!is_empty(m));
    built_sort(m);
    struct chunk *c = built_free(m, 144);
    ck_assert(is_empty(m) && !chunk_in_use(c));
    global_max_fast = 0;
    c = built_free(m, MIN_CHUNK_BYTES);
    ck_assert(is_empty(m) && !chunk_in_use(c));
}
END_TEST

START_TEST(a_fast_chunk_is_merged_with_nothing)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[3];
    for (unsigned i = 0; i < 3; i++)
        c[i] = built_chunk(m, 64);
    built_chunk(m, MIN_CHUNK_BYTES);
    for (unsigned i = 0; i < 3; i++) {
        int_free(m, c[i]);
        ck_assert(chunk_in_use(c[i]));
    }
    malloc_consolidate(m);
    ck_assert(is_empty(m) && !m->have_fast_chunks);
    ck_assert(built_bin_holds(m, BIN_UNSORTED, c, 1));
    ck_assert_uint_eq(chunk_bytes(c[0]), 192);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* Freed and merged to `bytes` in all, does a chunk empty the fast bins? */
static bool consolidates(size_t bytes)
{
    struct malloc_state *m = built_arena();
    struct chunk *c = built_fenced(m, bytes);
    built_free(m, 64);
    int_free(m, c);
    ck_assert_ptr_null(state_check(m));
    return is_empty(m);
}

START_TEST(a_free_chunk_of_64_k_consolidates)
{
    ck_assert(!consolidates(FASTBIN_CONSOLIDATION_BYTES - CHUNK_ALIGNMENT));
    ck_assert(consolidates(FASTBIN_CONSOLIDATION_BYTES));
}
END_TEST

START_TEST(a_large_request_consolidates_and_a_small_one_does_not)
{
    struct malloc_state *m = built_arena();
    built_free(m, 64);
    built_chunk(m, MIN_LARGE_BYTES - CHUNK_ALIGNMENT);
    ck_assert(!is_empty(m));
    built_chunk(m, MIN_LARGE_BYTES);
    ck_assert(is_empty(m));
}
END_TEST

/* Before the arena grows for it, a small request tries what the fast bins hold. */
START_TEST(a_request_that_the_top_cannot_serve_consolidates)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[16];
    for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
        c[i] = built_chunk(m, 64);
    built_chunk(m, chunk_bytes(m->top) - MIN_CHUNK_BYTES);
    for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
        int_free(m, c[i]);
    size_t held = m->arena.system_mem;
    ck_assert_ptr_eq(built_chunk(m, 992), c[0]);
    ck_assert_uint_eq(m->arena.system_mem, held);
    ck_assert(is_empty(m));
}
END_TEST

/* --- the laws --- */

static void a_link_decodes_to_what_is_not_aligned(struct built_heap *h)
{
    h->fast->fd = mangle(&h->fast->fd, (struct chunk *)((char *)h->fast_older + 8));
}

static void a_link_decodes_to_what_is_in_no_arena(struct built_heap *h)
{
    static _Alignas(CHUNK_ALIGNMENT) struct chunk stranger;
    h->fast->fd = mangle(&h->fast->fd, &stranger);
}

static void a_link_is_not_mangled(struct built_heap *h)
{
    h->fast->fd = h->fast_older;
}

static void a_list_has_no_end(struct built_heap *h)
{
    h->fast_older->fd = mangle(&h->fast_older->fd, h->fast);
}

static void a_chunk_links_to_itself(struct built_heap *h)
{
    h->fast->fd = mangle(&h->fast->fd, h->fast);
}

static void a_chunk_has_the_size_of_another_bin(struct built_heap *h)
{
    h->m->fast.heads[fast_index(80)] = h->m->fast.heads[fast_index(64)];
    h->m->fast.heads[fast_index(64)] = NULL;
}

static void a_chunk_is_not_marked_in_use(struct built_heap *h)
{
    chunk_next(h->fast_older)->size &= ~PREV_INUSE;
}

static const struct breakage breakages[] = {
    BREAKAGE("fast links", a_link_decodes_to_what_is_not_aligned),
    BREAKAGE("fast links", a_link_decodes_to_what_is_in_no_arena),
    BREAKAGE("fast links", a_link_is_not_mangled),
    BREAKAGE("fast links", a_list_has_no_end),
    BREAKAGE("fast links", a_chunk_links_to_itself),
    BREAKAGE("fast size", a_chunk_has_the_size_of_another_bin),
    BREAKAGE("fast size", a_chunk_is_not_marked_in_use),
};

START_TEST(every_law_of_the_fast_bins_can_be_broken)
{
    built_break_all(breakages, ARRAY_SIZE(breakages), state_check);
}
END_TEST

UNIT_MAIN("fast", a_fast_bin_gives_its_newest_chunk, each_fast_size_has_its_own_bin,
          a_link_is_not_kept_as_it_is, chunks_above_the_largest_fast_size_are_merged_at_once,
          a_fast_chunk_is_merged_with_nothing, a_free_chunk_of_64_k_consolidates,
          a_large_request_consolidates_and_a_small_one_does_not,
          a_request_that_the_top_cannot_serve_consolidates,
          every_law_of_the_fast_bins_can_be_broken)
