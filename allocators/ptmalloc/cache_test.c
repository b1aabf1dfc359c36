#include "cache.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "built_heap.h"
#include "ptmalloc.h"
#include "unit.h"

#define REQUEST 100u /* bytes; a chunk of 112 */
#define BYTES   ((size_t)112)

static struct cache_bin *bin(void)
{
    return &cache.bins[BYTES / CHUNK_ALIGNMENT];
}

/* An arena that the calling thread may use, and a cache that is set up and empty. */
static struct malloc_state *begin(void)
{
    struct malloc_state *m = built_arena();
    arena_unlock(&m->arena);
    core_free(core_alloc(REQUEST));
    cache_flush(false);
    memset(cache.batch, 0, sizeof(cache.batch));
    memset(cache.was_full, 0, sizeof(cache.was_full));
    ck_assert_ptr_null(cache_check());
    return m;
}

static void *taken[1000];

static void take(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        taken[i] = core_alloc(REQUEST);
}

static void give(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        core_free(taken[i]);
}

START_TEST(the_limit_is_2_k_of_each_size_at_first_but_8_objects_at_least)
{
    begin();
    ck_assert_uint_eq(cache.bins[2].limit, 2048 / 32);
    ck_assert_uint_eq(cache.bins[BYTES / CHUNK_ALIGNMENT].limit, 2048 / BYTES);
    ck_assert_uint_eq(cache.bins[CACHE_BINS - 1].limit, 8);
}
END_TEST

START_TEST(settings_bound_what_a_cache_keeps)
{
    cache_count = 5;
    cache_largest = 200;
    begin();
    ck_assert_uint_eq(cache.bins[2].limit, 5);
    ck_assert_uint_eq(cache.bins[208 / CHUNK_ALIGNMENT].limit, 5);
    ck_assert_uint_eq(cache.bins[224 / CHUNK_ALIGNMENT].limit, 0);
}
END_TEST

START_TEST(the_newest_object_comes_back_first)
{
    begin();
    take(3);
    give(3);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_ptr_eq(core_alloc(REQUEST), taken[2 - i]);
}
END_TEST

/* One chunk goes to the caller; the batch behind it doubles up to half of what is kept. */
START_TEST(a_refill_takes_a_batch_that_doubles)
{
    begin();
    static const unsigned batches[] = {0, 1, 3, 7, 2048 / BYTES / 2, 2048 / BYTES / 2};
    for (unsigned i = 0; i < ARRAY_SIZE(batches); i++) {
        ck_assert_ptr_nonnull(core_alloc(REQUEST));
        ck_assert_uint_eq(bin()->n, batches[i]);
        while (bin()->head)
            core_alloc(REQUEST);
        ck_assert_ptr_null(cache_check());
    }
}
END_TEST

START_TEST(a_bin_that_runs_full_and_then_empty_may_keep_twice_as_much)
{
    begin();
    unsigned limit = bin()->limit;
    for (unsigned i = 0; i < 8; i++) {
        take(ARRAY_SIZE(taken));
        ck_assert_uint_eq(bin()->limit, limit);
        give(ARRAY_SIZE(taken));
        ck_assert_uint_eq(bin()->limit, limit);
        ck_assert_ptr_null(cache_check());
        limit = 2 * limit < 16384 / BYTES ? 2 * limit : 16384 / BYTES;
    }
}
END_TEST

START_TEST(a_bin_that_only_runs_full_or_only_empty_keeps_what_it_does)
{
    begin();
    unsigned limit = bin()->limit;
    take(500);
    ck_assert_uint_eq(bin()->limit, limit);
    give(500);
    ck_assert_uint_eq(bin()->limit, limit);
}
END_TEST

START_TEST(a_refill_does_not_make_an_arena_grow)
{
    struct malloc_state *m = begin();
    cache.batch[BYTES / CHUNK_ALIGNMENT] = 15;
    int_malloc(m, chunk_bytes(m->top) - 3 * BYTES, GROW_NEVER);
    malloc_consolidate(m);
    size_t held = m->arena.system_mem;
    core_alloc(REQUEST);
    ck_assert_uint_eq(m->arena.system_mem, held);
    ck_assert_uint_le(bin()->n, 3);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(a_full_bin_gives_its_newer_half_back)
{
    struct malloc_state *m = begin();
    unsigned limit = bin()->limit;
    take(limit + 1);
    cache_flush(false);
    built_sort(m); /* the fast bins are empty */
    give(limit + 1);
    ck_assert_uint_eq(bin()->n, limit / 2 + 1);
    ck_assert_ptr_eq(core_alloc(REQUEST),
                     taken[limit]); /* it came behind the older ones, which stay */
    for (unsigned i = limit / 2; i-- > 0;)
        ck_assert_ptr_eq(core_alloc(REQUEST), taken[i]);
    ck_assert_ptr_null(bin()->head);
    size_t n_fast;
    ck_assert_uint_eq(fast_bytes(&m->fast, &n_fast), (limit - limit / 2) * BYTES);
    ck_assert_ptr_null(cache_check());
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(a_flush_gives_everything_back)
{
    struct malloc_state *m = begin();
    take(20);
    give(20);
    malloc_consolidate(m);
    cache_flush(false);
    ck_assert_ptr_null(bin()->head);
    ck_assert_uint_eq(bin()->n, 0);
    malloc_consolidate(m);
    ck_assert_uint_eq(chunk_bytes(m->top) + sizeof(*m) + sizeof(struct heap_info),
                      m->arena.system_mem);
}
END_TEST

/* --- what belongs to other threads --- */

/* Frees the first n taken objects, which are of another arena, and gives the cache back. */
static void *stranger(void *n)
{
    struct malloc_state *own = built_arena();
    arena_unlock(&own->arena);
    give(*(unsigned *)n);
    cache_flush(false);
    return NULL;
}

static void let_a_stranger_free(unsigned n)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, stranger, &n), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(the_arena_of_a_stranger_keeps_nothing_of_ours)
{
    struct malloc_state *m = begin();
    take(10);
    arena_lock(&m->arena); /* the stranger needs no lock of ours */
    let_a_stranger_free(10);
    ck_assert_uint_eq(m->returned_bytes, 10 * BYTES);
    ck_assert_ptr_nonnull(m->returned);
    arena_unlock(&m->arena);
}
END_TEST

START_TEST(what_came_back_refills_the_cache)
{
    struct malloc_state *m = begin();
    take(10);
    cache_flush(false);
    let_a_stranger_free(10);
    void *p = core_alloc(REQUEST);
    ck_assert_uint_eq(m->returned_bytes, 0);
    ck_assert_ptr_null(m->returned);
    ck_assert_uint_eq(bin()->n, 9);
    bool is_one_of_them = false;
    for (unsigned i = 0; i < 10; i++)
        is_one_of_them |= p == taken[i];
    ck_assert(is_one_of_them);
    ck_assert_ptr_null(cache_check());
}
END_TEST

START_TEST(what_the_cache_has_no_room_for_is_freed)
{
    struct malloc_state *m = begin();
    unsigned n = 2 * bin()->limit;
    take(n);
    cache_flush(false);
    malloc_consolidate(m);
    let_a_stranger_free(n);
    core_alloc(REQUEST);
    size_t n_fast;
    ck_assert_uint_eq(bin()->n, bin()->limit - 1);
    ck_assert_uint_eq(fast_bytes(&m->fast, &n_fast), (n - bin()->limit) * BYTES);
    ck_assert_uint_eq(m->returned_bytes, 0);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(so_much_that_nobody_takes_is_freed_into_the_arena)
{
    struct malloc_state *m = begin();
    take(ARRAY_SIZE(taken));
    cache_flush(false);
    malloc_consolidate(m);
    let_a_stranger_free(ARRAY_SIZE(taken));
    size_t n_fast, fast = fast_bytes(&m->fast, &n_fast), all = ARRAY_SIZE(taken) * BYTES;
    ck_assert_uint_le(m->returned_bytes, 64 * KIB);
    ck_assert_uint_gt(m->returned_bytes, 60 * KIB);
    ck_assert_uint_eq(m->returned_bytes + fast, all);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

/* Another thread was between the push and the sum, and the child has no such thread. */
START_TEST(the_child_of_a_fork_counts_anew_what_came_back)
{
    struct malloc_state *m = begin();
    take(10);
    let_a_stranger_free(10);
    m->returned_bytes += 5000;
    pid_t child = fork();
    if (child == 0)
        _exit(m->returned_bytes != 10 * BYTES);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(m->returned_bytes, 10 * BYTES + 5000);
}
END_TEST

static void *free_one(void *p)
{
    core_free(p);
    return arena_thread.arena;
}

START_TEST(a_thread_that_only_frees_a_large_object_needs_no_arena)
{
    begin();
    static const size_t sizes[] = {2000, 50000};
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        void *its_arena = &its_arena;
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, free_one, core_alloc(sizes[i])), 0);
        ck_assert_int_eq(pthread_join(thread, &its_arena), 0);
        ck_assert_ptr_null(its_arena);
    }
}
END_TEST

START_TEST(a_trim_takes_home_what_came_back)
{
    struct malloc_state *m = begin();
    take(10);
    cache_flush(false);
    let_a_stranger_free(10);
    arena_lock(&m->arena);
    arena_kind.trim(&m->arena, 0);
    ck_assert_ptr_null(m->returned);
    ck_assert_uint_eq(m->returned_bytes, 0);
    ck_assert_uint_eq(chunk_bytes(m->top) + sizeof(*m) + sizeof(struct heap_info),
                      m->arena.system_mem);
    ck_assert_ptr_null(state_check(m));
    arena_unlock(&m->arena);
}
END_TEST

START_TEST(at_its_end_a_thread_leaves_its_cache_to_the_arena)
{
    struct malloc_state *m = begin();
    take(10);
    cache_flush(false);
    give(10);
    cache_flush(true);
    ck_assert_uint_eq(m->returned_bytes, 10 * BYTES);
    ck_assert(!cache.is_ready);
    ck_assert_uint_eq(bin()->limit, 0);
}
END_TEST

/* --- the laws --- */

static void more_are_counted_than_listed(void)
{
    bin()->n++;
}

static void fewer_are_counted_than_listed(void)
{
    bin()->n--;
}

static void the_list_is_lost(void)
{
    bin()->head = NULL;
}

static void more_are_kept_than_allowed(void)
{
    bin()->limit = bin()->n - 1;
}

static void a_list_leads_back_to_its_start(void)
{
    struct cached *last = taken[0];
    last->link = (uintptr_t)bin()->head ^ ((uintptr_t)last >> 12);
    last->seal = cache_seal(last, last->link);
}

static void an_object_lies_in_the_bin_of_another_size(void)
{
    cache_push(&cache.bins[BYTES / CHUNK_ALIGNMENT + 1], cache_pop(bin()));
}

static void the_size_of_a_cached_chunk_is_overwritten(void)
{
    object_chunk(taken[1])->size += CHUNK_ALIGNMENT;
}

static void a_link_is_overwritten(void)
{
    ((struct cached *)taken[1])->link ^= CHUNK_ALIGNMENT;
}

static void a_seal_is_overwritten(void)
{
    ((struct cached *)taken[0])->seal = 0;
}

START_TEST(every_law_of_the_cache_can_be_broken)
{
    static const struct {
        const char *law;
        void (*breaks)(void);
    } rows[] = {
        {"cache count", more_are_counted_than_listed},
        {"cache count", fewer_are_counted_than_listed},
        {"cache count", the_list_is_lost},
        {"cache count", more_are_kept_than_allowed},
        {"cache count", a_list_leads_back_to_its_start},
        {"cache size", an_object_lies_in_the_bin_of_another_size},
        {"cache size", the_size_of_a_cached_chunk_is_overwritten},
        {"cache seal", a_link_is_overwritten},
        {"cache seal", a_seal_is_overwritten},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        memset(&cache, 0, sizeof(cache)); /* what is broken is forgotten, not given back */
        begin();
        take(3);
        cache_flush(false);
        give(3);
        ck_assert_ptr_null(cache_check());
        rows[i].breaks();
        const char *after = cache_check();
        ck_assert_msg(after && strcmp(after, rows[i].law) == 0, "row %u: '%s' and not '%s'", i,
                      after ? after : "(nothing)", rows[i].law);
    }
}
END_TEST

UNIT_MAIN("cache", the_child_of_a_fork_counts_anew_what_came_back,
          a_thread_that_only_frees_a_large_object_needs_no_arena,
          the_limit_is_2_k_of_each_size_at_first_but_8_objects_at_least,
          settings_bound_what_a_cache_keeps, the_newest_object_comes_back_first,
          a_refill_takes_a_batch_that_doubles,
          a_bin_that_runs_full_and_then_empty_may_keep_twice_as_much,
          a_bin_that_only_runs_full_or_only_empty_keeps_what_it_does,
          a_refill_does_not_make_an_arena_grow, a_full_bin_gives_its_newer_half_back,
          a_flush_gives_everything_back, the_arena_of_a_stranger_keeps_nothing_of_ours,
          what_came_back_refills_the_cache, what_the_cache_has_no_room_for_is_freed,
          so_much_that_nobody_takes_is_freed_into_the_arena, a_trim_takes_home_what_came_back,
          at_its_end_a_thread_leaves_its_cache_to_the_arena, every_law_of_the_cache_can_be_broken)
