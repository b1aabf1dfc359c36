#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "arena_internal.h"
#include "bump.h"
#include "unit.h"

#define N_THREADS 6

statistics_function arenabench_statistics;

/* A thread that takes an arena, says which, and stays until it is let go. */
struct guest {
    pthread_t thread;
    _Atomic(struct arena *) arena;
    _Atomic bool leave;
    bool keep_locked; /* until it leaves */
};

static void *visit(void *arg)
{
    struct guest *v = arg;
    struct arena *a = arena_get(0);
    if (!v->keep_locked)
        arena_unlock(a);
    atomic_store(&v->arena, a);
    while (!atomic_load(&v->leave))
        usleep(100);
    if (v->keep_locked)
        arena_unlock(a);
    return NULL;
}

static struct arena *enter(struct guest *v, bool keep_locked)
{
    v->keep_locked = keep_locked;
    pthread_create(&v->thread, NULL, visit, v);
    while (!atomic_load(&v->arena))
        usleep(100);
    return atomic_load(&v->arena);
}

static void leave(struct guest *v)
{
    atomic_store(&v->leave, true);
    pthread_join(v->thread, NULL);
}

static void check_all(void)
{
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        ck_assert_ptr_null(arena_check(a));
        arena_unlock(a);
    }
}

static size_t count_arenas(void)
{
    size_t n = 0;
    for (struct arena *a = arena_main(); a; a = arena_after(a))
        n++;
    return n;
}

START_TEST(the_first_thread_gets_the_main_arena_and_the_others_their_own)
{
    struct guest guests[N_THREADS] = {0};
    char *p = bump_alloc(100);
    ck_assert_ptr_eq(arena_thread.arena, arena_main());
    ck_assert_ptr_eq(arena_for_ptr(p), arena_main());
    for (unsigned i = 0; i < N_THREADS; i++) {
        struct arena *a = enter(&guests[i], false);
        ck_assert_uint_eq(a->index, i + 1);
        ck_assert_uint_eq(a->attached_threads, 1);
    }
    ck_assert_uint_eq(count_arenas(), N_THREADS + 1);
    check_all();
    for (unsigned i = 0; i < N_THREADS; i++)
        leave(&guests[i]);
    check_all();
}
END_TEST

START_TEST(the_arena_of_an_ended_thread_goes_to_the_next)
{
    bump_alloc(1);
    for (unsigned i = 0; i < 50; i++) {
        struct guest one = {0}, two = {0};
        struct arena *a = enter(&one, false), *b = enter(&two, false);
        ck_assert_ptr_ne(a, b);
        leave(&one);
        ck_assert(a->on_free_list);
        ck_assert_uint_eq(a->attached_threads, 0);
        ck_assert_ptr_eq(arena_free_list, a);
        leave(&two);
        ck_assert_ptr_eq(arena_free_list, b); /* the last one first */
    }
    ck_assert_uint_eq(count_arenas(), 3);
    ck_assert_uint_eq(atomic_load(&arena_tally.from_free_list), 98);
    ck_assert_uint_eq(atomic_load(&bump_thread_ends), 100);
    check_all();
}
END_TEST

START_TEST(one_arena_is_shared_by_all_when_there_may_be_no_more)
{
    mallopt(M_ARENA_MAX, 1);
    struct guest guests[N_THREADS] = {0};
    for (unsigned i = 0; i < N_THREADS; i++)
        ck_assert_ptr_eq(enter(&guests[i], false), arena_main());
    ck_assert_uint_eq(arena_main()->attached_threads, N_THREADS + 1);
    for (unsigned i = 0; i < N_THREADS; i++)
        leave(&guests[i]);
    ck_assert_uint_eq(arena_main()->attached_threads, 1);
    ck_assert(!arena_main()->on_free_list);
    ck_assert_uint_eq(atomic_load(&arena_tally.reused), N_THREADS);
    check_all();
}
END_TEST

START_TEST(at_the_limit_the_first_free_lock_decides)
{
    mallopt(M_ARENA_MAX, 2);
    struct guest holder = {0}, first = {0}, second = {0};
    struct arena *other = enter(&holder, true); /* its lock stays taken */
    ck_assert_ptr_ne(other, arena_main());
    ck_assert_ptr_eq(enter(&first, false), arena_main());
    ck_assert_ptr_eq(enter(&second, false), arena_main()); /* though it would be other's turn */
    leave(&holder);
    leave(&first);
    leave(&second);
    struct guest third = {0}, fourth = {0}, fifth = {0};
    ck_assert_ptr_eq(enter(&third, false), other); /* from the free list */
    struct arena *a = enter(&fourth, false), *b = enter(&fifth, false);
    ck_assert_ptr_ne(a, b); /* in turn */
    leave(&third);
    leave(&fourth);
    leave(&fifth);
    check_all();
}
END_TEST

START_TEST(with_every_lock_taken_a_thread_waits_for_the_next_in_turn)
{
    mallopt(M_ARENA_MAX, 2);
    struct guest holder = {0}, late = {.keep_locked = false};
    struct arena *other = enter(&holder, true);
    struct arena *mine = arena_get(0);
    ck_assert_ptr_eq(mine, arena_main());
    pthread_create(&late.thread, NULL, visit, &late);
    usleep(20000);
    ck_assert_ptr_null(atomic_load(&late.arena));
    arena_unlock(mine);
    while (!atomic_load(&late.arena))
        usleep(100);
    ck_assert_ptr_eq(atomic_load(&late.arena), arena_main());
    ck_assert_uint_eq(arena_main()->counts.lock_waits, 1);
    leave(&late);
    leave(&holder);
    ck_assert_uint_eq(other->counts.lock_waits, 0);
    check_all();
}
END_TEST

START_TEST(an_arena_is_reused_off_the_free_list_too)
{
    mallopt(M_ARENA_MAX, 2);
    struct guest one = {0}, turn = {0}, late = {.leave = false};
    struct arena *other = enter(&one, false);
    ck_assert_ptr_eq(enter(&turn, false), arena_main()); /* the next in turn is the other */
    struct arena *mine = arena_get(0);
    arena_lock(other);
    pthread_create(&late.thread, NULL, visit, &late);
    while (atomic_load(&other->lock.state) != LOCK_WANTED)
        usleep(100);
    leave(&one);
    ck_assert(other->on_free_list);
    arena_unlock(other);
    while (!atomic_load(&late.arena))
        usleep(100);
    ck_assert_ptr_eq(atomic_load(&late.arena), other);
    ck_assert(!other->on_free_list);
    ck_assert_uint_eq(other->attached_threads, 1);
    arena_unlock(mine);
    check_all();
    leave(&turn);
    leave(&late);
    check_all();
}
END_TEST

START_TEST(the_thread_that_sets_up_is_detached_at_its_end_too)
{
    struct guest first = {0};
    ck_assert_ptr_eq(enter(&first, false), arena_main());
    leave(&first);
    ck_assert(arena_main()->on_free_list);
    bump_alloc(1);
    ck_assert_ptr_eq(arena_thread.arena, arena_main());
    check_all();
}
END_TEST

START_TEST(the_limit_by_cpus_counts_from_arena_test_on)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    ck_assert_uint_eq(arena_limit(), ARENAS_PER_CPU);
    struct guest guests[ARENAS_PER_CPU + 4] = {0};
    for (unsigned i = 0; i < ARRAY_SIZE(guests); i++)
        enter(&guests[i], false);
    /* As in glibc: the limit is looked at when there are more than arena_test. */
    ck_assert_uint_eq(count_arenas(), ARENAS_PER_CPU + 1);
    for (unsigned i = 0; i < ARRAY_SIZE(guests); i++)
        leave(&guests[i]);
    check_all();
}
END_TEST

START_TEST(retry_goes_to_the_main_arena_and_from_there_to_another)
{
    struct guest v = {0};
    struct arena *a = arena_get(0);
    struct arena *fresh = arena_get_retry(a, 100); /* alone: a new one, without threads */
    ck_assert_ptr_nonnull(fresh);
    ck_assert_uint_eq(fresh->index, 1);
    ck_assert(fresh->on_free_list);
    ck_assert(lock_try(&arena_main()->lock));
    arena_unlock(arena_main());
    ck_assert(!lock_try(&fresh->lock));
    ck_assert_ptr_eq(arena_get_retry(fresh, 100), arena_main());
    ck_assert_ptr_eq(arena_get_retry(arena_main(), 100), fresh);
    arena_unlock(fresh);
    ck_assert_ptr_eq(enter(&v, false), fresh); /* it was free all the while */
    leave(&v);
    check_all();
}
END_TEST

START_TEST(retry_has_nowhere_to_go_at_a_limit_of_one)
{
    mallopt(M_ARENA_MAX, 1);
    struct arena *a = arena_get(0);
    ck_assert_ptr_null(arena_get_retry(a, 100));
    ck_assert(lock_try(&a->lock));
}
END_TEST

START_TEST(a_request_too_large_for_a_heap_still_gets_an_arena)
{
    struct arena *a = arena_get(0);
    a = arena_get_retry(a, SIZE_MAX);
    ck_assert_ptr_nonnull(a);
    ck_assert_uint_eq(a->index, 1);
    ck_assert_ptr_null(arena_check(a));
}
END_TEST

/* --- the end of a thread --- */

static pthread_key_t early_key, late_key;
static _Atomic unsigned in_destructors, attached_in_destructors, guests_after_end;

static void allocate_in_destructor(void *value)
{
    uintptr_t round = (uintptr_t)value;
    if (bump_alloc(10))
        atomic_fetch_add(&in_destructors, 1);
    if (arena_thread.arena)
        atomic_fetch_add(&attached_in_destructors, 1);
    else if (arena_thread.life == THREAD_ENDED)
        atomic_fetch_add(&guests_after_end, 1);
    if (round < THREAD_END_ROUND)
        pthread_setspecific(late_key, (void *)(round + 1));
}

static void *use_destructors(void *arg)
{
    pthread_setspecific(early_key, (void *)THREAD_END_ROUND); /* only once */
    pthread_setspecific(late_key, (void *)1);
    bump_alloc(10);
    return arg;
}

START_TEST(destructors_still_find_the_arena_until_the_last_round)
{
    pthread_t t;
    pthread_key_create(&early_key, allocate_in_destructor);
    bump_alloc(1); /* our key lies between the two */
    pthread_key_create(&late_key, allocate_in_destructor);
    pthread_create(&t, NULL, use_destructors, NULL);
    pthread_join(t, NULL);
    /* early: round 1; late: all rounds up to ours, where it comes after us */
    ck_assert_uint_eq(atomic_load(&in_destructors), 1 + THREAD_END_ROUND);
    ck_assert_uint_eq(atomic_load(&attached_in_destructors), THREAD_END_ROUND);
    ck_assert_uint_eq(atomic_load(&guests_after_end), 1);
    ck_assert_uint_eq(atomic_load(&bump_thread_ends), 1);
    struct arena *a = arena_after(arena_main());
    ck_assert(a->on_free_list);
    ck_assert_uint_eq(a->attached_threads, 0);
    check_all();
}
END_TEST

static void *allocate(void *arg)
{
    for (unsigned i = 0; i < 500; i++) {
        size_t bytes = 16 + i % 3000;
        char *p = bump_alloc(bytes);
        if (!p || p[0] != 0 || p[bytes - 1] != 0)
            return arg;
        memset(p, 1, bytes);
    }
    return NULL;
}

START_TEST(threads_come_and_go_without_growth)
{
    struct guest gone = {.leave = true};
    bump_alloc(1);
    for (unsigned round = 0; round < 200; round++) {
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, round < 20 ? allocate : visit, &gone);
        for (unsigned i = 0; i < 4; i++) {
            void *failed;
            pthread_join(threads[i], &failed);
            ck_assert_ptr_null(failed);
        }
    }
    ck_assert_uint_le(count_arenas(), 5);
    ck_assert_uint_eq(atomic_load(&bump_thread_ends), 800);
    check_all();
}
END_TEST

static void *allocate_twice(void *arg)
{
    void *failed = allocate(arg);
    return failed ? failed : allocate(arg);
}

START_TEST(threads_come_and_go_at_the_limit)
{
    enum { AT_ONCE = 5 };
    pthread_t threads[AT_ONCE];
    mallopt(M_ARENA_MAX, 3);
    for (unsigned i = 0; i < 100 + AT_ONCE; i++) {
        unsigned at = i % AT_ONCE;
        void *failed = NULL;
        if (i >= AT_ONCE)
            pthread_join(threads[at], &failed);
        ck_assert_ptr_null(failed);
        if (i < 100)
            pthread_create(&threads[at], NULL, i % 3 ? allocate : allocate_twice, (void *)1);
    }
    ck_assert_uint_le(count_arenas(), 3);
    check_all();
    size_t attached = 0;
    for (struct arena *a = arena_main(); a; a = arena_after(a))
        attached += a->attached_threads;
    ck_assert_uint_eq(attached, 1);
}
END_TEST

/* --- laws and numbers --- */

START_TEST(each_broken_law_is_named)
{
    struct guest v = {0};
    bump_alloc(1);
    struct arena *a = enter(&v, false), *m = arena_get(0);
    ck_assert_ptr_null(arena_check(m));
    a->index = 5;
    ck_assert_str_eq(arena_check(m), "arena list");
    a->index = 1;
    a->on_free_list = true;
    ck_assert_str_eq(arena_check(a), "free list");
    a->on_free_list = false;
    arena_free_list = a;
    ck_assert_str_eq(arena_check(a), "free list");
    a->on_free_list = true; /* on the list, with a thread attached */
    ck_assert_str_eq(arena_check(a), "free list");
    a->on_free_list = false;
    arena_free_list = NULL;
    a->system_mem += 4096;
    ck_assert_str_eq(arena_check(a), "system memory");
    a->system_mem -= 4096;
    size_t most = a->max_system_mem;
    a->max_system_mem = a->system_mem - 1;
    ck_assert_str_eq(arena_check(a), "system memory");
    a->max_system_mem = most;
    m->system_mem += 4096;
    ck_assert_str_eq(arena_check(m), "system memory");
    m->system_mem -= 4096;
    a->top_heap->arena = m;
    ck_assert_str_eq(arena_check(a), "heap arena");
    a->top_heap->arena = a;
    a->top_heap->size += 1;
    ck_assert_str_eq(arena_check(a), "heap sizes");
    a->top_heap->size -= 1;
    ((struct bump *)a)->damaged = true;
    ck_assert_str_eq(arena_check(a), "bump damage");
    ((struct bump *)a)->damaged = false;
    ck_assert_ptr_null(arena_check(a));
    ck_assert_ptr_null(arena_check(m));
    arena_unlock(m);
    leave(&v);
}
END_TEST

/* The value of one statistic; fails when it is not there exactly once. */
static uint64_t statistic(enum statistic_kind kind, uint32_t arena, const char *name)
{
    static struct statistic all[200];
    size_t n = arenabench_statistics(all, ARRAY_SIZE(all)), met = 0;
    uint64_t value = 0;
    ck_assert_uint_le(n, ARRAY_SIZE(all));
    for (size_t i = 0; i < n; i++) {
        if (all[i].kind == kind && all[i].arena == arena && strcmp(all[i].name, name) == 0) {
            value = all[i].value;
            met++;
        }
    }
    ck_assert_msg(met == 1, "%s: %zu times", name, met);
    return value;
}

START_TEST(statistics_tell_what_happened)
{
    struct guest v = {0};
    ck_assert_uint_eq(statistic(STATISTIC_SETTING, 0, "top_pad"), DEFAULT_TOP_PAD);
    ck_assert_uint_eq(statistic(STATISTIC_SETTING, 0, "bump_number"), 7);
    ck_assert_uint_eq(statistic(STATISTIC_SETTING, 0, "arena_max"), arena_limit());
    bump_alloc(1000);
    enter(&v, false);
    ck_assert_uint_eq(statistic(STATISTIC_PROCESS, 0, "arenas_created"), 2);
    ck_assert_uint_eq(statistic(STATISTIC_PROCESS, 0, "arenas_reused"), 0);
    ck_assert_uint_eq(statistic(STATISTIC_PROCESS, 0, "mmaps_total"), 0);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 0, "bytes_in_use"), 1008);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 0, "bytes_held"), arena_main()->system_mem);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 0, "grows"), 1);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 0, "heaps"), 0);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 1, "heaps"), 1);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 1, "attached_threads"), 1);
    ck_assert_int_eq(malloc_trim(0), 1);
    ck_assert_int_eq(malloc_trim(0), 0);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 0, "trims"), 1);
    ck_assert_uint_gt(statistic(STATISTIC_ARENA, 0, "max_held"),
                      statistic(STATISTIC_ARENA, 0, "bytes_held"));
    leave(&v);
    ck_assert_uint_eq(statistic(STATISTIC_ARENA, 1, "attached_threads"), 0);
    check_all();
}
END_TEST

START_TEST(statistics_count_beyond_their_room)
{
    struct statistic few[3] = {0};
    size_t all = arenabench_statistics(NULL, 0);
    ck_assert_uint_gt(all, 10);
    ck_assert_uint_eq(arenabench_statistics(few, 2), all);
    ck_assert_str_ne(few[1].name, "");
    ck_assert_str_eq(few[2].name, "");
    struct statistics_sink s = {.out = few, .room = 1};
    statistics_add(&s, STATISTIC_PROCESS, NULL, "a_name_that_is_longer_than_forty_characters", 1);
    ck_assert_uint_eq(strlen(few[0].name), STATISTIC_NAME_BYTES - 1);
}
END_TEST

UNIT_MAIN("arena", the_first_thread_gets_the_main_arena_and_the_others_their_own,
          the_arena_of_an_ended_thread_goes_to_the_next,
          one_arena_is_shared_by_all_when_there_may_be_no_more,
          at_the_limit_the_first_free_lock_decides,
          with_every_lock_taken_a_thread_waits_for_the_next_in_turn,
          an_arena_is_reused_off_the_free_list_too,
          the_thread_that_sets_up_is_detached_at_its_end_too,
          the_limit_by_cpus_counts_from_arena_test_on,
          retry_goes_to_the_main_arena_and_from_there_to_another,
          retry_has_nowhere_to_go_at_a_limit_of_one,
          a_request_too_large_for_a_heap_still_gets_an_arena,
          destructors_still_find_the_arena_until_the_last_round, threads_come_and_go_without_growth,
          threads_come_and_go_at_the_limit, each_broken_law_is_named, statistics_tell_what_happened,
          statistics_count_beyond_their_room)
