/*
 * The rules of the malloc family, for any allocator: the same program is built for each, and for
 * glibc, whose rules they are.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "unit.h"

/* Absurd numbers on purpose: kept from the compiler, which knows them to be absurd. */
static volatile size_t too_large = (size_t)PTRDIFF_MAX + 1;
static volatile size_t half = (size_t)1 << 32;
static volatile size_t nearly_all = SIZE_MAX - 15;

#define REFUSED(code, call) \
    do { \
        errno = 0; \
        ck_assert_ptr_null(call); \
        ck_assert_int_eq(errno, code); \
    } while (0)

static bool all_are(const unsigned char *p, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != value)
            return false;
    }
    return true;
}

/* A preload that was not loaded would leave us testing glibc. */
START_TEST(the_family_comes_from_the_file_that_is_meant)
{
    const char *meant = getenv("FAMILY_FROM");
    void *const members[] = {malloc,         free,   calloc,        realloc, memalign,
                             posix_memalign, valloc, aligned_alloc, pvalloc, malloc_usable_size,
                             reallocarray};
    ck_assert_ptr_nonnull(meant);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        Dl_info from;
        ck_assert_int_ne(dladdr(members[i], &from), 0);
        const char *slash = strrchr(from.dli_fname, '/');
        ck_assert_str_eq(slash ? slash + 1 : from.dli_fname, meant);
    }
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    void *p = malloc(10);
    REFUSED(ENOMEM, malloc(too_large));
    REFUSED(ENOMEM, malloc(nearly_all));
    REFUSED(ENOMEM, calloc(half, half));
    REFUSED(ENOMEM, calloc(1, too_large));
    REFUSED(ENOMEM, realloc(p, too_large));
    REFUSED(ENOMEM, reallocarray(p, half, half));
    REFUSED(ENOMEM, memalign(64, too_large));
    REFUSED(ENOMEM, memalign(SIZE_MAX / 2 + 1, too_large / 2));
    REFUSED(ENOMEM, memalign(SIZE_MAX / 4 + 1, too_large / 2));
    REFUSED(ENOMEM, aligned_alloc(64, too_large));
    REFUSED(ENOMEM, valloc(too_large));
    REFUSED(ENOMEM, pvalloc(too_large));
    REFUSED(ENOMEM, pvalloc(nearly_all));
    free(p); /* still ours after a realloc that was refused */
}
END_TEST

START_TEST(posix_memalign_reports_by_its_result)
{
    void *p = &p;
    size_t bad[] = {0, 1, 3, 4, 7, 12, 24, sizeof(void *) * 3};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(posix_memalign(&p, bad[i], 10), EINVAL);
    ck_assert_int_eq(posix_memalign(&p, 64, too_large), ENOMEM);
    ck_assert_ptr_eq(p, &p);
    ck_assert_int_eq(posix_memalign(&p, sizeof(void *), 10), 0);
    ck_assert_uint_eq((uintptr_t)p % 16, 0);
}
END_TEST

START_TEST(every_alignment_is_kept)
{
    for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        for (size_t bytes = 0; bytes < 200000; bytes = bytes * 5 + 1) {
            void *p = NULL, *q = aligned_alloc(alignment, bytes), *r = memalign(alignment, bytes);
            ck_assert_int_eq(posix_memalign(&p, alignment, bytes), 0);
            ck_assert_uint_eq(((uintptr_t)p | (uintptr_t)q | (uintptr_t)r) % alignment, 0);
            ck_assert(p && q && r);
            memset(p, 1, bytes);
            memset(q, 2, bytes);
            memset(r, 3, bytes);
            free(p);
            free(q);
            free(r);
        }
    }
}
END_TEST

START_TEST(memalign_raises_odd_alignments)
{
    ck_assert_uint_eq((uintptr_t)memalign(24, 100) % 32, 0);
    ck_assert_uint_eq((uintptr_t)memalign(4097, 100) % 8192, 0);
    ck_assert_ptr_nonnull(memalign(0, 100));
    REFUSED(EINVAL, memalign(too_large + 1, 100));
}
END_TEST

START_TEST(pages_are_pages)
{
    size_t page = 4096;
    ck_assert_uint_eq((uintptr_t)valloc(1) % page, 0);
    char *p = pvalloc(page + 1);
    ck_assert_uint_eq((uintptr_t)p % page, 0);
    memset(p, 1, 2 * page);
    free(p);
}
END_TEST

START_TEST(null_and_zero_are_ordinary)
{
    free(NULL);
    ck_assert_uint_eq(malloc_usable_size(NULL), 0);
    void *p = malloc(0), *q = malloc(0);
    ck_assert(p && q && p != q);
    free(p);
    free(q);
    p = calloc(0, 10);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(realloc(p, 0));
    p = realloc(NULL, 10);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(reallocarray(p, 0, 8));
}
END_TEST

START_TEST(calloc_zeroes_and_realloc_keeps)
{
    for (size_t bytes = 1; bytes < 4 << 20; bytes = bytes * 3 + 1) {
        unsigned char *p = calloc(bytes, 1);
        ck_assert(all_are(p, bytes, 0));
        memset(p, 0x5a, bytes);
        p = realloc(p, bytes * 2);
        ck_assert(all_are(p, bytes, 0x5a));
        memset(p, 0xff, bytes * 2);
        free(p); /* dirty, for the calloc of the next round */
    }
}
END_TEST

START_TEST(free_leaves_errno_alone)
{
    size_t sizes[] = {1, 1000, 100000, 100000000};
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *p = malloc(sizes[i]);
        errno = EXDEV;
        free(p);
        ck_assert_int_eq(errno, EXDEV);
    }
}
END_TEST

UNIT_MAIN("family", the_family_comes_from_the_file_that_is_meant, sizes_that_overflow_are_refused,
          posix_memalign_reports_by_its_result, every_alignment_is_kept,
          memalign_raises_odd_alignments, pages_are_pages, null_and_zero_are_ordinary,
          calloc_zeroes_and_realloc_keeps, free_leaves_errno_alone)
