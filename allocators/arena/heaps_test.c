/* An allocator that never uses the break: bump.c compiled with BUMP_ON_HEAPS. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bump.h"
#include "os.h"
#include "unit.h"

static struct growth g;

START_TEST(the_main_arena_is_made_of_heaps)
{
    void *end = sbrk(0);
    struct arena *a = arena_get(0);
    ck_assert_ptr_eq(a, arena_main());
    ck_assert_ptr_null(arena_end(a));
    ck_assert_uint_eq(arena_shrink(a, 4096), 0);
    ck_assert_int_eq(arena_grow(a, 1, 1000, &g), 0);
    ck_assert(!g.joined);
    ck_assert_ptr_eq(g.start, (char *)(a->top_heap + 1));
    ck_assert_ptr_eq(arena_for_ptr(g.start), a);
    ck_assert_ptr_eq(sbrk(0), end);
    ck_assert_uint_eq(a->system_mem, a->top_heap->size);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

START_TEST(a_full_heap_is_followed_by_the_next_which_can_be_dropped)
{
    struct arena *a = arena_get(0);
    arena_grow(a, 0, HEAP_MAX_BYTES - sizeof(struct heap_info), &g);
    struct heap_info *first = a->top_heap;
    ck_assert_uint_eq(first->size, HEAP_MAX_BYTES);
    ck_assert_int_eq(arena_grow(a, 1, 100, &g), 0);
    ck_assert(!g.joined);
    ck_assert_ptr_eq(a->top_heap->prev, first);
    ck_assert_uint_eq(a->counts.heaps, 2);
    ck_assert_ptr_null(arena_check(a));

    errno = ERANGE;
    arena_drop_heap(a);
    ck_assert_int_eq(errno, ERANGE);
    ck_assert_ptr_eq(a->top_heap, first);
    ck_assert_uint_eq(a->counts.heaps, 1);
    ck_assert_ptr_null(arena_for_ptr(g.start));
    ck_assert_ptr_eq(arena_end(a), (char *)first + HEAP_MAX_BYTES);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

START_TEST(a_heap_shrinks_at_most_to_its_header)
{
    struct arena *a = arena_get(0);
    arena_grow(a, 0, 100000, &g);
    size_t size = a->top_heap->size, page = os_page_bytes();
    ck_assert_uint_eq(arena_shrink(a, SIZE_MAX), size - page);
    ck_assert_uint_eq(a->system_mem, page);
    ck_assert_uint_eq(arena_shrink(a, SIZE_MAX), 0);
    ck_assert_int_eq(arena_grow(a, 10, 10, &g), 0);
    ck_assert(g.joined);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

START_TEST(beyond_a_heap_nothing_changes)
{
    struct arena *a = arena_get(0);
    arena_grow(a, 0, 1000, &g);
    struct arena before = *a;
    const size_t sizes[] = {HEAP_MAX_BYTES, SIZE_MAX, PTRDIFF_MAX, SIZE_MAX - 31};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        ck_assert_int_eq(arena_grow(a, sizes[i], sizes[i], &g), -ENOMEM);
    ck_assert_mem_eq(&before, a, sizeof(before));
    PAR_SET(top_pad, SIZE_MAX);
    ck_assert_int_eq(arena_grow(a, 1000, 1000, &g), 0);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

UNIT_MAIN("heaps", the_main_arena_is_made_of_heaps,
          a_full_heap_is_followed_by_the_next_which_can_be_dropped,
          a_heap_shrinks_at_most_to_its_header, beyond_a_heap_nothing_changes)
