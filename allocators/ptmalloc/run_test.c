#include "built_heap.h"
#include "unit.h"

enum { BYTES = 208 };

/* Whether n chunks of BYTES follow each other, all in use. */
static bool is_run(const struct chunk *c, unsigned n)
{
    for (; n > 0; n--, c = chunk_next(c)) {
        if (chunk_bytes(c) != BYTES || !chunk_in_use(c))
            return false;
    }
    return true;
}

static void a_run_off_a_free_chunk(size_t free_bytes, unsigned wanted, unsigned got, size_t rest)
{
    struct malloc_state *m = built_arena();
    struct chunk *c = built_free(m, free_bytes);
    unsigned n = wanted;
    ck_assert_ptr_eq(int_malloc_run(m, BYTES, &n, GROW_NEVER), c);
    ck_assert_uint_eq(n, got);
    ck_assert(is_run(c, n));
    struct chunk *behind = chunk_at(c, n * BYTES);
    ck_assert_uint_eq(chunk_in_use(behind), rest == 0);
    ck_assert(rest == 0 || chunk_bytes(behind) == rest);
    ck_assert_ptr_null(state_check(m));
}

START_TEST(a_run_is_cut_off_one_free_chunk)
{
    a_run_off_a_free_chunk(10 * BYTES, 4, 4, 6 * BYTES);
    a_run_off_a_free_chunk(10 * BYTES, 10, 10, 0);
    a_run_off_a_free_chunk(10 * BYTES, 11, 10, 0);
    a_run_off_a_free_chunk(10 * BYTES + MIN_CHUNK_BYTES, 64, 10, MIN_CHUNK_BYTES);
}
END_TEST

START_TEST(what_a_run_leaves_is_a_chunk)
{
    a_run_off_a_free_chunk(3 * BYTES + CHUNK_ALIGNMENT, 64, 2, BYTES + CHUNK_ALIGNMENT);
    struct malloc_state *m = built_arena();
    struct chunk *c = built_free(m, BYTES + CHUNK_ALIGNMENT);
    unsigned n = 64;
    ck_assert_ptr_eq(int_malloc_run(m, BYTES, &n, GROW_NEVER), c); /* longer than asked for */
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(chunk_bytes(c), BYTES + CHUNK_ALIGNMENT);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(a_run_leaves_a_top)
{
    struct malloc_state *m = built_arena();
    struct chunk *top = m->top;
    size_t bytes = chunk_bytes(top);
    unsigned n = ~0u;
    ck_assert_ptr_eq(int_malloc_run(m, BYTES, &n, GROW_NEVER), top);
    ck_assert_uint_eq(n, (bytes - MIN_CHUNK_BYTES) / BYTES);
    ck_assert(is_run(top, n));
    ck_assert_ptr_eq(m->top, chunk_at(top, n * BYTES));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(a_chunk_that_lies_ready_is_a_run_of_one)
{
    struct built_heap h = built_heap();
    unsigned n = 8;
    ck_assert_ptr_eq(int_malloc_run(h.m, 64, &n, GROW_NEVER), h.fast);
    ck_assert_uint_eq(n, 1);
    n = 8;
    ck_assert_ptr_eq(int_malloc_run(h.m, 256, &n, GROW_NEVER), h.small);
    ck_assert_uint_eq(n, 1);
    ck_assert_ptr_null(state_check(h.m));
}
END_TEST

enum { FREED = 6 };

/* Frees chunks that lie side by side in the order that is given; they become one. */
static void free_in_order(const unsigned *order)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[FREED];
    for (unsigned i = 0; i < FREED; i++)
        c[i] = built_chunk(m, BYTES);
    built_chunk(m, MIN_CHUNK_BYTES);
    struct free_run run = {0};
    for (unsigned i = 0; i < FREED; i++)
        int_free_more(m, &run, c[order[i]]);
    int_free_end(m, &run);
    ck_assert(built_bin_holds(m, BIN_UNSORTED, c, 1));
    ck_assert_uint_eq(chunk_bytes(c[0]), FREED * BYTES);
    ck_assert_ptr_null(state_check(m));
}

START_TEST(chunks_side_by_side_are_freed_as_one)
{
    free_in_order((const unsigned[FREED]){0, 1, 2, 3, 4, 5});
    free_in_order((const unsigned[FREED]){5, 4, 3, 2, 1, 0});
    free_in_order((const unsigned[FREED]){2, 3, 1, 4, 0, 5});
    free_in_order((const unsigned[FREED]){0, 2, 4, 1, 3, 5});
}
END_TEST

START_TEST(a_run_reaches_bins_only_where_it_ends)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[2];
    for (unsigned i = 0; i < 2; i++)
        c[i] = built_fenced(m, BYTES);
    struct free_run run = {0};
    int_free_more(m, &run, c[0]);
    ck_assert(chunk_in_use(c[0]));
    int_free_more(m, &run, c[1]); /* elsewhere */
    ck_assert(!chunk_in_use(c[0]) && chunk_in_use(c[1]));
    int_free_end(m, &run);
    ck_assert(!chunk_in_use(c[1]));
    int_free_end(m, &run); /* nothing is left */
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(fast_chunks_are_in_no_run)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[2];
    for (unsigned i = 0; i < 2; i++)
        c[i] = built_chunk(m, 64);
    built_chunk(m, BYTES);
    struct free_run run = {0};
    for (unsigned i = 0; i < 2; i++)
        int_free_more(m, &run, c[i]);
    int_free_end(m, &run);
    size_t n;
    ck_assert_uint_eq(fast_bytes(&m->fast, &n), 128);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

UNIT_MAIN("run", a_run_is_cut_off_one_free_chunk, what_a_run_leaves_is_a_chunk, a_run_leaves_a_top,
          a_chunk_that_lies_ready_is_a_run_of_one, chunks_side_by_side_are_freed_as_one,
          a_run_reaches_bins_only_where_it_ends, fast_chunks_are_in_no_run)
