#include "bins.h"

#include "built_heap.h"
#include "unit.h"

static bool is_marked(const struct malloc_state *m, unsigned bin)
{
    return m->bins.map[bin / 64] >> bin % 64 & 1;
}

static bool is_empty(struct malloc_state *m, unsigned bin)
{
    return built_bin_holds(m, bin, NULL, 0);
}

START_TEST(every_size_has_one_bin)
{
    unsigned last = 1;
    for (size_t bytes = MIN_CHUNK_BYTES; bytes < MIB; bytes += CHUNK_ALIGNMENT) {
        unsigned bin = bin_of(bytes);
        ck_assert_msg(bin == last || bin == last + 1, "%zu bytes: bin %u behind %u", bytes, bin,
                      last);
        ck_assert_int_eq(bin < BIN_FIRST_LARGE, is_small_chunk(bytes));
        last = bin;
    }
    ck_assert_uint_eq(last, N_BINS - 1);
    ck_assert_uint_eq(bin_of(1008), BIN_FIRST_LARGE - 1);
    ck_assert_uint_eq(bin_of(1024), BIN_FIRST_LARGE);
    ck_assert_uint_eq(bin_of((size_t)1 << 46), N_BINS - 1);
}
END_TEST

START_TEST(large_bins_are_64_bytes_wide_then_512_then_4_k)
{
    static const size_t first_of_a_bin[] = {1024,  1088,  3136,   3584,   10752, 12288,
                                            40960, 65536, 163840, 262144, 524288};
    for (size_t i = 0; i < ARRAY_SIZE(first_of_a_bin); i++)
        ck_assert_uint_eq(large_bin(first_of_a_bin[i]),
                          large_bin(first_of_a_bin[i] - CHUNK_ALIGNMENT) + 1);
}
END_TEST

START_TEST(a_small_bin_gives_its_oldest_chunk)
{
    struct malloc_state *m = built_arena();
    struct chunk *c[4];
    for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
        c[i] = built_fenced(m, 256);
    for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
        int_free(m, c[i]);
    built_sort(m);
    ck_assert(built_bin_holds(m, small_bin(256), (struct chunk *[]){c[3], c[2], c[1], c[0]}, 4));
    for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
        ck_assert_ptr_eq(built_chunk(m, 256), c[i]);
        ck_assert(chunk_in_use(c[i]));
    }
    ck_assert_ptr_null(bins_take_small(&m->bins, small_bin(256)));
}
END_TEST

START_TEST(a_small_request_takes_no_other_size_while_its_own_is_there)
{
    struct malloc_state *m = built_arena();
    struct chunk *larger = built_free(m, 272), *exact = built_free(m, 256);
    built_sort(m);
    ck_assert_ptr_eq(built_chunk(m, 256), exact);
    ck_assert(!chunk_in_use(larger));
}
END_TEST

START_TEST(the_unsorted_pass_puts_each_chunk_into_its_bin)
{
    struct malloc_state *m = built_arena();
    static const size_t bytes[] = {256, 1008, 1024, 2048, 20 * KIB};
    struct chunk *c[ARRAY_SIZE(bytes)];
    for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++)
        c[i] = built_fenced(m, bytes[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++) {
        int_free(m, c[i]);
        ck_assert(!is_marked(m, bin_of(bytes[i])));
    }
    ck_assert(
        built_bin_holds(m, BIN_UNSORTED, (struct chunk *[]){c[4], c[3], c[2], c[1], c[0]}, 5));
    built_sort(m);
    ck_assert(is_empty(m, BIN_UNSORTED));
    for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++) {
        ck_assert(built_bin_holds(m, bin_of(bytes[i]), &c[i], 1));
        ck_assert(is_marked(m, bin_of(bytes[i])));
    }
}
END_TEST

START_TEST(the_unsorted_pass_ends_at_a_chunk_that_fits_exactly)
{
    struct malloc_state *m = built_arena();
    struct chunk *first = built_fenced(m, 512), *exact = built_fenced(m, 2048),
                 *behind = built_fenced(m, 640);
    int_free(m, first);
    int_free(m, exact);
    int_free(m, behind);
    ck_assert_ptr_eq(built_chunk(m, 2048), exact);
    ck_assert(built_bin_holds(m, small_bin(512), &first, 1));
    ck_assert(built_bin_holds(m, BIN_UNSORTED, &behind, 1));
}
END_TEST

START_TEST(a_large_bin_falls_in_size_and_a_ring_skips_what_is_equal)
{
    struct built_heap h = built_heap();
    unsigned bin = large_bin(1552);
    ck_assert(
        built_bin_holds(h.m, bin, (struct chunk *[]){h.largest, h.large, h.same, h.smallest}, 4));
    ck_assert_ptr_eq(h.largest->fd_nextsize, h.large);
    ck_assert_ptr_eq(h.large->fd_nextsize, h.smallest);
    ck_assert_ptr_eq(h.smallest->fd_nextsize, h.largest);
    ck_assert_ptr_eq(h.largest->bk_nextsize, h.smallest);
    ck_assert_ptr_eq(h.smallest->bk_nextsize, h.large);
    ck_assert_ptr_eq(h.large->bk_nextsize, h.largest);
    ck_assert_ptr_null(h.same->fd_nextsize);
}
END_TEST

/* However the sizes come, the bin is in order. */
START_TEST(a_large_bin_is_in_order_whatever_came_first)
{
    static const size_t orders[][4] = {
        {1536, 1552, 1568, 1584}, {1584, 1568, 1552, 1536}, {1552, 1584, 1536, 1568},
        {1552, 1552, 1536, 1552}, {1536, 1584, 1536, 1584}, {1568, 1568, 1568, 1568},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        struct malloc_state *m = built_arena();
        struct chunk *c[4];
        for (unsigned j = 0; j < 4; j++)
            c[j] = built_fenced(m, orders[i][j]);
        for (unsigned j = 0; j < 4; j++) {
            int_free(m, c[j]);
            built_sort(m);
            ck_assert_ptr_null(bins_check(&m->bins));
        }
        for (unsigned j = 0; j < 4; j++) { /* the ring stays whole whichever goes */
            bins_unlink(&m->bins, c[j]);
            ck_assert_ptr_null(bins_check(&m->bins));
        }
        ck_assert(is_empty(m, large_bin(1536)));
    }
}
END_TEST

START_TEST(a_large_request_takes_the_smallest_that_fits)
{
    struct built_heap h = built_heap();
    ck_assert_ptr_eq(bins_best_in_large(&h.m->bins, large_bin(1536), 1536), h.smallest);
    ck_assert_ptr_eq(bins_best_in_large(&h.m->bins, large_bin(1568), 1568), h.largest);
    ck_assert_ptr_null(bins_best_in_large(&h.m->bins, large_bin(1600), 1600));
    /* Of two the second goes, and the ring stays. */
    ck_assert_ptr_eq(bins_best_in_large(&h.m->bins, large_bin(1552), 1552), h.same);
    ck_assert_ptr_eq(built_chunk(h.m, 1552), h.same);
    ck_assert_ptr_eq(built_chunk(h.m, 1552), h.large);
}
END_TEST

START_TEST(without_a_fit_in_its_own_bin_the_next_one_with_chunks_is_cut)
{
    struct built_heap h = built_heap();
    struct chunk *c = built_chunk(h.m, 1024); /* 640 is too small, 1536 the smallest beyond */
    ck_assert_ptr_eq(c, h.smallest);
    struct chunk *rest = chunk_next(c);
    ck_assert_uint_eq(chunk_bytes(rest), 512);
    ck_assert_uint_eq(chunk_next(rest)->prev_size, 512);
    ck_assert(!chunk_in_use(rest) && chunk_prev_in_use(rest));
    ck_assert(built_bin_holds(h.m, BIN_UNSORTED, &rest, 1));
    ck_assert_ptr_null(state_check(h.m));
}
END_TEST

START_TEST(a_bit_of_the_map_is_cleared_when_its_bin_is_found_empty)
{
    struct malloc_state *m = built_arena();
    struct chunk *small = built_free(m, 256), *large = built_free(m, 2048);
    built_sort(m);
    ck_assert_ptr_eq(built_chunk(m, 256), small);
    ck_assert(is_empty(m, small_bin(256)) && is_marked(m, small_bin(256)));
    ck_assert_ptr_eq(bins_first_above(&m->bins, small_bin(128)), large);
    ck_assert(!is_marked(m, small_bin(256)) && is_marked(m, large_bin(2048)));
    ck_assert_ptr_null(bins_first_above(&m->bins, large_bin(2048)));
}
END_TEST

START_TEST(small_requests_in_a_row_are_cut_off_the_last_remainder)
{
    struct malloc_state *m = built_arena();
    struct chunk *whole = built_free(m, 2048);
    built_sort(m);
    struct chunk *first = built_chunk(m, 240);
    struct chunk *better_fit = built_free(m, 272);
    bins_unlink(&m->bins, better_fit);
    bins_sort_in(&m->bins, better_fit, 272);
    struct chunk *second = built_chunk(m, 256), *third = built_chunk(m, 160);
    ck_assert_ptr_eq(first, whole);
    ck_assert_ptr_eq(second, chunk_next(first));
    ck_assert_ptr_eq(third, chunk_next(second));
    ck_assert_ptr_eq(m->last_remainder, chunk_next(third));
    ck_assert(!chunk_in_use(better_fit));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* Another unsorted chunk beside it: the remainder is sorted like any, and the best fit is cut. */
START_TEST(a_remainder_that_is_not_alone_is_sorted)
{
    struct malloc_state *m = built_arena();
    built_free(m, 2048);
    struct chunk *best = built_fenced(m, 400);
    built_sort(m);
    struct chunk *first = built_chunk(m, 240), *remainder = chunk_next(first);
    ck_assert_ptr_eq(m->last_remainder, remainder);
    int_free(m, best);
    ck_assert_ptr_eq(built_chunk(m, 256), best);
    ck_assert(built_bin_holds(m, bin_of(2048 - 240), &remainder, 1));
}
END_TEST

/* --- the laws --- */

static void a_forward_link_leads_elsewhere(struct built_heap *h)
{
    h->small->fd = h->large;
}

static void a_backward_link_leads_elsewhere(struct built_heap *h)
{
    h->large->bk = h->small;
}

static void a_link_leads_out_of_the_heap(struct built_heap *h)
{
    h->unsorted->fd = (struct chunk *)(uintptr_t)0x10;
}

static void a_head_leads_out_of_the_heap(struct built_heap *h)
{
    bin_at(&h->m->bins, 40)->fd = (struct chunk *)(uintptr_t)0x10;
}

static void a_head_leads_to_a_chunk_that_does_not_lead_back(struct built_heap *h)
{
    bin_at(&h->m->bins, 40)->fd = h->small;
}

static void a_chunk_is_in_the_bin_of_another_size(struct built_heap *h)
{
    bins_unlink(&h->m->bins, h->small);
    bins_sort_in(&h->m->bins, h->small, 272);
}

static void an_unsorted_chunk_has_no_size_of_a_chunk(struct built_heap *h)
{
    h->unsorted->size |= 8;
}

static void an_unsorted_chunk_is_too_small(struct built_heap *h)
{
    h->unsorted->size = 16 | PREV_INUSE;
}

static void the_chunk_behind_says_in_use(struct built_heap *h)
{
    chunk_next(h->small)->size |= PREV_INUSE;
}

static void the_chunk_behind_repeats_another_size(struct built_heap *h)
{
    chunk_next(h->large)->prev_size += CHUNK_ALIGNMENT;
}

/* The links of the list are right, but not its order. */
static void the_smallest_of_a_large_bin_comes_first(struct built_heap *h)
{
    struct chunk *head = bin_at(&h->m->bins, large_bin(1552)), *c = h->smallest;
    h->same->fd = head;
    head->bk = h->same;
    c->fd = h->largest;
    c->bk = head;
    h->largest->bk = c;
    head->fd = c;
}

static void the_ring_leaves_a_size_out(struct built_heap *h)
{
    h->largest->fd_nextsize = h->smallest;
    h->smallest->bk_nextsize = h->largest;
    h->large->fd_nextsize = h->large->bk_nextsize = NULL;
}

static void the_ring_holds_the_second_of_a_size(struct built_heap *h)
{
    h->largest->fd_nextsize = h->smallest->bk_nextsize = h->same;
    h->same->fd_nextsize = h->smallest;
    h->same->bk_nextsize = h->largest;
    h->large->fd_nextsize = h->large->bk_nextsize = NULL;
}

static void the_ring_holds_both_of_a_size(struct built_heap *h)
{
    h->large->fd_nextsize = h->smallest->bk_nextsize = h->same;
    h->same->fd_nextsize = h->smallest;
    h->same->bk_nextsize = h->large;
}

static void the_ring_does_not_close(struct built_heap *h)
{
    h->smallest->fd_nextsize = h->large;
}

static void the_ring_does_not_lead_back(struct built_heap *h)
{
    h->large->bk_nextsize = h->smallest;
}

static void the_first_of_a_large_bin_is_not_in_the_ring(struct built_heap *h)
{
    h->largest->fd_nextsize = NULL;
}

static void a_bit_of_the_map_is_missing(struct built_heap *h)
{
    h->m->bins.map[0] &= ~((uint64_t)1 << small_bin(256));
}

static void a_bit_of_the_map_for_large_bins_is_missing(struct built_heap *h)
{
    h->m->bins.map[1] = 0;
}

static const struct breakage breakages[] = {
    BREAKAGE("bin links", a_forward_link_leads_elsewhere),
    BREAKAGE("bin links", a_backward_link_leads_elsewhere),
    BREAKAGE("bin links", a_link_leads_out_of_the_heap),
    BREAKAGE("bin links", a_head_leads_out_of_the_heap),
    BREAKAGE("bin links", a_head_leads_to_a_chunk_that_does_not_lead_back),
    BREAKAGE("bin size", a_chunk_is_in_the_bin_of_another_size),
    BREAKAGE("bin size", an_unsorted_chunk_has_no_size_of_a_chunk),
    BREAKAGE("bin size", an_unsorted_chunk_is_too_small),
    BREAKAGE("bin free", the_chunk_behind_says_in_use),
    BREAKAGE("bin free", the_chunk_behind_repeats_another_size),
    BREAKAGE("bin order", the_smallest_of_a_large_bin_comes_first),
    BREAKAGE("bin order", the_ring_leaves_a_size_out),
    BREAKAGE("bin order", the_ring_holds_the_second_of_a_size),
    BREAKAGE("bin order", the_ring_holds_both_of_a_size),
    BREAKAGE("bin order", the_ring_does_not_close),
    BREAKAGE("bin order", the_ring_does_not_lead_back),
    BREAKAGE("bin order", the_first_of_a_large_bin_is_not_in_the_ring),
    BREAKAGE("bin map", a_bit_of_the_map_is_missing),
    BREAKAGE("bin map", a_bit_of_the_map_for_large_bins_is_missing),
};

START_TEST(every_law_of_the_bins_can_be_broken)
{
    built_break_all(breakages, ARRAY_SIZE(breakages), state_check);
}
END_TEST

UNIT_MAIN("bins", every_size_has_one_bin, large_bins_are_64_bytes_wide_then_512_then_4_k,
          a_small_bin_gives_its_oldest_chunk,
          a_small_request_takes_no_other_size_while_its_own_is_there,
          the_unsorted_pass_puts_each_chunk_into_its_bin,
          the_unsorted_pass_ends_at_a_chunk_that_fits_exactly,
          a_large_bin_falls_in_size_and_a_ring_skips_what_is_equal,
          a_large_bin_is_in_order_whatever_came_first, a_large_request_takes_the_smallest_that_fits,
          without_a_fit_in_its_own_bin_the_next_one_with_chunks_is_cut,
          a_bit_of_the_map_is_cleared_when_its_bin_is_found_empty,
          small_requests_in_a_row_are_cut_off_the_last_remainder,
          a_remainder_that_is_not_alone_is_sorted, every_law_of_the_bins_can_be_broken)
