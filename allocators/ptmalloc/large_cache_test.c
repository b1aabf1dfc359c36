#include "large_cache.h"

#include <pthread.h>
#include <string.h>

#include "built_heap.h"
#include "ptmalloc.h"
#include "unit.h"

enum { REQUEST = 4000, BYTES = 4016 };

/* An arena that the calling thread may use, and nothing kept. */
static struct malloc_state *begin(void)
{
    struct malloc_state *m = built_arena();
    arena_unlock(&m->arena);
    core_free(core_alloc(16));
    cache_flush(false);
    return m;
}

static void *objects[100];

static void take(unsigned n, size_t bytes)
{
    for (unsigned i = 0; i < n; i++)
        objects[i] = core_alloc(bytes);
}

static void give(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        core_free(objects[i]);
}

/* Two sizes that want the same slot. */
static size_t rival_of(size_t bytes)
{
    for (size_t other = bytes + CHUNK_ALIGNMENT;; other += CHUNK_ALIGNMENT) {
        if (large_slot_of(other) == large_slot_of(bytes))
            return other;
    }
}

START_TEST(the_newest_comes_back_for_its_own_size)
{
    begin();
    take(3, REQUEST);
    give(3);
    ck_assert_uint_eq(large_cache.bytes, 3 * BYTES);
    ck_assert_ptr_null(large_cache_take(BYTES - CHUNK_ALIGNMENT));
    for (unsigned i = 3; i-- > 0;)
        ck_assert_ptr_eq(core_alloc(REQUEST), objects[i]);
    ck_assert_uint_eq(large_cache.bytes, 0);
    ck_assert_ptr_null(large_cache_take(BYTES));
    ck_assert_ptr_null(large_cache_check());
}
END_TEST

START_TEST(what_is_kept_is_in_use_for_its_arena)
{
    struct malloc_state *m = begin();
    take(1, REQUEST);
    core_alloc(16);
    give(1);
    ck_assert(chunk_in_use(object_chunk(objects[0])));
    ck_assert_ptr_null(state_check(m));
    cache_flush(false);
    ck_assert(!chunk_in_use(object_chunk(objects[0])));
    ck_assert_uint_eq(large_cache.bytes, 0);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

START_TEST(all_slots_hold_64_k_together)
{
    struct malloc_state *m = begin();
    take(40, REQUEST);
    give(40);
    ck_assert_uint_le(large_cache.bytes, 64 * KIB);
    ck_assert_uint_gt(large_cache.bytes, 0);
    for (size_t bytes = 1100; bytes < 30000; bytes += 700) {
        take(3, bytes);
        give(3);
        ck_assert_uint_le(large_cache.bytes, 64 * KIB);
        ck_assert_ptr_null(large_cache_check());
        ck_assert_ptr_null(state_check(m));
    }
    take(1, 33 * KIB); /* too large for any slot */
    size_t before = large_cache.bytes;
    give(1);
    ck_assert_uint_eq(large_cache.bytes, before);
}
END_TEST

START_TEST(a_size_that_nobody_asked_for_is_not_kept)
{
    begin();
    memset(&large_cache, 0, sizeof(large_cache));
    void *p = core_resize(core_alloc(100), REQUEST);
    core_free(p);
    ck_assert_uint_eq(large_cache.bytes, 0);
    core_free(core_alloc(REQUEST));
    ck_assert_uint_eq(large_cache.bytes, BYTES);
}
END_TEST

START_TEST(a_size_that_was_asked_for_gives_way_the_second_time)
{
    begin();
    size_t rival = rival_of(BYTES);
    struct large_slot *slot = large_slot_of(BYTES);
    for (unsigned round = 0; round < 2; round++) {
        void *p = core_alloc(REQUEST), *others[2];
        core_free(p);
        ck_assert_ptr_eq(core_alloc(REQUEST), p);
        core_free(p);
        others[0] = core_alloc(rival - CHUNK_OVERHEAD);
        ck_assert_uint_eq(slot->bytes, BYTES);
        ck_assert_uint_eq(slot->bin.n, 1);
        others[1] = core_alloc(rival - CHUNK_OVERHEAD);
        ck_assert_uint_eq(slot->bytes, rival);
        ck_assert_uint_eq(slot->bin.n, 0);
        for (unsigned i = 0; i < 2; i++)
            core_free(others[i]);
        ck_assert_uint_eq(large_cache.bytes, 2 * rival);
        cache_flush(false);
    }
}
END_TEST

START_TEST(a_size_whose_objects_are_all_out_keeps_its_slot_too)
{
    begin();
    size_t rival = rival_of(BYTES);
    core_free(core_alloc(REQUEST));
    void *p = core_alloc(REQUEST); /* served */
    void *q = core_alloc(rival - CHUNK_OVERHEAD);
    core_free(p);
    core_free(q);
    ck_assert_uint_eq(large_cache.bytes, BYTES);
}
END_TEST

START_TEST(a_chunk_that_no_room_is_enough_for_drives_nothing_out)
{
    begin();
    core_free(core_alloc(REQUEST));
    cache_large = 2 * BYTES;
    core_free(core_alloc(3 * BYTES));
    ck_assert_uint_eq(large_cache.bytes, BYTES);
}
END_TEST

START_TEST(room_is_made_by_what_nobody_asks_for)
{
    begin();
    take(16, REQUEST);
    give(16);
    ck_assert_uint_gt(large_cache.bytes + 8 * KIB, 64 * KIB);
    size_t bytes = 8016;
    ck_assert_ptr_ne(large_slot_of(bytes), large_slot_of(BYTES));
    core_free(core_alloc(bytes - CHUNK_OVERHEAD));
    ck_assert_uint_eq(large_cache.bytes, bytes);
    ck_assert_uint_eq(large_slot_of(BYTES)->bin.n, 0);
}
END_TEST

START_TEST(settings_turn_it_off)
{
    begin();
    cache_large = 0;
    core_free(core_alloc(REQUEST));
    ck_assert_uint_eq(large_cache.bytes, 0);
    cache_large = BYTES;
    take(2, REQUEST);
    give(2);
    ck_assert_uint_eq(large_cache.bytes, BYTES);
    cache_flush(false);
    cache_count = 0;
    core_free(core_alloc(REQUEST));
    cache_count = 1;
    PAR_SET(perturb, 1);
    core_free(core_alloc(REQUEST));
    ck_assert_uint_eq(large_cache.bytes, 0);
}
END_TEST

START_TEST(perturb_fills_what_was_kept_before_it_was_set)
{
    begin();
    unsigned char *p = core_alloc(REQUEST);
    core_free(p);
    PAR_SET(perturb, 0x5a);
    ck_assert_ptr_eq(core_alloc(REQUEST), p);
    for (unsigned i = 0; i < REQUEST; i++)
        ck_assert_uint_eq(p[i], 0xa5);
}
END_TEST

START_TEST(zeroed_objects_are_zero)
{
    begin();
    char *p = core_alloc(REQUEST);
    memset(p, 1, REQUEST);
    core_free(p);
    ck_assert_ptr_eq(core_alloc_zeroed(REQUEST), p);
    for (unsigned i = 0; i < REQUEST; i++)
        ck_assert_int_eq(p[i], 0);
}
END_TEST

static void *free_all(void *unused)
{
    (void)unused;
    void *own = core_alloc(REQUEST);
    give(5);
    core_free(own);
    ck_assert_uint_eq(large_cache.bytes, 6 * BYTES);
    ck_assert_ptr_null(large_cache_check());
    return NULL;
}

START_TEST(a_thread_that_ends_frees_them_into_their_arenas)
{
    struct malloc_state *m = begin();
    take(5, REQUEST);
    core_alloc(16);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, free_all, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    for (unsigned i = 0; i < 5; i++)
        ck_assert(chunk_tag(object_chunk(objects[i])) & IS_UNUSED);
    ck_assert_ptr_null(state_check(m));
}
END_TEST

static void longer_chunk(struct large_slot *s)
{
    object_chunk(s->bin.head)->size += CHUNK_ALIGNMENT;
}

static void strange_slot(struct large_slot *s)
{
    struct large_slot *other = s == large_cache.slots ? s + 1 : s - 1;
    *other = *s;
    *s = (struct large_slot){0};
}

static void one_too_many(struct large_slot *s)
{
    s->bin.n++;
}

static void one_too_few(struct large_slot *s)
{
    s->bin.n--;
}

static void wrong_sum(struct large_slot *s)
{
    (void)s;
    large_cache.bytes++;
}

START_TEST(every_law_of_the_large_cache_can_be_broken)
{
    static const struct {
        const char *law;
        void (*breaks)(struct large_slot *s);
    } rows[] = {
        {"large size", longer_chunk}, {"large size", strange_slot}, {"large count", one_too_many},
        {"large count", one_too_few}, {"large bytes", wrong_sum},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        memset(&large_cache, 0, sizeof(large_cache));
        begin();
        take(3, REQUEST);
        give(3);
        ck_assert_ptr_null(large_cache_check());
        rows[i].breaks(large_slot_of(BYTES));
        ck_assert_str_eq(large_cache_check(), rows[i].law);
    }
    memset(&large_cache, 0, sizeof(large_cache));
}
END_TEST

UNIT_MAIN("large cache", perturb_fills_what_was_kept_before_it_was_set,
          a_size_whose_objects_are_all_out_keeps_its_slot_too,
          a_chunk_that_no_room_is_enough_for_drives_nothing_out,
          the_newest_comes_back_for_its_own_size, what_is_kept_is_in_use_for_its_arena,
          all_slots_hold_64_k_together, a_size_that_nobody_asked_for_is_not_kept,
          a_size_that_was_asked_for_gives_way_the_second_time, room_is_made_by_what_nobody_asks_for,
          settings_turn_it_off, zeroed_objects_are_zero,
          a_thread_that_ends_frees_them_into_their_arenas,
          every_law_of_the_large_cache_can_be_broken)
