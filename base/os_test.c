#include "os.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "readable.h"
#include "unit.h"

#define N_PAGES 8

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

START_TEST(a_reservation_is_opened_closed_and_discarded_in_parts)
{
    size_t page = os_page_bytes();
    char *p = os_reserve(N_PAGES * page);
    ck_assert_ptr_nonnull(p);
    ck_assert(!readable(p));
    ck_assert_int_eq(os_open(p, 4 * page), 0);
    ck_assert(all_zero(p, 4 * page) && !readable(p + 4 * page));
    memset(p, 1, 4 * page);
    ck_assert_int_eq(os_discard(p + page, page), 0);
    ck_assert(all_zero(p + page, page));
    ck_assert_int_eq(p[page - 1], 1);
    ck_assert_int_eq(p[2 * page], 1);
    ck_assert_int_eq(os_close(p + 2 * page, 6 * page), 0);
    ck_assert(!readable(p + 2 * page));
    ck_assert_int_eq(os_open(p + 2 * page, page), 0);
    ck_assert(all_zero(p + 2 * page, page));
    os_unmap(p, N_PAGES * page);
    ck_assert_int_eq(os_open(p, page), -ENOMEM);
}
END_TEST

START_TEST(a_reservation_at_a_place_leaves_what_is_there)
{
    size_t page = os_page_bytes();
    char *p = os_map(2 * page, OS_PLAIN);
    memset(p, 1, page);
    errno = 0;
    ck_assert_ptr_null(os_reserve_at(p, page));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(p[0], 1);
    os_unmap(p, 2 * page);
    ck_assert_ptr_eq(os_reserve_at(p, 2 * page), p);
    ck_assert(!readable(p));
}
END_TEST

START_TEST(a_mapping_keeps_its_content_when_it_changes_its_size)
{
    size_t page = os_page_bytes();
    char *p = os_map(page, OS_PLAIN);
    memset(p, 1, page);
    p = os_remap(p, page, 1000 * page);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(p[page - 1], 1);
    ck_assert(all_zero(p + page, 999 * page));
    ck_assert_ptr_null(os_remap(p, 1000 * page, (size_t)1 << 60));
    ck_assert_int_eq(p[page - 1], 1);
    ck_assert_ptr_nonnull(os_remap(p, 1000 * page, page));
}
END_TEST

START_TEST(the_break_moves_both_ways)
{
    char *was = os_break(0);
    ck_assert_ptr_eq(os_break(100), was);
    ck_assert_ptr_eq(os_break(0), was + 100);
    ck_assert_ptr_eq(os_break(-100), was + 100);
    ck_assert_ptr_eq(os_break(0), was);
    ck_assert_ptr_null(os_break(PTRDIFF_MAX));
    ck_assert_ptr_eq(os_break(0), was);
}
END_TEST

static _Atomic uint32_t word;

static void *sleep_while_zero(void *arg)
{
    while (atomic_load(&word) == 0)
        os_wait(&word, 0);
    return arg;
}

START_TEST(a_sleeper_is_woken_and_errno_stays)
{
    pthread_t t;
    errno = ERANGE;
    os_wait(&word, 1); /* does not sleep */
    ck_assert_int_eq(errno, ERANGE);
    pthread_create(&t, NULL, sleep_while_zero, NULL);
    usleep(20000);
    atomic_store(&word, 1);
    os_wake_one(&word);
    ck_assert_int_eq(pthread_join(t, NULL), 0);
}
END_TEST

START_TEST(what_is_forgotten_of_a_file_is_still_in_it)
{
    size_t page = os_page_bytes(), n = 64 * page;
    int fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
    char *p = os_map_file(fd, n, OS_READ_WRITE, OS_PLAIN);
    ck_assert_ptr_nonnull(p);
    memset(p, 7, n);
    os_forget(p, 32 * page + 5, 48 * page + 5);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(p[i], 7);
    os_forget(p, 0, n);
    ck_assert_int_eq(p[n - 1], 7);
    os_unmap(p, n);
    close(fd);
}
END_TEST

UNIT_MAIN("os", what_is_forgotten_of_a_file_is_still_in_it,
          a_reservation_is_opened_closed_and_discarded_in_parts,
          a_reservation_at_a_place_leaves_what_is_there,
          a_mapping_keeps_its_content_when_it_changes_its_size, the_break_moves_both_ways,
          a_sleeper_is_woken_and_errno_stays)
