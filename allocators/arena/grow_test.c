#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena_internal.h"
#include "bump.h"
#include "os.h"
#include "unit.h"

static struct growth g;
static size_t page;

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

/* The main arena, locked. */
static struct arena *begin(void)
{
    page = os_page_bytes();
    struct arena *a = arena_get(0);
    ck_assert_ptr_eq(a, arena_main());
    return a;
}

/* Nothing can be had from the break any more: something lies in its way. */
static void block_break(void)
{
    char *end = (char *)round_up((uintptr_t)sbrk(0), page);
    for (size_t i = 0; i < 64; i++) /* what lies there already blocks as well */
        mmap(end + i * page, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0);
    ck_assert_ptr_eq(sbrk((ptrdiff_t)(64 * page)), (void *)-1);
}

START_TEST(the_main_arena_grows_at_the_break)
{
    struct arena *a = begin();
    ck_assert_ptr_null(arena_end(a));
    ck_assert_int_eq(arena_grow(a, 1, 1000, &g), 0);
    ck_assert(!g.joined);
    ck_assert_uint_eq((uintptr_t)g.start % 16, 0);
    ck_assert_uint_ge(g.bytes, 1000 + DEFAULT_TOP_PAD);
    ck_assert_ptr_eq(arena_end(a), sbrk(0));
    ck_assert_uint_eq((uintptr_t)arena_end(a) % page, 0);
    ck_assert(all_zero(g.start, g.bytes));
    ck_assert_ptr_eq(arena_for_ptr(g.start), a);
    ck_assert_ptr_eq(arena_for_ptr(g.start + g.bytes - 1), a);
    ck_assert_ptr_null(arena_for_ptr(g.start + g.bytes));
    ck_assert_ptr_null(arena_for_ptr(&g));

    char *end = arena_end(a);
    ck_assert_int_eq(arena_grow(a, 5000, 0, &g), 0);
    ck_assert(g.joined);
    ck_assert_ptr_eq(g.start, end);
    ck_assert_uint_eq(g.bytes, round_up(5000 + DEFAULT_TOP_PAD, page));
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

START_TEST(the_end_goes_back_and_comes_again_as_zero)
{
    struct arena *a = begin();
    arena_grow(a, 0, 100 * page, &g);
    memset(g.start, 1, g.bytes);
    size_t held = a->system_mem;
    ck_assert_uint_eq(arena_shrink(a, 10 * page + page - 1), 10 * page);
    ck_assert_ptr_eq(arena_end(a), sbrk(0));
    ck_assert_ptr_eq(arena_end(a), g.start + g.bytes - 10 * page);
    ck_assert_uint_eq(a->system_mem, held - 10 * page);
    ck_assert_uint_eq(a->max_system_mem, held);
    ck_assert_uint_eq(a->counts.trims, 1);
    ck_assert_uint_eq(a->counts.trimmed_bytes, 10 * page);
    ck_assert_uint_eq(arena_shrink(a, page - 1), 0);
    ck_assert_uint_eq(arena_shrink(a, SIZE_MAX), 0);
    ck_assert_int_eq(arena_grow(a, 10 * page, 0, &g), 0);
    ck_assert(g.joined && all_zero(g.start, g.bytes));
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

START_TEST(what_others_take_from_the_break_is_left_alone)
{
    struct arena *a = begin();
    arena_grow(a, 0, 1000, &g);
    size_t held = a->system_mem;
    char *foreign = sbrk(100);
    memset(foreign, 9, 100);
    ck_assert_uint_eq(arena_shrink(a, page), 0);
    ck_assert_int_eq(arena_grow(a, 1000, 2000, &g), 0);
    ck_assert(!g.joined);
    ck_assert(g.start >= foreign + 100);
    ck_assert_uint_eq((uintptr_t)g.start % 16, 0);
    ck_assert_uint_eq((uintptr_t)(g.start + g.bytes) % page, 0);
    ck_assert_uint_ge(g.bytes, 2000 + DEFAULT_TOP_PAD);
    ck_assert(all_zero(g.start, g.bytes));
    ck_assert_int_eq(foreign[99], 9);
    ck_assert_uint_lt(a->system_mem - held, g.bytes + 16);
    ck_assert_ptr_eq(arena_for_ptr(g.start), a);
    ck_assert_ptr_null(arena_check(a));
    ck_assert_uint_eq(arena_shrink(a, page), page);

    sbrk(-(ptrdiff_t)page); /* somebody takes what is ours: then nothing is known any more */
    ck_assert_uint_eq(arena_shrink(a, page), 0);
}
END_TEST

START_TEST(without_the_break_the_main_arena_goes_on_in_heaps)
{
    struct arena *a = begin();
    arena_grow(a, 0, 1000, &g);
    char *old = g.start;
    block_break();
    ck_assert_int_eq(arena_grow(a, 1 * MIB, 1 * MIB, &g), 0);
    ck_assert(!g.joined);
    ck_assert_int_eq(heap_place(g.start), PLACE_HEAP);
    ck_assert_ptr_eq(arena_for_ptr(g.start), a);
    ck_assert_ptr_eq(arena_for_ptr(old), a);
    ck_assert_ptr_null(a->top_heap->prev);
    ck_assert_uint_eq(a->counts.heaps, 1);
    ck_assert_ptr_eq(arena_end(a), g.start + g.bytes);
    ck_assert_ptr_null(arena_check(a));
    ck_assert_int_eq(arena_grow(a, 1000, 1000, &g), 0);
    ck_assert(g.joined);
    ck_assert_ptr_null(arena_check(a));
    arena_unlock(a);
    ck_assert_int_eq(heap_place(bump_alloc(1000)), PLACE_HEAP);
}
END_TEST

START_TEST(what_is_impossible_changes_nothing)
{
    struct arena *a = begin();
    arena_grow(a, 0, 1000, &g);
    struct arena before = *a;
    char *end = sbrk(0);
    const size_t sizes[] = {(size_t)1 << 46, PTRDIFF_MAX, SIZE_MAX, SIZE_MAX - 5000};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        ck_assert_int_eq(arena_grow(a, sizes[i], sizes[i], &g), -ENOMEM);
    ck_assert_mem_eq(&before, a, sizeof(before));
    ck_assert_ptr_eq(sbrk(0), end);
    ck_assert_int_eq(arena_grow(a, 1000, 1000, &g), 0);
    ck_assert(g.joined);
}
END_TEST

START_TEST(a_pad_without_end_is_left_away)
{
    struct arena *a = begin();
    PAR_SET(top_pad, SIZE_MAX);
    ck_assert_int_eq(arena_grow(a, 1000, 1000, &g), 0);
    ck_assert_uint_ge(g.bytes, 1000);
    ck_assert_uint_lt(g.bytes, 1000 + 2 * page);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

/* The end goes back and is wanted again at once. */
static size_t threshold_after_a_breath(struct arena *a)
{
    ck_assert_uint_eq(arena_shrink(a, 2 * page), 2 * page);
    ck_assert_int_eq(arena_grow(a, 2 * page, 2 * page, &g), 0);
    return arena_trim_threshold(a);
}

START_TEST(a_trim_that_is_regretted_doubles_the_threshold_of_its_arena)
{
    struct arena *a = begin();
    arena_grow(a, 0, 100 * page, &g);
    ck_assert_uint_eq(arena_trim_threshold(a), DEFAULT_TRIM_THRESHOLD);
    for (size_t expected = 2 * DEFAULT_TRIM_THRESHOLD; expected < TRIM_LEAST_MAX; expected *= 2) {
        ck_assert_uint_eq(threshold_after_a_breath(a), expected);
        arena_grow(a, page, page, &g); /* nothing went back since */
        ck_assert_uint_eq(arena_trim_threshold(a), expected);
    }
    ck_assert_uint_eq(threshold_after_a_breath(a), TRIM_LEAST_MAX);
    ck_assert_uint_eq(threshold_after_a_breath(a), TRIM_LEAST_MAX);
    PAR_SET(trim_threshold, 2 * TRIM_LEAST_MAX);
    ck_assert_uint_eq(arena_trim_threshold(a), 2 * TRIM_LEAST_MAX);
    ck_assert_uint_eq(PAR_GET(trim_threshold), 2 * TRIM_LEAST_MAX);
    PAR_SET(trim_threshold, DEFAULT_TRIM_THRESHOLD);
    PAR_SET(no_dyn_threshold, true);
    ck_assert_uint_eq(arena_trim_threshold(a), DEFAULT_TRIM_THRESHOLD);
}
END_TEST

START_TEST(a_trim_is_not_regretted_later_or_when_it_was_asked_for)
{
    struct arena *a = begin();
    arena_grow(a, 0, 100 * page, &g);
    PAR_SET(trim_regret_ms, 1);
    arena_shrink(a, 2 * page);
    usleep(2000);
    arena_grow(a, 2 * page, 2 * page, &g);
    ck_assert_uint_eq(arena_trim_threshold(a), DEFAULT_TRIM_THRESHOLD);
    PAR_SET(trim_regret_ms, 0);
    ck_assert_uint_eq(threshold_after_a_breath(a), DEFAULT_TRIM_THRESHOLD);

    PAR_SET(trim_regret_ms, 1000000);
    arena_shrink(a, 2 * page);
    ck_assert_uint_ne(a->trimmed_ns, 0);
    arena_unlock(a);
    arena_trim_all(0);
    arena_lock(a);
    arena_grow(a, 2 * page, 2 * page, &g);
    ck_assert_uint_eq(arena_trim_threshold(a), DEFAULT_TRIM_THRESHOLD);
}
END_TEST

UNIT_MAIN("grow", a_trim_that_is_regretted_doubles_the_threshold_of_its_arena,
          a_trim_is_not_regretted_later_or_when_it_was_asked_for, the_main_arena_grows_at_the_break,
          the_end_goes_back_and_comes_again_as_zero, what_others_take_from_the_break_is_left_alone,
          without_the_break_the_main_arena_goes_on_in_heaps, what_is_impossible_changes_nothing,
          a_pad_without_end_is_left_away)
