/* What a plan holds live, against sums made by hand and against a second way of going through it. */
#include "plan_profile.h"

#include <errno.h>
#include <unistd.h>

#include "os.h"
#include "plan_builder.h"
#include "unit.h"

static struct err err;

struct made {
    const struct plan *plan;
    struct plan_profile profile;
};

static const struct plan *finish(struct plan_builder *b)
{
    int fd;
    const struct plan *plan = NULL;
    ck_assert_msg(plan_builder_finish(b, &fd, &plan, &err) == 0, "%s", err.text);
    plan_builder_free(b);
    close(fd);
    return plan;
}

static struct made make(struct plan_builder *b, uint64_t stride)
{
    struct made m = {.plan = finish(b)};
    ck_assert_msg(plan_profile_make(m.plan, stride, &m.profile, &err) == 0, "%s", err.text);
    return m;
}

static void release(struct made *m)
{
    plan_profile_release(&m->profile);
    os_unmap((void *)m->plan, m->plan->n_bytes);
}

static struct plan_builder *roots(uint32_t n)
{
    struct plan_builder *b = plan_builder_new("test", n);
    for (uint32_t t = 0; t < n; t++)
        plan_builder_root(b, t);
    return b;
}

static int64_t net(const struct made *m, uint32_t t, uint64_t words)
{
    return (int64_t)plan_profile_net(&m->profile, t, words, 0);
}

START_TEST(every_kind_of_allocation_counts_as_requested)
{
    struct plan_builder *b = roots(1);
    plan_builder_malloc(b, 0, 0, 100);
    plan_builder_calloc(b, 0, 1, 20);
    plan_builder_aligned(b, 0, 2, 64, 7);  /* a prefix and a word */
    plan_builder_malloc(b, 0, 3, 5 * GIB); /* likewise */
    plan_builder_realloc_null(b, 0, 4, 3);
    plan_builder_realloc(b, 0, 0, 100, 40); /* likewise, or one word */
    plan_builder_free_slot(b, 0, 1);
    plan_builder_malloc(b, 0, 1, 21); /* one word with the free before */
    struct made m = make(b, 1);
    const int64_t big = 5 * (int64_t)GIB;
    ck_assert_int_eq(net(&m, 0, 0), 0);
    ck_assert_int_eq(net(&m, 0, 1), 100);
    ck_assert_int_eq(net(&m, 0, 2), 120);
    ck_assert_int_eq(net(&m, 0, 4), 127);
    ck_assert_int_eq(net(&m, 0, 6), 127 + big);
    ck_assert_int_eq(net(&m, 0, 7), 130 + big);
    uint64_t last = plan_threads(m.plan)[0].n_ops - 1;
    ck_assert_int_eq(net(&m, 0, last - 1), 70 + big);
    ck_assert_int_eq(net(&m, 0, last), 71 + big);
    release(&m);
}
END_TEST

START_TEST(between_two_marks_the_first_one_holds)
{
    struct plan_builder *b = roots(1);
    for (uint32_t s = 0; s < 10; s++)
        plan_builder_malloc(b, 0, s, 1);
    struct made m = make(b, 4);
    const int64_t expected[11] = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 10};
    for (uint64_t w = 0; w <= 10; w++)
        ck_assert_int_eq(net(&m, 0, w), expected[w]);
    release(&m);
}
END_TEST

START_TEST(the_first_pass_frees_what_was_made_for_it_and_later_ones_their_own)
{
    struct plan_builder *b = roots(1);
    plan_builder_malloc(b, 0, 0, 1000);
    plan_builder_loop_begin(b, 0);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_malloc(b, 0, 0, 8);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_malloc(b, 0, 0, 30);
    plan_builder_loop_end(b, 0);
    plan_builder_malloc(b, 0, 1, 5);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_free_slot(b, 0, 1);
    struct made m = make(b, 1);
    const int64_t expected[] = {0, 1000, 8, 30, 8, 30, 8, 30};
    for (uint64_t w = 0; w < ARRAY_SIZE(expected); w++)
        ck_assert_int_eq(net(&m, 0, w), expected[w]);
    ck_assert_int_eq(net(&m, 0, 1 + 2 * 1000000 + 1), 8);
    /* Behind three passes, which the number of their words tells apart from a fourth. */
    const int64_t behind[] = {30, 35, 5, 0};
    for (uint64_t w = 0; w < ARRAY_SIZE(behind); w++)
        ck_assert_int_eq((int64_t)plan_profile_net(&m.profile, 0, 7 + w, 7), behind[w]);
    ck_assert_int_eq((int64_t)plan_profile_net(&m.profile, 0, 6, 7), 8); /* read before it ended */
    release(&m);
}
END_TEST

START_TEST(an_object_counts_to_its_maker_until_another_thread_frees_it)
{
    struct plan_builder *b = roots(2);
    uint32_t cell = plan_builder_cell(b);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 50);
    plan_builder_give(b, 0, 0, cell);
    plan_builder_loop_end(b, 0);
    plan_builder_loop_begin(b, 1);
    plan_builder_take(b, 1, 0, cell);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_loop_end(b, 1);
    struct made m = make(b, 1);
    ck_assert_int_eq(net(&m, 0, 2), 50);
    ck_assert_int_eq(net(&m, 0, 2 * 7 + 1), 8 * 50);
    ck_assert_int_eq(net(&m, 1, 1), 0);
    ck_assert_int_eq(net(&m, 1, 2 * 7), -7 * 50);
    release(&m);
}
END_TEST

START_TEST(a_thread_of_a_body_lives_again_in_every_pass)
{
    struct plan_builder *b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_malloc(b, 0, 0, 9);
    plan_builder_loop_begin(b, 0);
    uint32_t down = plan_builder_cell(b), up = plan_builder_cell(b);
    plan_builder_spawn(b, 0, 1);
    plan_builder_give(b, 0, 0, down);
    plan_builder_take(b, 0, 0, up);
    plan_builder_join(b, 0, 1);
    plan_builder_loop_end(b, 0);
    plan_builder_take(b, 1, 0, down);
    plan_builder_free_slot(b, 1, 0);
    plan_builder_malloc(b, 1, 0, 4);
    plan_builder_give(b, 1, 0, up);
    struct made m = make(b, 1);
    /* Its first life ends the 9 bytes, all others the 4 of the life before. */
    const int64_t expected[] = {0, 0, -5, -5, -5, -5, -5};
    for (uint64_t w = 0; w < ARRAY_SIZE(expected); w++)
        ck_assert_int_eq(net(&m, 1, w), expected[w]);
    ck_assert_int_eq(net(&m, 0, 1 + 4 * 9), 9);
    release(&m);
}
END_TEST

START_TEST(a_thread_behind_the_bodies_is_not_one_of_theirs)
{
    struct plan_builder *b = plan_builder_new("test", 2);
    plan_builder_root(b, 0);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_free_slot(b, 0, 0);
    plan_builder_loop_end(b, 0);
    plan_builder_spawn(b, 0, 1);
    plan_builder_join(b, 0, 1);
    plan_builder_malloc(b, 1, 0, 77);
    plan_builder_malloc(b, 1, 1, 3);
    struct made m = make(b, 1);
    ck_assert_int_eq(net(&m, 1, 1), 77);
    ck_assert_int_eq(net(&m, 1, 2), 80);
    release(&m);
}
END_TEST

START_TEST(objects_that_go_round_for_ever_are_refused)
{
    struct plan_builder *b = roots(2);
    uint32_t over[3], back[3];
    for (uint32_t s = 0; s < 3; s++) {
        over[s] = plan_builder_cell(b);
        back[s] = plan_builder_cell(b);
        plan_builder_malloc(b, 0, s, 10 + s);
    }
    plan_builder_loop_begin(b, 0);
    plan_builder_loop_begin(b, 1);
    for (uint32_t s = 0; s < 3; s++) {
        plan_builder_give(b, 0, s, over[s]);
        plan_builder_take(b, 1, s, over[s]);
        plan_builder_give(b, 1, s, back[s]);
    }
    for (uint32_t s = 0; s < 3; s++)
        plan_builder_take(b, 0, (s + 1) % 3, back[s]);
    plan_builder_loop_end(b, 0);
    plan_builder_loop_end(b, 1);
    const struct plan *plan = finish(b);
    struct plan_profile profile;
    ck_assert_int_eq(plan_profile_make(plan, 1, &profile, &err), -EINVAL);
    ck_assert_str_eq(err.text, "plan 'test': its passes differ in size for longer than 16 of them");
    ck_assert_ptr_null(profile.threads);
    os_unmap((void *)plan, plan->n_bytes);
}
END_TEST

enum { SLOTS = 8 };

/* The net behind each whole call of `passes` passes, by the words' definition alone. */
struct oracle {
    const struct plan_op *ops;
    uint64_t slots[SLOTS], words;
    int64_t net;
};

static void step_over(struct oracle *o, const struct plan_op **op)
{
    uint64_t high = 0;
    for (; plan_op_kind(**op) == PLAN_WIDE || plan_op_kind(**op) == PLAN_EXTENT;
         (*op)++, o->words++)
        if (plan_op_kind(**op) == PLAN_WIDE)
            high = (uint64_t)(*op)->arg << 32;
    uint64_t *slot = &o->slots[plan_op_slot(**op)];
    uint64_t bytes = plan_op_kind(**op) == PLAN_FREE ? 0 : (high | (*op)->arg);
    o->net += (int64_t)(bytes - *slot);
    *slot = bytes;
    (*op)++;
    o->words++;
}

static struct made make_random(uint64_t stride)
{
    struct plan_builder *b = roots(1);
    for (uint32_t s = 0; s < SLOTS; s++)
        plan_builder_malloc(b, 0, s, (uint64_t)rand() % 500);
    plan_builder_loop_begin(b, 0);
    for (unsigned i = 0; i < 40; i++) {
        uint32_t s = (uint32_t)rand() % SLOTS, other = (s + 1) % SLOTS;
        uint64_t bytes = (uint64_t)rand() % 1000 + (rand() % 9 == 0 ? 6 * GIB : 0);
        plan_builder_realloc(b, 0, s, 0, bytes);
        plan_builder_free_slot(b, 0, other);
        if (rand() % 2)
            plan_builder_aligned(b, 0, other, 64, bytes / 2);
        else
            plan_builder_calloc(b, 0, other, bytes / 3);
    }
    plan_builder_loop_end(b, 0);
    return make(b, stride);
}

/* Words [from, to) of the sequence; compared at each multiple of the stride, and at the end. */
static void go_through(struct oracle *o, const struct made *m, uint64_t from, uint64_t to)
{
    const struct plan_op *op = o->ops + from;
    uint64_t stride = m->profile.stride, next = (from / stride + 1) * stride;
    while (op < o->ops + to) {
        step_over(o, &op);
        uint64_t at = (uint64_t)(op - o->ops);
        if (at < next && at < to)
            continue;
        next = (at / stride + 1) * stride;
        ck_assert_int_eq(net(m, 0, o->words), o->net);
    }
}

START_TEST(random_bodies_agree_with_going_through_every_pass)
{
    for (unsigned seed = 1; seed < 60; seed++) {
        srand(seed);
        struct made m = make_random(3 + seed % 7);
        const struct plan_thread *th = plan_threads(m.plan);
        struct oracle o = {.ops = plan_thread_ops(m.plan, 0)};
        go_through(&o, &m, 0, th->loop_begin);
        for (unsigned pass = 0; pass < 4; pass++)
            go_through(&o, &m, th->loop_begin, th->loop_end);
        release(&m);
    }
}
END_TEST

START_TEST(the_error_is_how_far_a_net_comes_from_what_was_told)
{
    struct plan_builder *b = roots(2);
    for (uint32_t t = 0; t < 2; t++) {
        plan_builder_malloc(b, t, 0, 100); /* word 0 */
        plan_builder_malloc(b, t, 1, 50 + t);
        plan_builder_free_slot(b, t, 1);
        plan_builder_malloc(b, t, 2, 60); /* word 3: the mark stands behind it, at 160 */
        plan_builder_free_slot(b, t, 0);
        plan_builder_free_slot(b, t, 2);
    }
    struct made m = make(b, 4); /* twice 160 away: from 0, and from 160 */
    ck_assert_uint_eq(m.profile.error_bytes, 2 * 160);
    release(&m);
    b = roots(1);
    plan_builder_malloc(b, 0, 0, 100);
    plan_builder_malloc(b, 0, 1, 50);
    m = make(b, 1);
    ck_assert_uint_eq(m.profile.error_bytes, 75); /* 100 and 50, just before they are told */
    release(&m);
}
END_TEST

START_TEST(impossible_numbers_are_survived)
{
    struct plan_builder *b = roots(1);
    plan_builder_malloc(b, 0, 0, 1);
    plan_builder_loop_begin(b, 0);
    plan_builder_realloc(b, 0, 0, 1, 2);
    plan_builder_loop_end(b, 0);
    plan_builder_free_slot(b, 0, 0);
    struct made m = make(b, 4096);
    srand(3);
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t words = (uint64_t)rand() << (rand() % 34), of = (uint64_t)rand() << (rand() % 34);
        (void)plan_profile_net(&m.profile, 0, words, of);
        (void)plan_profile_net(&m.profile, 0, UINT64_MAX - words, UINT64_MAX - of);
    }
    release(&m);
}
END_TEST

UNIT_MAIN("plan profile", every_kind_of_allocation_counts_as_requested,
          between_two_marks_the_first_one_holds,
          the_first_pass_frees_what_was_made_for_it_and_later_ones_their_own,
          an_object_counts_to_its_maker_until_another_thread_frees_it,
          a_thread_of_a_body_lives_again_in_every_pass,
          a_thread_behind_the_bodies_is_not_one_of_theirs,
          objects_that_go_round_for_ever_are_refused,
          random_bodies_agree_with_going_through_every_pass,
          the_error_is_how_far_a_net_comes_from_what_was_told, impossible_numbers_are_survived)
