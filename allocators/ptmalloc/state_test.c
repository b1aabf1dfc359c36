#include "malloc_state.h"

#include <string.h>

#include "built_heap.h"
#include "os.h"
#include "unit.h"

/* Three chunks in a row, and one in use behind them. */
struct row {
    struct malloc_state *m;
    struct chunk *before, *middle, *after;
};

static struct row row_of(size_t bytes)
{
    struct row r = {.m = built_arena()};
    r.before = built_chunk(r.m, bytes);
    r.middle = built_chunk(r.m, bytes);
    r.after = built_fenced(r.m, bytes);
    ck_assert_ptr_eq(chunk_next(r.before), r.middle);
    ck_assert_ptr_eq(chunk_next(r.middle), r.after);
    return r;
}

/* The only free chunk is `c`, `bytes` long. */
static void must_be_all(struct malloc_state *m, struct chunk *c, size_t bytes)
{
    ck_assert_ptr_null(state_check(m));
    ck_assert(built_bin_holds(m, BIN_UNSORTED, &c, 1));
    ck_assert_uint_eq(chunk_bytes(c), bytes);
    ck_assert_uint_eq(chunk_next(c)->prev_size, bytes);
}

/* --- merging --- */

START_TEST(between_two_in_use_a_chunk_stays_alone)
{
    struct row r = row_of(256);
    int_free(r.m, r.middle);
    must_be_all(r.m, r.middle, 256);
}
END_TEST

START_TEST(a_free_chunk_before_is_merged)
{
    struct row r = row_of(256);
    int_free(r.m, r.before);
    int_free(r.m, r.middle);
    must_be_all(r.m, r.before, 512);
}
END_TEST

START_TEST(a_free_chunk_behind_is_merged)
{
    struct row r = row_of(256);
    int_free(r.m, r.after);
    int_free(r.m, r.middle);
    must_be_all(r.m, r.middle, 512);
}
END_TEST

START_TEST(free_chunks_on_both_sides_are_merged)
{
    struct row r = row_of(256);
    int_free(r.m, r.before);
    int_free(r.m, r.after);
    built_sort(r.m); /* from small bins they come as well */
    int_free(r.m, r.middle);
    must_be_all(r.m, r.before, 768);
}
END_TEST

START_TEST(beside_the_top_a_chunk_becomes_the_top)
{
    struct malloc_state *m = built_arena();
    struct chunk *before = built_chunk(m, 256), *last = built_chunk(m, 256);
    size_t top = chunk_bytes(m->top);
    ck_assert_ptr_eq(chunk_next(last), m->top);
    int_free(m, before);
    int_free(m, last);
    ck_assert_ptr_eq(m->top, before);
    ck_assert_uint_eq(chunk_bytes(m->top), top + 512);
    ck_assert(built_bin_holds(m, BIN_UNSORTED, NULL, 0));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* --- the top --- */

START_TEST(what_no_bin_serves_is_cut_off_the_top)
{
    struct built_heap h = built_heap();
    struct chunk *top = h.m->top;
    size_t bytes = chunk_bytes(top);
    ck_assert_ptr_eq(built_chunk(h.m, 4096), top);
    ck_assert_ptr_eq(h.m->top, chunk_at(top, 4096));
    ck_assert_uint_eq(chunk_bytes(h.m->top), bytes - 4096);
    ck_assert_ptr_null(state_check(h.m));
}
END_TEST

START_TEST(the_top_keeps_a_chunk_or_grows)
{
    struct malloc_state *m = built_arena();
    size_t held = m->arena.system_mem, most = chunk_bytes(m->top) - MIN_CHUNK_BYTES;
    ck_assert_ptr_null(int_malloc(m, most + CHUNK_ALIGNMENT, GROW_NEVER));
    built_chunk(m, most);
    ck_assert_uint_eq(m->arena.system_mem, held);
    built_chunk(m, CHUNK_ALIGNMENT + MIN_CHUNK_BYTES);
    /* What is missing and top_pad, in whole pages. */
    ck_assert_uint_eq(m->arena.system_mem, held + DEFAULT_TOP_PAD + os_page_bytes());
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(what_should_be_mapped_does_not_grow_the_top)
{
    struct malloc_state *m = built_arena();
    built_chunk(m, 64 * KIB);
    ck_assert_uint_lt(chunk_bytes(m->top), DEFAULT_MMAP_THRESHOLD);
    ck_assert_ptr_null(int_malloc(m, DEFAULT_MMAP_THRESHOLD, GROW_UNLESS_MAPPED));
    ck_assert_ptr_nonnull(
        int_malloc(m, DEFAULT_MMAP_THRESHOLD - CHUNK_ALIGNMENT, GROW_UNLESS_MAPPED));
    ck_assert_ptr_nonnull(int_malloc(m, DEFAULT_MMAP_THRESHOLD, GROW_ALWAYS));
}
END_TEST

/* Grows the first heap to its end and beyond. */
static struct chunk *fill_first_heap(struct malloc_state *m)
{
    const struct heap_info *first = m->arena.top_heap;
    struct chunk *last;
    do {
        last = built_chunk(m, MIB);
        ck_assert_ptr_null(state_check(m));
    } while (m->arena.top_heap == first);
    return last;
}

START_TEST(a_full_heap_is_fenced_off_and_its_rest_is_free)
{
    struct malloc_state *m = built_arena();
    const struct heap_info *first = m->arena.top_heap;
    struct chunk *in_new = fill_first_heap(m);
    ck_assert_ptr_eq(heap_for_ptr(in_new), m->arena.top_heap);
    ck_assert_ptr_eq(m->arena.top_heap->prev, first);
    const struct chunk *fence =
        (const struct chunk *)((const char *)first + first->size - 2 * CHUNK_HEADER_BYTES);
    struct chunk *rest = (struct chunk *)((char *)(uintptr_t)fence - fence->prev_size);
    ck_assert_uint_eq(chunk_bytes(fence), CHUNK_HEADER_BYTES);
    must_be_all(m, rest, fence->prev_size);
}
END_TEST

START_TEST(a_heap_that_is_free_goes_and_the_one_before_is_the_top_again)
{
    struct malloc_state *m = built_arena();
    const struct heap_info *first = m->arena.top_heap;
    struct chunk *in_new = fill_first_heap(m);
    size_t rest = chunk_bytes(bin_at(&m->bins, BIN_UNSORTED)->fd);
    PAR_SET(trim_threshold, HEAP_MAX_BYTES);
    int_free(m, in_new);
    ck_assert_ptr_eq(m->arena.top_heap, first);
    ck_assert_uint_eq(chunk_bytes(m->top), rest + 2 * CHUNK_HEADER_BYTES);
    ck_assert_ptr_null(arena_check(&m->arena));
}
END_TEST

/* The next growth would only make it anew. */
START_TEST(a_heap_that_is_free_stays_while_the_one_before_is_too_full)
{
    struct malloc_state *m = built_arena();
    PAR_SET(top_pad, HEAP_MAX_BYTES); /* all of a heap at once */
    struct chunk *in_new = fill_first_heap(m), *rest = bin_at(&m->bins, BIN_UNSORTED)->fd;
    PAR_SET(top_pad, DEFAULT_TOP_PAD);
    const struct heap_info *newest = m->arena.top_heap, *first = newest->prev;
    ck_assert_ptr_eq(built_chunk(m, chunk_bytes(rest)), rest);
    PAR_SET(trim_threshold, HEAP_MAX_BYTES);
    int_free(m, in_new);
    ck_assert_ptr_eq(m->arena.top_heap, newest);
    ck_assert_ptr_eq(m->top, newest + 1);
    int_free(m, rest); /* and goes when that is freed, with the next large chunk */
    int_free(m, built_chunk(m, FASTBIN_CONSOLIDATION_BYTES));
    ck_assert_ptr_eq(m->arena.top_heap, first);
}
END_TEST

START_TEST(above_the_trim_threshold_the_top_shrinks_to_its_pad)
{
    struct malloc_state *m = built_arena();
    PAR_SET(trim_threshold, 512 * KIB);
    struct chunk *large = built_chunk(m, MIB), *below = built_chunk(m, 256 * KIB);
    int_free(m, below);
    ck_assert_uint_eq(m->arena.counts.trims, 0);
    int_free(m, large);
    ck_assert_uint_eq(m->arena.counts.trims, 1);
    ck_assert_uint_gt(chunk_bytes(m->top), DEFAULT_TOP_PAD + MIN_CHUNK_BYTES);
    ck_assert_uint_le(chunk_bytes(m->top), DEFAULT_TOP_PAD + MIN_CHUNK_BYTES + 1 + os_page_bytes());
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* --- realloc in place --- */

START_TEST(a_chunk_grows_into_the_free_one_behind)
{
    struct row r = row_of(512);
    int_free(r.m, r.after);
    ck_assert(int_resize(r.m, r.middle, 768));
    ck_assert_uint_eq(chunk_bytes(r.middle), 768);
    must_be_all(r.m, chunk_next(r.middle), 256);
}
END_TEST

START_TEST(a_chunk_takes_all_of_the_free_one_when_the_rest_is_no_chunk)
{
    struct row r = row_of(512);
    int_free(r.m, r.after);
    ck_assert(int_resize(r.m, r.middle, 1024 - CHUNK_ALIGNMENT));
    ck_assert_uint_eq(chunk_bytes(r.middle), 1024);
    ck_assert(built_bin_holds(r.m, BIN_UNSORTED, NULL, 0));
    ck_assert_ptr_null(state_check(r.m));
}
END_TEST

START_TEST(a_chunk_grows_into_the_top)
{
    struct malloc_state *m = built_arena();
    struct chunk *c = built_chunk(m, 512);
    size_t sum = 512 + chunk_bytes(m->top);
    ck_assert(int_resize(m, c, 4096));
    ck_assert_uint_eq(chunk_bytes(c), 4096);
    ck_assert_ptr_eq(m->top, chunk_next(c));
    ck_assert_uint_eq(chunk_bytes(m->top), sum - 4096);
    ck_assert(!int_resize(m, c, sum - CHUNK_ALIGNMENT)); /* the top keeps a chunk */
    ck_assert(int_resize(m, c, sum - MIN_CHUNK_BYTES));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(a_chunk_that_cannot_grow_stays_as_it_is)
{
    struct row r = row_of(512);
    ck_assert(!int_resize(r.m, r.before, 528));
    int_free(r.m, r.after);
    ck_assert(!int_resize(r.m, r.middle, 1024 + CHUNK_ALIGNMENT));
    ck_assert_uint_eq(chunk_bytes(r.before), 512);
    ck_assert_uint_eq(chunk_bytes(r.middle), 512);
    must_be_all(r.m, r.after, 512);
}
END_TEST

START_TEST(what_a_chunk_gives_up_is_freed_and_merged)
{
    struct row r = row_of(512);
    ck_assert(int_resize(r.m, r.middle, 512 - CHUNK_ALIGNMENT)); /* too little for a chunk */
    ck_assert_uint_eq(chunk_bytes(r.middle), 512);
    int_free(r.m, r.after);
    ck_assert(int_resize(r.m, r.middle, 256));
    ck_assert_uint_eq(chunk_bytes(r.middle), 256);
    must_be_all(r.m, chunk_next(r.middle), 768);
}
END_TEST

START_TEST(two_chunks_in_use_are_joined)
{
    struct row r = row_of(512);
    int_join(r.m, r.before, 768);
    ck_assert_uint_eq(chunk_bytes(r.before), 768);
    must_be_all(r.m, chunk_next(r.before), 256);
}
END_TEST

/* --- memalign --- */

START_TEST(what_lies_before_and_behind_an_aligned_chunk_is_freed)
{
    struct malloc_state *m = built_arena();
    struct chunk *all = built_free(m, 8 * KIB);
    struct chunk *c = int_memalign(m, 2048, 1024, GROW_NEVER);
    ck_assert_ptr_nonnull(c);
    ck_assert_uint_eq((uintptr_t)chunk_object(c) % 2048, 0);
    ck_assert_uint_eq(chunk_bytes(c), 1024);
    ck_assert(c > all);
    ck_assert(!chunk_in_use(all));
    ck_assert_ptr_eq(chunk_next(all), c);
    ck_assert(!chunk_in_use(chunk_next(c)));
    ck_assert_uint_eq(chunk_bytes(all) + 1024 + chunk_bytes(chunk_next(c)), 8 * KIB);
    ck_assert_ptr_null(state_check(m));
    int_free(m, c); /* all together again */
    must_be_all(m, all, 8 * KIB);
}
END_TEST

START_TEST(memory_that_is_aligned_by_chance_has_nothing_before_it)
{
    struct malloc_state *m = built_arena();
    size_t gap = -(uintptr_t)chunk_object(m->top) & 4095;
    if (gap > 0)
        built_chunk(m, gap);
    struct chunk *top = m->top;
    ck_assert_ptr_eq(int_memalign(m, 4096, 1024, GROW_NEVER), top);
    ck_assert_ptr_eq(m->top, chunk_at(top, 1024));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(every_alignment_and_size_keeps_the_laws)
{
    struct malloc_state *m = built_arena();
    for (size_t alignment = 32; alignment <= 16 * KIB; alignment *= 2) {
        for (size_t bytes = MIN_CHUNK_BYTES; bytes < 200; bytes += CHUNK_ALIGNMENT) {
            struct chunk *c = int_memalign(m, alignment, bytes, GROW_ALWAYS);
            ck_assert_uint_eq((uintptr_t)chunk_object(c) % alignment, 0);
            ck_assert_uint_ge(chunk_bytes(c), bytes);
            ck_assert_uint_le(chunk_bytes(c), bytes + MIN_CHUNK_BYTES);
            ck_assert_ptr_null(state_check(m));
        }
    }
}
END_TEST

/* --- the laws --- */

static void the_top_ends_before_its_span(struct built_heap *h)
{
    h->m->top->size -= CHUNK_ALIGNMENT;
}

static void the_top_ends_behind_its_span(struct built_heap *h)
{
    h->m->top->size += os_page_bytes();
}

static void the_chunk_before_the_top_is_free(struct built_heap *h)
{
    h->m->top->size &= ~PREV_INUSE;
}

static void a_chunk_reaches_into_the_next(struct built_heap *h)
{
    h->used->size += CHUNK_ALIGNMENT;
}

static void a_chunk_reaches_out_of_the_heap(struct built_heap *h)
{
    h->used->size += HEAP_MAX_BYTES;
}

static void a_chunk_has_no_size(struct built_heap *h)
{
    h->used->size = PREV_INUSE;
}

static void a_chunk_behind_one_in_use_says_it_is_free(struct built_heap *h)
{
    chunk_next(h->used)->size &= ~PREV_INUSE;
}

static void two_free_chunks_lie_side_by_side(struct built_heap *h)
{
    struct chunk *c = h->used, *next = chunk_next(c);
    size_t non_main = c->size & NON_MAIN_ARENA;
    chunk_set_free(c, chunk_bytes(c), non_main);
    chunk_set_free(next, chunk_bytes(next), non_main);
    next->size &= ~PREV_INUSE;
    chunk_next(next)->size &= ~PREV_INUSE;
    bins_put_unsorted(&h->m->bins, c);
    bins_put_unsorted(&h->m->bins, next);
}

static void a_free_chunk_is_in_no_bin(struct built_heap *h)
{
    bins_unlink(&h->m->bins, h->small);
}

static void a_free_chunk_is_not_marked(struct built_heap *h)
{
    h->small->size &= ~IS_UNUSED;
}

static void the_top_is_not_marked(struct built_heap *h)
{
    h->m->top->size &= ~IS_UNUSED;
}

static void what_counts_as_fresh_was_written(struct built_heap *h)
{
    *h->m->fresh = 1;
}

static void fresh_memory_begins_before_the_top(struct built_heap *h)
{
    h->m->fresh = (char *)h->m->top;
}

static void fresh_memory_begins_behind_the_end(struct built_heap *h)
{
    h->m->fresh = arena_end(&h->m->arena) + 1;
}

static const struct breakage breakages[] = {
    BREAKAGE("top", the_top_ends_before_its_span),
    BREAKAGE("top", the_top_ends_behind_its_span),
    BREAKAGE("top", the_chunk_before_the_top_is_free),
    BREAKAGE("chunk sizes", a_chunk_reaches_into_the_next),
    BREAKAGE("chunk sizes", a_chunk_reaches_out_of_the_heap),
    BREAKAGE("chunk sizes", a_chunk_has_no_size),
    BREAKAGE("chunk sizes", a_chunk_behind_one_in_use_says_it_is_free),
    BREAKAGE("free pairs", two_free_chunks_lie_side_by_side),
    BREAKAGE("free binned", a_free_chunk_is_in_no_bin),
    BREAKAGE("free mark", a_free_chunk_is_not_marked),
    BREAKAGE("free mark", the_top_is_not_marked),
    BREAKAGE("fresh", what_counts_as_fresh_was_written),
    BREAKAGE("fresh", fresh_memory_begins_before_the_top),
    BREAKAGE("fresh", fresh_memory_begins_behind_the_end),
};

START_TEST(every_law_of_an_arena_can_be_broken)
{
    built_break_all(breakages, ARRAY_SIZE(breakages), state_check);
}
END_TEST

/* A new main arena whose memory is at the break. */
static struct malloc_state *built_main(void)
{
    arena_set_up();
    struct malloc_state *m = (struct malloc_state *)arena_main();
    ck_assert_int_eq(sysmalloc(m, 64 * KIB), 0);
    ck_assert(arena_on_break(m->top));
    return m;
}

START_TEST(the_break_is_walked_as_heaps_are)
{
    struct built_heap h = built_heap_in(built_main());
    ck_assert_ptr_null(state_check(h.m));
    a_free_chunk_is_in_no_bin(&h);
    ck_assert_pstr_eq(state_check(h.m), "free binned");
    a_chunk_reaches_out_of_the_heap(&h);
    ck_assert_pstr_eq(state_check(h.m), "chunk sizes");
}
END_TEST

/* What lies between the spans of a break that others move is not looked at. */
START_TEST(a_break_in_pieces_is_left_alone)
{
    struct built_heap h = built_heap_in(built_main());
    unsigned char *foreign = os_break(64);
    memset(foreign, 0xff, 64);
    built_chunk(h.m, MIB);
    ck_assert(arena_on_break(h.m->top));
    ck_assert((char *)h.m->top > (char *)foreign);
    ck_assert_ptr_null(state_check(h.m));
}
END_TEST

UNIT_MAIN("state", between_two_in_use_a_chunk_stays_alone, a_free_chunk_before_is_merged,
          a_free_chunk_behind_is_merged, free_chunks_on_both_sides_are_merged,
          beside_the_top_a_chunk_becomes_the_top, what_no_bin_serves_is_cut_off_the_top,
          the_top_keeps_a_chunk_or_grows, what_should_be_mapped_does_not_grow_the_top,
          a_full_heap_is_fenced_off_and_its_rest_is_free,
          a_heap_that_is_free_goes_and_the_one_before_is_the_top_again,
          a_heap_that_is_free_stays_while_the_one_before_is_too_full,
          above_the_trim_threshold_the_top_shrinks_to_its_pad,
          a_chunk_grows_into_the_free_one_behind,
          a_chunk_takes_all_of_the_free_one_when_the_rest_is_no_chunk, a_chunk_grows_into_the_top,
          a_chunk_that_cannot_grow_stays_as_it_is, what_a_chunk_gives_up_is_freed_and_merged,
          two_chunks_in_use_are_joined, what_lies_before_and_behind_an_aligned_chunk_is_freed,
          memory_that_is_aligned_by_chance_has_nothing_before_it,
          every_alignment_and_size_keeps_the_laws, every_law_of_an_arena_can_be_broken,
          the_break_is_walked_as_heaps_are, a_break_in_pieces_is_left_alone)
