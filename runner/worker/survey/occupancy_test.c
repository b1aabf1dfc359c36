/* Page occupancy of layouts made by hand, with answers that are known. */
#include "occupancy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rng.h"
#include "self.h"
#include "unit.h"

#define PAGE 4096u
#define BASE 0x7f0000000000ul

static struct survey_region regions[SURVEY_REGIONS_MAX];

/* The pages [0, n_pages) behind BASE, all resident. */
static struct occupancy occupy(struct extent *objects, size_t n, uint64_t n_pages)
{
    struct occupancy o;
    occupancy_begin(&o, objects, n, PAGE, regions);
    for (uint64_t i = 0; i < n_pages; i++)
        occupancy_page(&o, BASE + i * PAGE);
    return o;
}

START_TEST(pages_without_objects_are_empty)
{
    struct occupancy o = occupy(NULL, 0, 3);
    ck_assert_uint_eq(o.n_pages, 3);
    ck_assert_uint_eq(o.pages[0], 3);
    ck_assert_uint_eq(o.n_regions, 3);
    ck_assert_uint_eq(regions[2].address, BASE + 2 * PAGE);
    ck_assert_uint_eq(regions[2].resident_pages, 1);
    ck_assert_uint_eq(regions[2].live_bytes, 0);
}
END_TEST

START_TEST(shares_are_rounded_up_to_sixteenths)
{
    static const struct {
        uint64_t bytes;
        unsigned share;
    } rows[] = {{0, 0},   {1, 1},    {256, 1},   {257, 2},   {512, 2},
                {513, 3}, {2048, 8}, {3840, 15}, {3841, 16}, {4096, 16}};
    struct extent object = {BASE, rows[_i].bytes, 0};
    struct occupancy o = occupy(&object, 1, 1);
    ck_assert_uint_eq(o.pages[rows[_i].share], 1);
    ck_assert_uint_eq(regions[0].live_bytes, rows[_i].bytes);
}
END_TEST

/* Two small ones, one over three pages and a bit, one beyond the pages that are there. */
START_TEST(objects_count_in_each_page_that_they_touch)
{
    struct extent objects[] = {{BASE + 16, 100, 0},
                               {BASE + 200, 156, 0},
                               {BASE + PAGE - 1, 2 * PAGE + 2, 0},
                               {BASE + 5 * PAGE, 16, 0}};
    struct occupancy o = occupy(objects, ARRAY_SIZE(objects), 5);
    ck_assert_uint_eq(o.pages[2], 1);  /* page 0: 257 bytes */
    ck_assert_uint_eq(o.pages[16], 2); /* 1 and 2: full */
    ck_assert_uint_eq(o.pages[1], 1);  /* 3: one byte */
    ck_assert_uint_eq(o.pages[0], 1);  /* 4 */
    ck_assert_uint_eq(regions[0].live_bytes, 257);
    ck_assert_uint_eq(regions[3].live_bytes, 1);
}
END_TEST

START_TEST(pages_that_are_not_resident_are_passed_over)
{
    struct extent objects[] = {{BASE, 10 * PAGE, 0}, {BASE + 10 * PAGE, 1000, 0}};
    struct occupancy o;
    occupancy_begin(&o, objects, 2, PAGE, regions);
    occupancy_page(&o, BASE + 7 * PAGE);
    occupancy_page(&o, BASE + 10 * PAGE);
    occupancy_page(&o, BASE + 1000 * PAGE);
    ck_assert_uint_eq(o.pages[16], 1);
    ck_assert_uint_eq(o.pages[4], 1);
    ck_assert_uint_eq(o.pages[0], 1);
}
END_TEST

/* Objects that overlap are an allocator's fault; a page never holds more than there is of it. */
START_TEST(a_page_is_never_more_than_full)
{
    struct extent objects[] = {{BASE, 3000, 0}, {BASE + 16, 3000, 0}, {BASE + 32, 3000, 0}};
    struct occupancy o = occupy(objects, 3, 1);
    ck_assert_uint_eq(o.pages[16], 1);
    ck_assert_uint_eq(regions[0].live_bytes, PAGE);
}
END_TEST

START_TEST(regions_widen_until_they_find_room)
{
    struct extent object = {BASE + 5 * PAGE, 77, 0};
    struct occupancy o = occupy(&object, 1, 4 * SURVEY_REGIONS_MAX);
    ck_assert_uint_eq(o.n_regions, SURVEY_REGIONS_MAX);
    for (uint32_t i = 0; i < o.n_regions; i++) {
        ck_assert_uint_eq(regions[i].address, BASE + i * 4ul * PAGE);
        ck_assert_uint_eq(regions[i].n_pages, 4);
        ck_assert_uint_eq(regions[i].resident_pages, 4);
        ck_assert_uint_eq(regions[i].live_bytes, i == 1 ? 77 : 0);
    }
}
END_TEST

/* One page each in places as far from each other as an address space allows. */
START_TEST(regions_hold_a_whole_address_space)
{
    struct occupancy o;
    occupancy_begin(&o, NULL, 0, PAGE, regions);
    uint64_t n = 4096, step = ((uint64_t)1 << 47) / n, resident = 0;
    for (uint64_t i = 0; i < n; i++)
        occupancy_page(&o, i * step);
    for (uint32_t i = 0; i < o.n_regions; i++)
        resident += regions[i].resident_pages;
    ck_assert_uint_eq(o.n_regions, SURVEY_REGIONS_MAX);
    ck_assert_uint_eq(resident, n);
}
END_TEST

START_TEST(extents_are_sorted_by_address)
{
    enum { N = 10000 };
    static struct extent a[N], b[N];
    struct rng rng;
    uint64_t sum = 0;
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < N; i++) {
        a[i] = (struct extent){BASE + rng_below(&rng, (uint64_t)1 << (10 + _i * 6)), i, 0};
        sum += a[i].address ^ a[i].bytes;
    }
    struct extent *sorted = extents_sort(a, b, N);
    for (unsigned i = 0; i < N; i++) {
        ck_assert(i == 0 || sorted[i - 1].address <= sorted[i].address);
        sum -= sorted[i].address ^ sorted[i].bytes;
    }
    ck_assert_uint_eq(sum, 0);
}
END_TEST

static const struct {
    const char *line;
    uint64_t from, to; /* of the heap; 0: not of it */
} lines[] = {
    {"55d0a0000000-55d0a0021000 rw-p 00000000 00:00 0                          [heap]",
     0x55d0a0000000, 0x55d0a0021000},
    {"7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ", 0x7f0000000000, 0x7f0000021000},
    {"7f0000000000-7f0000021000 rw-p 00000000 00:00 0", 0x7f0000000000, 0x7f0000021000},
    {"7f0000000000-7f0000021000 rw-p 00000000 00:00 0   [anon:arena]", 0x7f0000000000,
     0x7f0000021000},
    {"7f0000000000-7f0000021000 rwxp 00000000 00:00 0 ", 0x7f0000000000, 0x7f0000021000},
    {"7f0000000000-7f0000021000 ---p 00000000 00:00 0 ", 0, 0},
    {"7f0000000000-7f0000021000 r--p 00000000 00:00 0 ", 0, 0},
    {"7f0000000000-7f0000021000 rw-s 00000000 00:05 17   /memfd:control (deleted)", 0, 0},
    {"7f0000000000-7f0000021000 rw-p 00002000 08:01 1234   /usr/lib/libc.so.6", 0, 0},
    {"7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]", 0, 0},
};

START_TEST(mappings_of_the_heap_are_known)
{
    static struct range found[8];
    struct heap_maps maps = {.ranges = found};
    size_t own_at = 0;
    ck_assert(heap_maps_line(&maps, lines[_i].line, NULL, 0, &own_at));
    ck_assert_uint_eq(maps.n_mappings, 1);
    ck_assert_uint_eq(maps.address_bytes, 0x21000);
    ck_assert_uint_eq(maps.n, lines[_i].from != 0);
    if (lines[_i].from != 0) {
        ck_assert_uint_eq(found[0].from, lines[_i].from);
        ck_assert_uint_eq(found[0].to, lines[_i].to);
    }
}
END_TEST

START_TEST(lines_that_are_none_are_refused)
{
    static const char *const bad[] = {"",
                                      "7f00",
                                      "7f00-7f10",
                                      "7f00-7f10 rw",
                                      "7f00-7f10 rw-p 0",
                                      "zz-7f10 rw-p 00000000 00:00 0"};
    struct heap_maps maps = {0};
    size_t own_at = 0;
    ck_assert(!heap_maps_line(&maps, bad[_i], NULL, 0, &own_at));
}
END_TEST

/* The kernel joins mappings; what is the worker's own is cut out. */
START_TEST(own_memory_is_cut_out)
{
    static const struct range own[] = {
        {0x1000, 0x2000}, {0x10000, 0x11000}, {0x13000, 0x14000}, {0x1f000, 0x22000}};
    static const struct range rest[] = {{0x11000, 0x13000}, {0x14000, 0x1f000}, {0x22000, 0x30000}};
    static struct range found[8];
    struct heap_maps maps = {.ranges = found};
    size_t own_at = 0;
    ck_assert(heap_maps_line(&maps, "10000-20000 rw-p 00000000 00:00 0", own, 4, &own_at));
    ck_assert(heap_maps_line(&maps, "21000-30000 rw-p 00000000 00:00 0", own, 4, &own_at));
    ck_assert_uint_eq(maps.n, 3);
    ck_assert_mem_eq(found, rest, sizeof(rest));
}
END_TEST

/* More than there is room for, if each took a place of its own. */
START_TEST(neighbours_among_own_memory_take_one_place)
{
    enum { N = 1 << 17 };
    const uint64_t top = (uint64_t)1 << 44, bottom = top - (N - 1ul) * PAGE;
    for (uint64_t i = 0; i < N; i++)
        ck_assert(own_note((const void *)(top - i * PAGE), 100));
    ck_assert(own_note((const void *)(top + PAGE), PAGE));
    ck_assert(own_close());
    size_t n, at = 0;
    const struct range *own = own_ranges(&n);
    while (at < n && own[at].from != bottom)
        at++;
    ck_assert_uint_lt(at, n);
    ck_assert_uint_eq(own[at].to, top + 2 * PAGE);
}
END_TEST

/* Written pages are resident; those that were only read, or given back, are not. */
START_TEST(the_page_map_tells_what_is_resident)
{
    static uint64_t buffer[16];
    struct range range;
    struct heap_maps maps = {.ranges = &range, .n = 1};
    struct occupancy o;
    char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    madvise(p, 64 * PAGE, MADV_NOHUGEPAGE);
    range = (struct range){(uint64_t)p, (uint64_t)p + 64 * PAGE};
    for (unsigned i = 0; i < 64; i += 2)
        p[i * PAGE] = 1;
    for (unsigned i = 1; i < 64; i += 2)
        ck_assert_int_eq(((volatile char *)p)[i * PAGE], 0);
    madvise(p, 8 * PAGE, MADV_DONTNEED);
    struct extent object = {(uint64_t)p + 10 * PAGE, 1024, 0};
    occupancy_begin(&o, &object, 1, PAGE, regions);
    ck_assert(self_pages_read(&o, &maps, buffer, ARRAY_SIZE(buffer)));
    ck_assert_uint_eq(o.n_pages, 28);
    ck_assert_uint_eq(o.pages[0], 27);
    ck_assert_uint_eq(o.pages[4], 1);
    munmap(p, 64 * PAGE);
}
END_TEST

START_TEST(lazily_freed_memory_is_told)
{
    static char buffer[8192];
    struct self_memory before, after;
    char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    memset(p, 1, 64 * PAGE);
    self_memory_read(&before, buffer, sizeof(buffer));
    ck_assert_int_eq(madvise(p, 64 * PAGE, MADV_FREE), 0);
    self_memory_read(&after, buffer, sizeof(buffer));
    ck_assert_uint_ne(before.lazy_free_bytes, SURVEY_UNKNOWN);
    /* The kernel tells of some dozens of pages later. */
    ck_assert_uint_ge(after.lazy_free_bytes - before.lazy_free_bytes, 32 * PAGE);
    ck_assert_uint_le(after.lazy_free_bytes - before.lazy_free_bytes, 64 * PAGE);
    ck_assert_uint_ne(after.huge_bytes, SURVEY_UNKNOWN);
    ck_assert_uint_ne(after.swap_bytes, SURVEY_UNKNOWN);
    munmap(p, 64 * PAGE);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("occupancy");
    Suite *suite = suite_create("occupancy");
    tcase_add_test(all, pages_without_objects_are_empty);
    tcase_add_loop_test(all, shares_are_rounded_up_to_sixteenths, 0, 10);
    tcase_add_test(all, objects_count_in_each_page_that_they_touch);
    tcase_add_test(all, pages_that_are_not_resident_are_passed_over);
    tcase_add_test(all, a_page_is_never_more_than_full);
    tcase_add_test(all, regions_widen_until_they_find_room);
    tcase_add_test(all, regions_hold_a_whole_address_space);
    tcase_add_loop_test(all, extents_are_sorted_by_address, 0, 9);
    tcase_add_loop_test(all, mappings_of_the_heap_are_known, 0, ARRAY_SIZE(lines));
    tcase_add_loop_test(all, lines_that_are_none_are_refused, 0, 6);
    tcase_add_test(all, own_memory_is_cut_out);
    tcase_add_test(all, neighbours_among_own_memory_take_one_place);
    tcase_add_test(all, the_page_map_tells_what_is_resident);
    tcase_add_test(all, lazily_freed_memory_is_told);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
