#include "null.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "unit.h"

#define N_THREADS 16

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

START_TEST(keep_mode_memory_is_fresh_zero_and_aligned)
{
    char *last = NULL;
    for (size_t bytes = 0; bytes < 100000; bytes = bytes * 2 + 1) {
        char *p = core_alloc(bytes);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % FAMILY_ALIGNMENT, 0);
        ck_assert(all_zero(p, bytes));
        ck_assert(p > last); /* the region only moves on, and what was written below stays below */
        memset(p, 0xff, bytes);
        core_free(p);
        last = p + bytes;
    }
}
END_TEST

START_TEST(keep_mode_serves_every_alignment)
{
    for (size_t alignment = 32; alignment <= 4 * MIB; alignment *= 2) {
        char *p = core_alloc_aligned(alignment, 100);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert(all_zero(p, 100));
        memset(p, 0xff, 100);
    }
}
END_TEST

START_TEST(keep_mode_realloc_copies_what_was_there)
{
    char *p = core_alloc(1000);
    memset(p, 7, 1000);
    char *larger = core_resize(p, 3000);
    ck_assert(memcmp(larger, p, 1000) == 0 && all_zero(larger + 1000, 2000));
    char *smaller = core_resize(larger, 10);
    ck_assert(memcmp(smaller, p, 10) == 0 && all_zero(smaller + 10, 6));

    arenabench_null_keep(0);
    char *ours = core_alloc(64);
    memset(ours, 9, 64);
    arenabench_null_keep(1);
    ck_assert_mem_eq(core_resize(ours, 1 * MIB), ours, 64);
}
END_TEST

START_TEST(ring_objects_are_aligned_apart_and_come_round)
{
    arenabench_null_keep(0);
    char *first = core_alloc(0), *previous = first;
    size_t sum = 16;
    for (size_t bytes = 1; sum < NULL_RING_BYTES; bytes++) {
        char *p = core_alloc(bytes);
        ck_assert_uint_eq((uintptr_t)p % FAMILY_ALIGNMENT, 0);
        ck_assert(p == first + sum && p > previous);
        memset(p, 0xff, bytes);
        sum += bytes / 16 * 16 + 16;
        previous = p;
    }
    ck_assert((char *)core_alloc(100) < previous);
}
END_TEST

START_TEST(an_object_at_the_very_end_of_the_ring_may_be_written)
{
    arenabench_null_keep(0);
    core_alloc(NULL_RING_BYTES / 2 - 16);
    core_alloc(NULL_RING_BYTES / 2 - 32);
    char *p = core_alloc(NULL_FAST_BYTES);
    ck_assert_ptr_eq(p, null_thread.ring + NULL_RING_BYTES - 16);
    struct null_ring *owned = null_thread.owned;
    ck_assert(p + NULL_FAST_BYTES <= (char *)owned);
    memset(p, 0xff, NULL_FAST_BYTES);
}
END_TEST

START_TEST(ring_mode_serves_every_alignment_writable)
{
    arenabench_null_keep(0);
    for (size_t alignment = 32; alignment <= 64 * MIB; alignment *= 2) {
        for (size_t bytes = 0; bytes < 1 * MIB; bytes = bytes * 7 + 1) {
            char *p = core_alloc_aligned(alignment, bytes);
            ck_assert_uint_eq((uintptr_t)p % alignment, 0);
            memset(p, 1, bytes);
        }
    }
}
END_TEST

START_TEST(large_objects_are_writable_from_end_to_end_without_a_mapping_each)
{
    arenabench_null_keep(0);
    char *first = core_alloc(NULL_FAST_BYTES + 1);
    memset(first, 1, NULL_FAST_BYTES + 1);
    ck_assert_ptr_eq(core_alloc(900 * MIB), first);

    size_t bytes = 40 * GIB;
    char *p = core_alloc(bytes);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < bytes; i += bytes / 7)
        p[i] = 1;
    p[bytes - 1] = 1;
    ck_assert_ptr_eq(core_alloc(bytes), p);
    ck_assert_ptr_eq(core_resize(p, bytes), p);
    first[0] = 2; /* the smaller region is still there */
}
END_TEST

START_TEST(what_cannot_be_had_is_refused_in_both_modes)
{
    for (int on = 0; on <= 1; on++) {
        arenabench_null_keep(on);
        errno = 0;
        ck_assert_ptr_null(core_alloc(FAMILY_MAX_BYTES));
        ck_assert_int_eq(errno, ENOMEM);
        errno = 0;
        ck_assert_ptr_null(core_alloc_aligned((size_t)1 << 63, FAMILY_MAX_BYTES));
        ck_assert_int_eq(errno, ENOMEM);
        ck_assert_ptr_null(core_resize(core_alloc(1), FAMILY_MAX_BYTES));
        ck_assert_ptr_nonnull(core_alloc(1));
    }
}
END_TEST

START_TEST(a_warm_ring_costs_no_page_faults)
{
    arenabench_null_keep(0);
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    for (unsigned i = 0; i < 100000; i++)
        memset(core_alloc(i % 2000), 1, i % 2000);
    getrusage(RUSAGE_THREAD, &after);
    ck_assert_int_lt(after.ru_minflt - before.ru_minflt, 8); /* the ring alone has 24 pages */
}
END_TEST

struct share {
    pthread_barrier_t *all_have_rings;
    char *low, *high; /* what the ring gave, and the region of large objects */
    char *large;
};

static void *use_ring(void *arg)
{
    struct share *s = arg;
    arenabench_null_keep(0);
    s->low = s->high = core_alloc(8);
    for (unsigned i = 0; i < 10000; i++) {
        char *p = core_alloc(i % 4000);
        s->low = p < s->low ? p : s->low;
        s->high = p + 4000 > s->high ? p + 4000 : s->high;
    }
    s->large = core_alloc(1 * MIB);
    pthread_barrier_wait(s->all_have_rings);
    return NULL;
}

START_TEST(live_threads_never_share_memory)
{
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, N_THREADS);
    struct share shares[N_THREADS];
    pthread_t threads[N_THREADS];
    for (unsigned i = 0; i < N_THREADS; i++) {
        shares[i] = (struct share){.all_have_rings = &barrier};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_ring, &shares[i]), 0);
    }
    for (unsigned i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < N_THREADS; i++) {
        for (unsigned k = 0; k < N_THREADS; k++) {
            ck_assert(i == k || shares[i].high <= shares[k].low || shares[i].low >= shares[k].high);
            ck_assert(i == k || shares[i].large + MIB <= shares[k].large ||
                      shares[i].large >= shares[k].large + MIB);
        }
    }
}
END_TEST

START_TEST(the_ring_of_an_ended_thread_serves_a_later_one)
{
    pthread_barrier_t alone;
    pthread_barrier_init(&alone, NULL, 1);
    struct share first = {.all_have_rings = &alone}, second = first;
    pthread_t thread;
    pthread_create(&thread, NULL, use_ring, &first);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, use_ring, &second);
    pthread_join(thread, NULL);
    ck_assert_ptr_eq(first.low, second.low);
    ck_assert_ptr_eq(first.large, second.large);
}
END_TEST

static void *fill_kept(void *arg)
{
    uintptr_t mark = (uintptr_t)arg;
    uintptr_t *objects[2000];
    for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
        objects[i] = core_alloc(sizeof(uintptr_t));
        if (*objects[i] != 0)
            return "not zero";
        *objects[i] = mark;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
        if (*objects[i] != mark)
            return "taken by another thread";
    }
    return NULL;
}

START_TEST(kept_memory_is_unique_among_threads)
{
    pthread_t threads[N_THREADS];
    for (uintptr_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, fill_kept, (void *)(i + 1));
    for (unsigned i = 0; i < N_THREADS; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        ck_assert_ptr_null(complaint);
    }
}
END_TEST

UNIT_MAIN("null", keep_mode_memory_is_fresh_zero_and_aligned, keep_mode_serves_every_alignment,
          keep_mode_realloc_copies_what_was_there, ring_objects_are_aligned_apart_and_come_round,
          an_object_at_the_very_end_of_the_ring_may_be_written,
          ring_mode_serves_every_alignment_writable,
          large_objects_are_writable_from_end_to_end_without_a_mapping_each,
          what_cannot_be_had_is_refused_in_both_modes, a_warm_ring_costs_no_page_faults,
          live_threads_never_share_memory, the_ring_of_an_ended_thread_serves_a_later_one,
          kept_memory_is_unique_among_threads)
