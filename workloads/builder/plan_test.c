/* Each law of a plan, kept and broken on purpose; what the builder makes of calls. */
#include "plan_builder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "unit.h"

static struct err err;

/* Finishes and frees the builder; the plan, or NULL with the sentence in err. */
static struct plan *finish(struct plan_builder *b)
{
    int fd;
    const struct plan *p = NULL;
    err.text[0] = '\0';
    int rc = plan_builder_finish(b, &fd, &p, &err);
    plan_builder_free(b);
    if (rc < 0)
        return NULL;
    struct plan *copy = malloc(p->n_bytes);
    memcpy(copy, p, p->n_bytes);
    os_unmap((void *)p, p->n_bytes);
    close(fd);
    return copy;
}

static struct plan_builder *one_root(void)
{
    struct plan_builder *b = plan_builder_new("test", 1);
    plan_builder_root(b, 0);
    return b;
}

static struct plan_builder *two_roots(void)
{
    struct plan_builder *b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_root(b, 1);
    return b;
}

#define EXPECT_REFUSED(b, sentence) \
    do { \
        ck_assert_ptr_null(finish(b)); \
        ck_assert_str_eq(err.text, sentence); \
    } while (0)

START_TEST(counts_what_one_pass_does)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 100);
    plan_builder_loop_begin(b, 0);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_malloc(b, 0, 0, 60);
    plan_builder_calloc(b, 0, 1, 10);
    plan_builder_realloc(b, 0, 1, 10, 30);
    plan_builder_free_slot(b, 0, 1);
    plan_builder_loop_end(b, 0);
    plan_builder_free_slot(b, 0, 0);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    const struct plan_thread *t = plan_threads(p);
    ck_assert_uint_eq(t->before.calls, 1);
    ck_assert_uint_eq(t->body.calls, 5);
    ck_assert_uint_eq(t->body.bytes, 100);
    ck_assert_uint_eq(t->after.calls, 1);
    ck_assert_uint_eq(p->facts.calls, 7);
    ck_assert_uint_eq(p->facts.allocations, 4);
    ck_assert_uint_eq(p->facts.frees, 4);
    ck_assert_uint_eq(p->facts.remote_frees, 0);
    ck_assert_uint_eq(p->facts.peak_live_bytes, 100);
    ck_assert_uint_eq(p->facts.peak_live_objects, 2);
    ck_assert(p->flags & PLAN_LOOPS);
    free(p);
}
END_TEST

START_TEST(free_and_malloc_of_a_slot_become_one_word)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_malloc(b, 0, 0, 2);
    plan_builder_free_slot(b, 0, 0);
    struct plan *p = finish(b);
    ck_assert_uint_eq(plan_threads(p)->n_ops, 4);
    ck_assert_int_eq(plan_op_kind(plan_thread_ops(p, 0)[1]), PLAN_REPLACE);
    free(p);
}
END_TEST

START_TEST(no_word_crosses_the_ends_of_a_body)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 2);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_loop_end(b, 0);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    ck_assert_uint_eq(plan_threads(p)->loop_begin, 2);
    ck_assert_uint_eq(plan_threads(p)->loop_end, 4);
    free(p);
}
END_TEST

START_TEST(objects_above_4_GiB_are_expressible)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 5 * GIB);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_aligned(b, 0, 0, 2 * MIB, 6 * GIB);
    plan_builder_free_slot(b, 0, 0);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    ck_assert_uint_eq(p->facts.peak_live_bytes, 6 * GIB);
    ck_assert_uint_eq(p->facts.bytes, 11 * GIB);
    free(p);
}
END_TEST

START_TEST(a_remote_free_is_counted)
{
    struct plan_builder *b = two_roots();
    uint32_t cell = plan_builder_cell(b);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_take(b, 1, 1, cell);
    plan_builder_free_slot(b, 1, 1);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    ck_assert_uint_eq(p->facts.remote_frees, 1);
    ck_assert_uint_eq(p->n_groups, 1);
    ck_assert_uint_eq(plan_threads(p)[1].n_slots, 2);
    free(p);
}
END_TEST

/* Two pairs of threads hand over in turn: their cells do not lie in one cache line. */
START_TEST(cells_of_different_threads_lie_apart)
{
    struct plan_builder *b = plan_builder_new("test", 4);
    for (uint32_t t = 0; t < 4; t++)
        plan_builder_root(b, t);
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t giver = i % 2 ? 2 : 0, cell = plan_builder_cell(b);
        plan_builder_malloc(b, giver, 0, 8);
        plan_builder_give(b, giver, 0, cell);
        plan_builder_take(b, giver + 1, 0, cell);
        plan_builder_free_slot(b, giver + 1, 0);
    }
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    uint32_t owner[64];
    memset(owner, 0xff, sizeof(owner));
    unsigned n = 0;
    for (uint32_t t = 0; t < 4; t += 2) {
        const struct plan_op *ops = plan_thread_ops(p, t);
        for (uint64_t i = 0; i < plan_threads(p)[t].n_ops; i++) {
            if (plan_op_kind(ops[i]) != PLAN_GIVE)
                continue;
            uint32_t line = ops[i].arg * 8 / NO_SHARING_BYTES;
            ck_assert(owner[line] == UINT32_MAX || owner[line] == t);
            owner[line] = t;
            n++;
        }
    }
    ck_assert_uint_eq(n, 40);
    free(p);
}
END_TEST

START_TEST(independent_threads_are_groups_of_their_own)
{
    struct plan_builder *b = two_roots();
    struct plan *p = finish(b);
    ck_assert_uint_eq(p->n_groups, 2);
    ck_assert_uint_ne(plan_threads(p)[0].group, plan_threads(p)[1].group);
    free(p);
}
END_TEST

START_TEST(a_double_free_is_refused)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_free_slot(b, 0, 0);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 2: slot 0 holds no object "
                      "(freed or given away before)");
}
END_TEST

START_TEST(a_full_slot_is_not_filled_again)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 1, 8);
    plan_builder_calloc(b, 0, 1, 8);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 1: slot 1 still holds an object");
}
END_TEST

START_TEST(a_gift_that_nobody_takes_is_refused)
{
    struct plan_builder *b = two_roots();
    uint32_t cell = plan_builder_cell(b);
    plan_builder_malloc(b, 1, 0, 8);
    plan_builder_give(b, 1, 0, cell);
    EXPECT_REFUSED(b, "plan 'test': thread 1 gives cell 0, and nobody takes it");
}
END_TEST

START_TEST(a_cycle_of_waits_is_refused)
{
    struct plan_builder *b = two_roots();
    uint32_t c0 = plan_builder_cell(b), c1 = plan_builder_cell(b);
    for (uint32_t t = 0; t < 2; t++) {
        plan_builder_malloc(b, t, 0, 8);
        plan_builder_take(b, t, 1, t ? c0 : c1);
        plan_builder_give(b, t, 0, t ? c1 : c0);
        plan_builder_free_slot(b, t, 1);
    }
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 1: waits for ever: "
                      "an object in cell 16 never comes");
}
END_TEST

START_TEST(a_cell_has_one_giver)
{
    struct plan_builder *b = plan_builder_new("test", 3);
    uint32_t cell = plan_builder_cell(b);
    for (uint32_t t = 0; t < 3; t++)
        plan_builder_root(b, t);
    for (uint32_t t = 0; t < 2; t++) {
        plan_builder_malloc(b, t, 0, 8);
        plan_builder_give(b, t, 0, cell);
        plan_builder_take(b, 2, t, cell);
    }
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 1: cell 0 is given by thread 0 too");
}
END_TEST

START_TEST(a_body_returns_to_its_start)
{
    struct plan_builder *b = one_root();
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_loop_end(b, 0);
    plan_builder_free_slot(b, 0, 0);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 1: slot 0 is full when the body ends, "
                      "but was not when it began");
}
END_TEST

START_TEST(a_cell_is_balanced_in_bodies)
{
    struct plan_builder *b = two_roots();
    uint32_t cell = plan_builder_cell(b);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_loop_begin(b, 0);
    plan_builder_phase(b, 0, 0);
    plan_builder_loop_end(b, 0);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_loop_begin(b, 1);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_loop_end(b, 1);
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 0: waits for ever: "
                      "an object in cell 0 never comes");
}
END_TEST

/* Each pass would leave one object more in the cell than fits. */
START_TEST(a_body_leaves_cells_as_it_found_them)
{
    struct plan_builder *b = two_roots();
    uint32_t cell = plan_builder_cell(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_loop_end(b, 0);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_loop_begin(b, 1);
    plan_builder_loop_end(b, 1);
    plan_builder_free_slot(b, 1, 0);
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 0: waits for ever: "
                      "an object in cell 0 never comes");

    b = two_roots();
    cell = plan_builder_cell(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_loop_end(b, 0);
    plan_builder_phase(b, 1, 0);
    plan_builder_loop_begin(b, 1);
    plan_builder_loop_end(b, 1);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_free_slot(b, 1, 0);
    EXPECT_REFUSED(b,
                   "plan 'test': cell 0 is full when the bodies end, but was not when they began");
}
END_TEST

/* Once it would end: the first root's end lets the second begin. Twice it would not. */
START_TEST(a_wait_across_the_ends_of_bodies_is_refused)
{
    struct plan_builder *b = two_roots();
    uint32_t cell = plan_builder_cell(b), late = plan_builder_cell(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_loop_end(b, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_give(b, 0, 0, late);
    plan_builder_take(b, 1, 0, late);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_loop_begin(b, 1);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_loop_end(b, 1);
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 0: waits for ever: "
                      "an object in cell 1 never comes");
}
END_TEST

START_TEST(threads_alive_at_once_have_seats_of_their_own)
{
    struct plan_builder *b = plan_builder_new("test", 5);
    plan_builder_root(b, 0);
    plan_builder_root(b, 1);
    for (uint32_t child = 2; child < 5; child++)
        plan_builder_spawn(b, 0, child);
    for (uint32_t child = 2; child < 5; child++)
        plan_builder_join(b, 0, child);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    ck_assert_uint_eq(plan_threads(p)[0].seat, 0);
    ck_assert_uint_eq(plan_threads(p)[1].seat, 1);
    free(p);

    b = plan_builder_new("test", 4);
    plan_builder_root(b, 0);
    for (uint32_t child = 1; child < 4; child++) {
        plan_builder_spawn(b, 0, child);
        plan_builder_join(b, 0, child);
    }
    p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    for (uint32_t child = 1; child < 4; child++)
        ck_assert_uint_eq(plan_threads(p)[child].seat, 1);
    ck_assert_uint_eq(p->n_seats, 2);
    free(p);
}
END_TEST

START_TEST(tables_that_overlap_are_refused)
{
    struct plan *p = finish(one_root());
    p->ops_offset = 64;
    ck_assert_int_eq(plan_check_layout(p, p->n_bytes, &err), -EINVAL);
    p->ops_offset = p->threads_offset;
    ck_assert_int_eq(plan_check_layout(p, p->n_bytes, &err), -EINVAL);
    free(p);
}
END_TEST

START_TEST(threads_are_started_once_and_joined)
{
    struct plan_builder *b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_spawn(b, 0, 1);
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 0: never joined");

    b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_spawn(b, 0, 1);
    plan_builder_spawn(b, 0, 1);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 1: starts thread 1 a second time");

    b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    EXPECT_REFUSED(b, "plan 'test': thread 1, operation 0: never started");

    b = plan_builder_new("test", 1);
    EXPECT_REFUSED(b, "plan 'test': no thread starts with the clock");
}
END_TEST

START_TEST(a_thread_is_joined_in_the_part_that_started_it)
{
    struct plan_builder *b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_loop_begin(b, 0);
    plan_builder_spawn(b, 0, 1);
    plan_builder_loop_end(b, 0);
    plan_builder_join(b, 0, 1);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 1: joins thread 1 in another part "
                      "than the one that started it");
}
END_TEST

/* A valid plan whose words and tables are then damaged at random: refused or valid, never a crash.
 */
START_TEST(a_damaged_plan_never_crashes_the_check)
{
    struct plan_builder *b = plan_builder_new("test", 3);
    plan_builder_root(b, 0);
    plan_builder_root(b, 1);
    uint32_t cell = plan_builder_cell(b);
    for (uint32_t i = 0; i < 20; i++)
        plan_builder_malloc(b, 0, i, i * 7);
    plan_builder_loop_begin(b, 0);
    plan_builder_spawn(b, 0, 2);
    plan_builder_give(b, 0, 4, cell);
    plan_builder_join(b, 0, 2);
    plan_builder_malloc(b, 0, 4, 5 * GIB);
    plan_builder_loop_end(b, 0);
    plan_builder_loop_begin(b, 1);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_realloc(b, 1, 0, 28, 300);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_loop_end(b, 1);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);

    srand(1);
    size_t n = p->n_bytes;
    struct plan *damaged = malloc(n);
    unsigned refused = 0;
    for (unsigned i = 0; i < 20000; i++) {
        memcpy(damaged, p, n);
        for (unsigned k = 0; k <= i % 3; k++)
            ((uint8_t *)damaged)[(size_t)rand() % n] ^= (uint8_t)(1 << rand() % 8);
        err.text[0] = '\0';
        int rc = plan_check_layout(damaged, n, &err);
        if (rc == 0)
            rc = plan_check(damaged, &err);
        refused += rc < 0;
        ck_assert(rc == 0 || err.text[0] != '\0');
    }
    ck_assert_uint_gt(refused, 1000);
    free(damaged);
    free(p);
}
END_TEST

START_TEST(what_is_touched_is_an_object_with_a_byte)
{
    struct plan_builder *b = one_root();
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_touch(b, 0, 0, 1000);
    plan_builder_free_slot(b, 0, 0);
    struct plan *p = finish(b);
    ck_assert_msg(p, "%s", err.text);
    ck_assert_uint_eq(p->facts.calls, 2);
    ck_assert_uint_eq(plan_thread_ops(p, 0)[1].arg, 1000);
    free(p);

    b = one_root();
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_touch(b, 0, 0, 1);
    ck_assert_ptr_null(finish(b));
    ck_assert_ptr_nonnull(strstr(err.text, "slot 0 holds no object"));

    b = one_root();
    plan_builder_malloc(b, 0, 0, 0);
    plan_builder_touch(b, 0, 0, 1);
    plan_builder_free_slot(b, 0, 0);
    ck_assert_ptr_null(finish(b));
    ck_assert_ptr_nonnull(strstr(err.text, "whose object has no byte"));
}
END_TEST

START_TEST(another_version_is_refused)
{
    struct plan *p = finish(one_root());
    p->version = PLAN_VERSION + 1;
    ck_assert_int_eq(plan_check_layout(p, p->n_bytes, &err), -EINVAL);
    ck_assert_str_eq(err.text, "plan of version 4; this program reads version 3: make it again");
    p->version = PLAN_VERSION;
    ck_assert_int_eq(plan_check_layout(p, p->n_bytes - 8, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "cut off"));
    free(p);
}
END_TEST

START_TEST(paces_do_not_fall_and_stand_in_no_body)
{
    struct plan_builder *b = one_root();
    plan_builder_pace_by_order(b, 10);
    plan_builder_pace(b, 0, (uint64_t)7 << 40);
    plan_builder_pace(b, 0, (uint64_t)7 << 40);
    plan_builder_pace(b, 0, 5);
    EXPECT_REFUSED(b,
                   "plan 'test': thread 0, operation 2: pace 5 stands behind pace 7696581394432");
    b = one_root();
    plan_builder_pace_by_time(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_pace(b, 0, 5);
    plan_builder_loop_end(b, 0);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 0: a pace in a body");
    b = one_root();
    plan_builder_pace(b, 0, 5);
    EXPECT_REFUSED(b, "plan 'test': thread 0, operation 0: a pace in a plan without one");
}
END_TEST

START_TEST(a_plan_is_paced_in_one_way_and_streamed_without_bodies)
{
    struct plan_builder *b = one_root();
    plan_builder_pace_by_order(b, 10);
    plan_builder_pace_by_time(b);
    EXPECT_REFUSED(b, "plan 'test': paced by order and by time");
    b = one_root();
    plan_builder_pace_by_order(b, 0);
    EXPECT_REFUSED(b, "plan 'test': paced by order without a window");
    b = one_root();
    plan_builder_streamed(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_phase(b, 0, 0);
    plan_builder_loop_end(b, 0);
    EXPECT_REFUSED(b, "plan 'test': streamed, but thread 0 has a body");
}
END_TEST

UNIT_MAIN("plan", paces_do_not_fall_and_stand_in_no_body,
          a_plan_is_paced_in_one_way_and_streamed_without_bodies, counts_what_one_pass_does,
          free_and_malloc_of_a_slot_become_one_word, no_word_crosses_the_ends_of_a_body,
          objects_above_4_GiB_are_expressible, a_remote_free_is_counted,
          cells_of_different_threads_lie_apart, independent_threads_are_groups_of_their_own,
          a_double_free_is_refused, a_full_slot_is_not_filled_again,
          a_gift_that_nobody_takes_is_refused, a_cycle_of_waits_is_refused, a_cell_has_one_giver,
          a_body_returns_to_its_start, a_cell_is_balanced_in_bodies,
          a_body_leaves_cells_as_it_found_them, a_wait_across_the_ends_of_bodies_is_refused,
          threads_alive_at_once_have_seats_of_their_own, tables_that_overlap_are_refused,
          threads_are_started_once_and_joined, a_thread_is_joined_in_the_part_that_started_it,
          a_damaged_plan_never_crashes_the_check, another_version_is_refused,
          what_is_touched_is_an_object_with_a_byte)
