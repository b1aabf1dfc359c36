#include "heap.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os.h"
#include "readable.h"
#include "unit.h"

#define N_HEAPS  9
#define PAGES(n) ((n)*os_page_bytes())

static size_t page;

static struct heap_info *made(size_t bytes)
{
    page = os_page_bytes();
    struct heap_info *h = new_heap(bytes);
    ck_assert_ptr_nonnull(h);
    h->arena = (struct arena *)h;
    ck_assert_ptr_null(heap_check(h));
    return h;
}

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

START_TEST(a_heap_is_aligned_open_to_its_size_and_zero)
{
    struct heap_info *h = made(10000);
    char *start = (char *)h;
    ck_assert_uint_eq((uintptr_t)h % HEAP_MAX_BYTES, 0);
    ck_assert_uint_eq(h->size, 3 * page);
    ck_assert_uint_eq(h->opened, h->size);
    ck_assert(all_zero(start + sizeof(*h), h->size - sizeof(*h)));
    ck_assert(!readable(start + h->size));
    ck_assert_int_eq(heap_place(start + HEAP_MAX_BYTES - 1), PLACE_HEAP);
    ck_assert_ptr_eq(heap_for_ptr(start + HEAP_MAX_BYTES - 1), h);
    ck_assert_int_eq(heap_place((void *)UINTPTR_MAX), PLACE_NONE);
    ck_assert_int_eq(heap_place(NULL), PLACE_NONE);
    ck_assert_int_eq(heap_place(&page), PLACE_NONE);
}
END_TEST

START_TEST(no_heap_above_the_greatest_size)
{
    errno = 0;
    ck_assert_ptr_null(new_heap(HEAP_MAX_BYTES + 1));
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
    ck_assert_ptr_null(new_heap(SIZE_MAX));
    ck_assert_int_eq(errno, ENOMEM);
    struct heap_info *h = made(HEAP_MAX_BYTES);
    ((char *)h)[HEAP_MAX_BYTES - 1] = 1;
    delete_heap(h);
}
END_TEST

START_TEST(a_heap_grows_to_its_end_and_not_beyond)
{
    struct heap_info *h = made(PAGES(1));
    ck_assert_int_eq(grow_heap(h, 2 * page), 0);
    ck_assert_uint_eq(h->size, 3 * page);
    ck_assert_int_eq(grow_heap(h, HEAP_MAX_BYTES - 3 * page), 0);
    ((char *)h)[HEAP_MAX_BYTES - 1] = 1;
    struct heap_info before = *h;
    ck_assert_int_eq(grow_heap(h, page), -ENOMEM);
    ck_assert_int_eq(grow_heap(h, SIZE_MAX - page + 1), -ENOMEM);
    ck_assert_mem_eq(&before, h, sizeof(before));
    ck_assert_ptr_null(heap_check(h));
}
END_TEST

START_TEST(what_was_given_back_comes_again_as_zero)
{
    struct heap_info *h = made(PAGES(64));
    char *start = (char *)h;
    memset(start + page, 7, 63 * page);
    shrink_heap(h, 60 * page);
    ck_assert_uint_eq(h->size, 4 * page);
    ck_assert_ptr_null(heap_check(h));
    ck_assert_int_eq(start[4 * page - 1], 7);
    ck_assert_int_eq(grow_heap(h, 30 * page), 0);
    ck_assert(all_zero(start + 4 * page, 30 * page));
    memset(start + 4 * page, 8, 30 * page);
    ck_assert_int_eq(grow_heap(h, 100 * page), 0);
    ck_assert(all_zero(start + 34 * page, 100 * page));
    ck_assert_ptr_null(heap_check(h));
}
END_TEST

START_TEST(heaps_are_apart_and_a_deleted_one_is_gone)
{
    struct heap_info *heaps[N_HEAPS];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N_HEAPS; i++) {
            heaps[i] = made(PAGES(1));
            heaps[i]->prev = i > 0 ? heaps[i - 1] : NULL;
            heaps[i]->arena = heaps[0]->arena;
            for (unsigned j = 0; j < i; j++)
                ck_assert_ptr_ne(heaps[i], heaps[j]);
        }
        ck_assert_ptr_null(heap_check(heaps[N_HEAPS - 1]));
        for (unsigned i = 0; i < N_HEAPS; i++) {
            delete_heap(heaps[i]);
            ck_assert_int_eq(heap_place(heaps[i]), PLACE_NONE);
            ck_assert(!readable((char *)heaps[i]));
        }
    }
}
END_TEST

START_TEST(no_address_space_is_enomem_and_passes)
{
    struct rlimit was, none = {.rlim_cur = 0};
    getrlimit(RLIMIT_AS, &was);
    none.rlim_max = was.rlim_max;
    setrlimit(RLIMIT_AS, &none);
    errno = 0;
    struct heap_info *h = new_heap(100);
    int code = errno;
    setrlimit(RLIMIT_AS, &was);
    ck_assert_ptr_null(h);
    ck_assert_int_eq(code, ENOMEM);
    made(100);
}
END_TEST

START_TEST(each_broken_law_is_named)
{
    struct heap_info *h = made(4096), *other = made(4096);
    struct heap_info good = *h;
    h->size = sizeof(*h) - 1;
    ck_assert_str_eq(heap_check(h), "heap sizes");
    h->size = good.opened + page;
    ck_assert_str_eq(heap_check(h), "heap sizes");
    *h = good;
    h->opened = HEAP_MAX_BYTES + page;
    ck_assert_str_eq(heap_check(h), "heap sizes");
    *h = good;
    h->size -= 16;
    ck_assert_str_eq(heap_check(h), "heap sizes");
    *h = good;
    h->prev = other;
    ck_assert_str_eq(heap_check(h), "heap arena");
    other->arena = h->arena;
    ck_assert_ptr_null(heap_check(h));
    atomic_store(&heap_places[(uintptr_t)other >> HEAP_MAX_BITS], PLACE_NONE);
    ck_assert_str_eq(heap_check(h), "heap place");
    struct heap_info *shifted = (struct heap_info *)((char *)h + sizeof(*h));
    *shifted = good;
    ck_assert_str_eq(heap_check(shifted), "heap alignment");
}
END_TEST

UNIT_MAIN("heap", a_heap_is_aligned_open_to_its_size_and_zero, no_heap_above_the_greatest_size,
          a_heap_grows_to_its_end_and_not_beyond, what_was_given_back_comes_again_as_zero,
          heaps_are_apart_and_a_deleted_one_is_gone, no_address_space_is_enomem_and_passes,
          each_broken_law_is_named)
