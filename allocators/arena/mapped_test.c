#include "mapped.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "parameters.h"
#include "unit.h"

#define N_MANY    3000
#define N_THREADS 4

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

START_TEST(sizes_are_those_of_a_chunk_and_one_word_in_whole_pages)
{
    size_t page = os_page_bytes();
    const struct {
        size_t bytes, mapping;
    } rows[] = {
        {0, page},
        {1, page},
        {page - 24, page},
        {page - 23, 2 * page},
        {131072, 131072 + page},
        {200000, round_up(200000 + 24, page)},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *p = mapped_alloc(16, rows[i].bytes);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % page, 16);
        ck_assert_uint_eq(mapped_usable(p), rows[i].mapping - MAPPED_HEADER_BYTES);
        ck_assert_uint_eq(PAR_GET(mmapped_mem), rows[i].mapping);
        ck_assert(all_zero(p, mapped_usable(p)));
        memset(p, 1, mapped_usable(p));
        ck_assert(mapped_free(p));
        ck_assert_uint_eq(PAR_GET(mmapped_mem), 0);
    }
}
END_TEST

START_TEST(every_alignment_is_kept_and_all_goes_back)
{
    for (size_t alignment = 16; alignment <= 8 * MIB; alignment *= 2) {
        char *p = mapped_alloc(alignment, 5000);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert_uint_ge(mapped_usable(p), 5000);
        ck_assert_uint_le(PAR_GET(mmapped_mem), 5 * os_page_bytes());
        memset(p, 1, mapped_usable(p));
        ck_assert(mapped_free(p));
    }
    ck_assert_uint_eq(PAR_GET(n_mmaps), 0);
    ck_assert_uint_eq(PAR_GET(mmapped_mem), 0);
    ck_assert_uint_eq(PAR_GET(max_n_mmaps), 1);
}
END_TEST

START_TEST(what_was_never_given_out_is_not_ours)
{
    int local = 0;
    ck_assert(!mapped_free(&local));
    ck_assert(!mapped_free((void *)16));
    char *p = mapped_alloc(16, 100000);
    ck_assert(!mapped_free(p + 16));
    ck_assert(!mapped_free(p - 16));
    ck_assert_uint_eq(mapped_usable(p + 16), 0);
    ck_assert(mapped_free(p));
    ck_assert(!mapped_free(p));
    ck_assert_uint_eq(mapped_usable(p), 0);
}
END_TEST

START_TEST(sizes_beyond_all_memory_are_refused)
{
    const size_t sizes[] = {PTRDIFF_MAX, PTRDIFF_MAX - 5000, (size_t)PTRDIFF_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        for (size_t alignment = 16; alignment != 0; alignment *= 2) {
            errno = 0;
            ck_assert_ptr_null(mapped_alloc(alignment, sizes[i]));
            ck_assert_int_eq(errno, ENOMEM);
        }
    }
    ck_assert_ptr_null(mapped_alloc((size_t)1 << 63, 16));
    char *p = mapped_alloc(16, 100000);
    memset(p, 3, 100000);
    errno = 0;
    ck_assert_ptr_null(mapped_resize(p, PTRDIFF_MAX));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_int_eq(p[99999], 3);
    ck_assert(mapped_free(p));
}
END_TEST

START_TEST(content_survives_every_change_of_size)
{
    const size_t sizes[] = {5000, 300000, 20 * MIB, 70000, 70001, 1};
    char *p = mapped_alloc(64, 4000);
    size_t kept = 4000;
    for (size_t i = 0; i < kept; i++)
        p[i] = (char)i;
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        p = mapped_resize(p, sizes[s]);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        ck_assert_uint_ge(mapped_usable(p), sizes[s]);
        kept = kept < sizes[s] ? kept : sizes[s];
        for (size_t i = 0; i < kept; i++)
            ck_assert_int_eq(p[i], (char)i);
        p[sizes[s] - 1] = p[sizes[s] - 1];
    }
    ck_assert_uint_eq(PAR_GET(n_mmaps), 1);
    ck_assert_uint_eq(PAR_GET(mmapped_mem), os_page_bytes());
    ck_assert(mapped_free(p));
    ck_assert_uint_eq(PAR_GET(mmapped_mem), 0);
}
END_TEST

START_TEST(the_table_finds_each_of_many_in_any_order)
{
    static char *objects[N_MANY];
    for (unsigned i = 0; i < N_MANY; i++) {
        objects[i] = mapped_alloc(16, 100 + i);
        memset(objects[i], (int)i, 100);
    }
    ck_assert_uint_eq(PAR_GET(n_mmaps), N_MANY);
    for (unsigned i = 0, at = 0; i < N_MANY; i++, at = (at + 1009) % N_MANY) {
        ck_assert_int_eq(objects[at][99], (char)at);
        ck_assert(mapped_free(objects[at]));
        ck_assert(!mapped_free(objects[at]));
    }
    ck_assert_uint_eq(PAR_GET(n_mmaps), 0);
    ck_assert_uint_eq(PAR_GET(max_n_mmaps), N_MANY);
}
END_TEST

START_TEST(the_threshold_follows_what_is_freed)
{
    size_t page = os_page_bytes();
    ck_assert(!mapped_wanted(DEFAULT_MMAP_THRESHOLD - 16));
    ck_assert(mapped_wanted(DEFAULT_MMAP_THRESHOLD));
    mapped_free(mapped_alloc(16, 1000));
    ck_assert_uint_eq(PAR_GET(mmap_threshold), DEFAULT_MMAP_THRESHOLD);
    mapped_free(mapped_alloc(16, 1000000));
    size_t moved = round_up(1000000 + 24, page);
    ck_assert_uint_eq(PAR_GET(mmap_threshold), moved);
    ck_assert_uint_eq(PAR_GET(trim_threshold), 2 * moved);
    ck_assert(!mapped_wanted(moved - 16) && mapped_wanted(moved));
    mapped_free(mapped_alloc(16, 32 * MIB));
    ck_assert_uint_eq(PAR_GET(mmap_threshold), moved);
    mapped_free(mapped_alloc(16, 32 * MIB - 24)); /* the greatest but for the flag in its size */
    ck_assert_uint_eq(PAR_GET(mmap_threshold), moved);
    mapped_free(mapped_alloc(16, 32 * MIB - page - 24));
    ck_assert_uint_eq(PAR_GET(mmap_threshold), 32 * MIB - page);
}
END_TEST

START_TEST(a_set_threshold_stays)
{
    PAR_SET(no_dyn_threshold, true);
    mapped_free(mapped_alloc(16, 1000000));
    ck_assert_uint_eq(PAR_GET(mmap_threshold), DEFAULT_MMAP_THRESHOLD);
    PAR_SET(mmap_max, 1);
    void *p = mapped_alloc(16, 1000000);
    ck_assert(!mapped_wanted(1000000));
    mapped_free(p);
    ck_assert(mapped_wanted(1000000));
}
END_TEST

/* The signal that ends a process which runs `act` on a fresh object. */
static int signal_of(void (*act)(char *p))
{
    char *p = mapped_alloc(16, 100000);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        act(p);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void spoil_size(char *p)
{
    ((size_t *)p)[-1] += 4096;
    mapped_free(p);
}

static void spoil_front(char *p)
{
    ((size_t *)p)[-2] = 4096;
    mapped_free(p);
}

static void spoil_and_resize(char *p)
{
    ((size_t *)p)[-1] = 0;
    mapped_resize(p, 5);
}

static void resize_gone(char *p)
{
    mapped_free(p);
    mapped_resize(p, 5);
}

static void free_well(char *p)
{
    mapped_free(p);
}

START_TEST(an_overwritten_header_ends_the_process)
{
    ck_assert_int_eq(signal_of(spoil_size), SIGABRT);
    ck_assert_int_eq(signal_of(spoil_front), SIGABRT);
    ck_assert_int_eq(signal_of(spoil_and_resize), SIGABRT);
    ck_assert_int_eq(signal_of(resize_gone), SIGABRT);
    ck_assert_int_eq(signal_of(free_well), 0);
}
END_TEST

static void *work(void *arg)
{
    size_t seed = (size_t)arg;
    char *own[16] = {NULL};
    for (size_t i = 0; i < 3000; i++) {
        size_t at = (i * 7 + seed) % 16, bytes = 1000 + (i * 13 + seed) % 60000;
        if (own[at] && i % 3 == 0) {
            own[at] = mapped_resize(own[at], bytes);
        } else {
            if (own[at] && (own[at][500] != (char)seed || !mapped_free(own[at])))
                return (void *)1;
            own[at] = mapped_alloc(16, bytes);
        }
        if (!own[at])
            return (void *)1;
        own[at][500] = (char)seed;
    }
    for (size_t i = 0; i < 16; i++) {
        if (own[i] && !mapped_free(own[i]))
            return (void *)1;
    }
    return NULL;
}

START_TEST(many_threads_at_once)
{
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (size_t i = 0; i < N_THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_eq(PAR_GET(n_mmaps), 0);
    ck_assert_uint_eq(PAR_GET(mmapped_mem), 0);
}
END_TEST

START_TEST(errno_survives_a_free)
{
    errno = ERANGE;
    ck_assert(mapped_free(mapped_alloc(16, 100)));
    ck_assert_int_eq(errno, ERANGE);
}
END_TEST

UNIT_MAIN("mapped", sizes_are_those_of_a_chunk_and_one_word_in_whole_pages,
          every_alignment_is_kept_and_all_goes_back, what_was_never_given_out_is_not_ours,
          sizes_beyond_all_memory_are_refused, content_survives_every_change_of_size,
          the_table_finds_each_of_many_in_any_order, the_threshold_follows_what_is_freed,
          a_set_threshold_stays, an_overwritten_header_ends_the_process, many_threads_at_once,
          errno_survives_a_free)
