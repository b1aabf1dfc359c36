#include "ptmalloc.h"

#include <string.h>

#include "built_heap.h"
#include "mapped.h"
#include "os.h"
#include "unit.h"

static struct malloc_state *begin(void)
{
    struct malloc_state *m = built_arena();
    arena_unlock(&m->arena);
    return m;
}

static unsigned char *filled(size_t bytes)
{
    unsigned char *p = core_alloc(bytes);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < bytes; i++)
        p[i] = (unsigned char)(i * 31 >> 3);
    return p;
}

static bool keeps(const unsigned char *p, size_t bytes)
{
    size_t i = 0;
    while (i < bytes && p[i] == (unsigned char)(i * 31 >> 3))
        i++;
    return i == bytes;
}

static bool is_zero(const unsigned char *p, size_t bytes)
{
    size_t i = 0;
    while (i < bytes && p[i] == 0)
        i++;
    return i == bytes;
}

/* --- mapped objects --- */

START_TEST(from_the_threshold_on_an_object_is_mapped)
{
    begin();
    core_alloc(64 * KIB); /* the top is too small for either */
    char *below = core_alloc(DEFAULT_MMAP_THRESHOLD - CHUNK_ALIGNMENT - CHUNK_OVERHEAD);
    ck_assert_uint_eq(PAR_GET(n_mmaps), 0);
    ck_assert_ptr_nonnull(arena_for_ptr(below));
    core_alloc(DEFAULT_TOP_PAD - 64 * KIB);
    char *at = core_alloc(DEFAULT_MMAP_THRESHOLD - CHUNK_OVERHEAD);
    ck_assert_uint_eq(PAR_GET(n_mmaps), 1);
    ck_assert_ptr_null(arena_for_ptr(at));
    ck_assert_uint_ge(mapped_usable(at), DEFAULT_MMAP_THRESHOLD - CHUNK_OVERHEAD);
}
END_TEST

/* A copy would make a mapping, and free one, which moves the threshold. */
START_TEST(a_mapped_object_is_resized_by_mremap)
{
    begin();
    unsigned char *p = filled(MIB);
    size_t page = os_page_bytes(), threshold = PAR_GET(mmap_threshold);
    static const size_t sizes[] = {3 * MIB, 64 * MIB, 2 * MIB, 300 * KIB, MIB};
    ck_assert_uint_eq(PAR_GET(n_mmaps), 1);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        p = core_resize(p, sizes[i]);
        ck_assert(keeps(p, 300 * KIB));
        ck_assert_uint_eq(PAR_GET(n_mmaps), 1);
        ck_assert_uint_eq(PAR_GET(max_n_mmaps), 1);
        ck_assert_uint_eq(PAR_GET(mmapped_mem), sizes[i] + page);
    }
    ck_assert_uint_eq(PAR_GET(mmap_threshold), threshold);
    core_free(p);
    ck_assert_uint_eq(PAR_GET(n_mmaps), 0);
    ck_assert_uint_eq(PAR_GET(mmapped_mem), 0);
    ck_assert_uint_eq(PAR_GET(mmap_threshold), MIB + page);
    ck_assert_uint_eq(PAR_GET(trim_threshold), 2 * (MIB + page));
}
END_TEST

START_TEST(an_object_leaves_the_arena_when_it_grows_beyond_the_threshold)
{
    struct malloc_state *m = begin();
    unsigned char *p = filled(100 * KIB);
    p = core_resize(p, MIB);
    ck_assert_ptr_null(arena_for_ptr(p));
    ck_assert(keeps(p, 100 * KIB));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(what_is_not_mapped_any_more_comes_from_the_main_arena_if_it_is_too_large_for_a_heap)
{
    struct malloc_state *m = begin();
    PAR_SET(mmap_max, 0);
    char *p = core_alloc(HEAP_MAX_BYTES);
    ck_assert_ptr_eq(arena_for_ptr(p), arena_main());
    ck_assert_ptr_null(state_check(m));
    ck_assert_ptr_null(state_check((struct malloc_state *)arena_main()));
}
END_TEST

/* --- realloc in an arena --- */

START_TEST(an_object_beside_the_top_grows_where_it_is_even_when_the_top_must_grow)
{
    struct malloc_state *m = begin();
    PAR_SET(mmap_threshold, HEAP_MAX_BYTES / 2);
    unsigned char *p = filled(2000), *start = p;
    for (size_t bytes = 4 * KIB; bytes <= 8 * MIB; bytes *= 2) {
        p = core_resize(p, bytes);
        ck_assert_ptr_eq(p, start);
        ck_assert(keeps(p, 2000));
        ck_assert_uint_ge(core_usable_bytes(p), bytes);
        ck_assert_ptr_null(state_check(m));
    }
}
END_TEST

START_TEST(an_object_that_is_shut_in_moves_with_its_content)
{
    struct malloc_state *m = begin();
    unsigned char *p = filled(2000), *fence = core_alloc(2000), *old = p;
    p = core_resize(p, 5000);
    ck_assert_ptr_ne(p, old);
    ck_assert(keeps(p, 2000));
    ck_assert_ptr_eq(core_alloc(2000), old); /* its place is free */
    ck_assert_ptr_nonnull(fence);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* --- calloc --- */

START_TEST(recycled_memory_is_zeroed_and_fresh_memory_is_zero)
{
    struct malloc_state *m = begin();
    static const size_t sizes[] = {40, 1000, 1033, 5000, 60 * KIB, 200 * KIB};
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned char *fresh = core_alloc_zeroed(sizes[i]);
        ck_assert(is_zero(fresh, sizes[i]));
        memset(fresh, 0xff, sizes[i]);
        core_free(fresh);
        unsigned char *again = core_alloc_zeroed(sizes[i]);
        ck_assert(is_zero(again, sizes[i]));
        ck_assert_ptr_null(state_check(m));
    }
}
END_TEST

START_TEST(an_object_half_of_fresh_memory_is_zeroed_in_its_other_half)
{
    struct malloc_state *m = begin();
    unsigned char *p = core_alloc(40000);
    memset(p, 0xff, 40000);
    core_free(p); /* into the top */
    unsigned char *again = core_alloc_zeroed(80000);
    ck_assert_ptr_eq(again, p);
    ck_assert(is_zero(again, 80000));
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* --- perturb --- */

START_TEST(perturb_fills_what_is_made_and_what_is_freed)
{
    PAR_SET(perturb, 0x5a);
    struct malloc_state *m = begin();
    static const size_t sizes[] = {40, 1000, 5000};
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned char *p = core_alloc(sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            ck_assert_uint_eq(p[at], 0x5a ^ 0xff);
        core_alloc(5000);
        core_free(p);
        ck_assert_uint_eq(p[sizes[i] - 1 - CHUNK_OVERHEAD], 0x5a); /* behind its links */
    }
    ck_assert_ptr_null(state_check(m));
}
END_TEST

UNIT_MAIN("ptmalloc", from_the_threshold_on_an_object_is_mapped,
          a_mapped_object_is_resized_by_mremap,
          an_object_leaves_the_arena_when_it_grows_beyond_the_threshold,
          what_is_not_mapped_any_more_comes_from_the_main_arena_if_it_is_too_large_for_a_heap,
          an_object_beside_the_top_grows_where_it_is_even_when_the_top_must_grow,
          an_object_that_is_shut_in_moves_with_its_content,
          recycled_memory_is_zeroed_and_fresh_memory_is_zero,
          an_object_half_of_fresh_memory_is_zeroed_in_its_other_half,
          perturb_fills_what_is_made_and_what_is_freed)
