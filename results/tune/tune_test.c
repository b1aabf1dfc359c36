/* The search on surfaces whose answer is known. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tune_surface.h"

static struct err err;

/* Only both thresholds together help: each alone costs. */
static struct effect only_both(const struct tune_point *p)
{
    bool a = p->level[0] >= 3, b = p->level[1] >= 2;
    if (a && b)
        return (struct effect){1, 0.5, NULL};
    return (struct effect){1, a || b ? 1.3 : 1, NULL};
}

/* The third knob helps only while the thresholds are unset, and is better than they are. */
static struct effect only_untuned(const struct tune_point *p)
{
    bool tuned = p->level[0] || p->level[1];
    double rss = p->level[0] >= 3 ? 0.8 : 1;
    if (p->level[2] == 1)
        rss *= tuned ? 1.5 : 0.4;
    return (struct effect){1, rss, NULL};
}

/* Third and fourth knob help each on its own, and together more. */
static struct effect two_besides(const struct tune_point *p)
{
    double rss = p->level[2] == 5 ? 0.8 : 1;
    return (struct effect){1, p->level[3] == 2 ? 0.7 * rss : rss, NULL};
}

/* The leanest point is too slow. */
static struct effect at_a_price(const struct tune_point *p)
{
    if (p->level[0] == 1)
        return (struct effect){0.5, 0.2, NULL};
    return (struct effect){1, p->level[0] == 2 ? 0.6 : 1, NULL};
}

static struct effect fragile(const struct tune_point *p)
{
    if (p->level[0] == 4)
        return (struct effect){1, 0.1, "crashed: signal 11"};
    return (struct effect){1, p->level[0] == 5 ? 0.5 : 1, NULL};
}

/* The leanest point is at the limit; the next is certainly within. */
static struct effect at_the_limit(const struct tune_point *p)
{
    double speed = p->level[0] == 1 ? 0.972 : 1;
    double rss = p->level[0] == 1 ? 0.5 : p->level[0] == 2 ? 0.55 : 1;
    return (struct effect){speed, rss, NULL};
}

static struct effect worse(const struct tune_point *p)
{
    bool is_default = tune_points_n_set(p) == 0;
    return (struct effect){is_default ? 1 : 0.9, is_default ? 1 : 1.2, NULL};
}

static struct effect broken(const struct tune_point *p)
{
    return (struct effect){1, 1, tune_points_n_set(p) == 0 ? "hung" : NULL};
}

static void check_levels(const struct tune_point *p, unsigned knob, unsigned least, unsigned most)
{
    ck_assert_msg(p->level[knob] >= least && p->level[knob] <= most, "knob %u has level %u", knob,
                  p->level[knob]);
}

START_TEST(what_only_both_thresholds_do_is_found)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    const struct tune_options o = surface_options(600, 7);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    check_levels(tune_point(t, a.recommended), 0, 3, 6);
    check_levels(tune_point(t, a.recommended), 1, 2, 5);
    ck_assert_uint_eq(tune_points_n_set(tune_point(t, a.recommended)), 2);
    const struct interval *rss = &tune_chosen(&a)->ratio[TUNE_PEAK_RSS];
    ck_assert(rss->low < 0.5 && rss->high > 0.5);
    ck_assert_uint_eq(a.n_confirmed, tune_plan(t)->n_confirm_blocks);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(what_helps_only_without_the_thresholds_is_found_beside_the_default)
{
    const struct surface s = {surface_space, only_untuned, 0.03, 0.1};
    const struct tune_options o = surface_options(600, 7);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    check_levels(tune_point(t, a.recommended), 0, 0, 0);
    check_levels(tune_point(t, a.recommended), 1, 0, 0);
    check_levels(tune_point(t, a.recommended), 2, 1, 1);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(two_of_the_other_knobs_are_combined_and_nothing_else_is_set)
{
    const struct surface s = {surface_space, two_besides, 0.02, 0.1};
    const struct tune_options o = surface_options(800, 3);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    check_levels(tune_point(t, a.recommended), 2, 5, 5);
    check_levels(tune_point(t, a.recommended), 3, 2, 2);
    ck_assert_uint_eq(tune_points_n_set(tune_point(t, a.recommended)), 2);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(the_limit_keeps_out_what_is_too_slow_but_not_of_the_pareto_set)
{
    const struct surface s = {surface_space, at_a_price, 0.02, 0.1};
    const struct tune_options o = surface_options(600, 5);
    bool slow_stands = false, middle_stands = false;
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    check_levels(tune_point(t, a.recommended), 0, 2, 2);
    for (unsigned p = 0; p < a.n_points; p++) {
        unsigned level = tune_point(t, p)->level[0];
        slow_stands |= a.points[p].is_pareto && level == 1;
        middle_stands |= a.points[p].is_pareto && level == 2;
        ck_assert(!a.points[p].is_pareto || p == 0 || (level >= 1 && level <= 2));
        if (level == 1)
            ck_assert(a.points[p].state == TUNE_BEYOND || a.points[p].state == TUNE_OUTRANKED);
    }
    ck_assert(slow_stands && middle_stands);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(throughput_can_be_the_goal_and_memory_the_limit)
{
    const struct surface s = {surface_space, at_a_price, 0.02, 0.1};
    struct tune_options o = surface_options(300, 5);
    struct tune_answer a;
    struct tune *t;
    o.objective = (struct tune_objective){TUNE_THROUGHPUT, TUNE_PEAK_RSS, 1.1};
    surface_search(&s, &o, &t, &a);
    ck_assert(a.verdict == TUNE_NO_CANDIDATE || a.verdict == TUNE_NO_GAIN);
    ck_assert_uint_eq(a.recommended, 0);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(a_point_that_fails_leaves_with_its_sentence)
{
    const struct surface s = {surface_space, fragile, 0.02, 0.1};
    const struct tune_options o = surface_options(400, 5);
    unsigned n_failed = 0;
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    check_levels(tune_point(t, a.recommended), 0, 5, 5);
    for (unsigned p = 0; p < a.n_points; p++) {
        bool fails = tune_point(t, p)->level[0] == 4;
        n_failed += fails;
        ck_assert_int_eq(fails, a.points[p].state == TUNE_FAILED);
        ck_assert_str_eq(a.points[p].failure, fails ? "crashed: signal 11" : "");
        ck_assert_uint_eq(fails, fails && a.points[p].n_blocks == 0);
    }
    ck_assert_uint_ge(n_failed, 6);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(where_all_is_worse_the_default_stays_and_nothing_is_confirmed)
{
    const struct surface s = {surface_space, worse, 0.02, 0.1};
    const struct tune_options o = surface_options(400, 5);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_NO_CANDIDATE);
    ck_assert_uint_eq(a.recommended, 0);
    ck_assert_uint_eq(a.n_confirmed, 0);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(a_default_that_fails_ends_the_search)
{
    const struct surface s = {surface_space, broken, 0.02, 0.1};
    const struct tune_options o = surface_options(400, 5);
    struct tune_block block;
    struct rng rng;
    struct tune *t;
    rng_seed(&rng, 1);
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    ck_assert_int_eq(tune_next(t, &block, &err), 0);
    surface_block(&s, t, &block, &rng);
    ck_assert_int_eq(tune_next(t, &block, &err), -EIO);
    ck_assert(strstr(err.text, "hung"));
    tune_end(t);
}
END_TEST

START_TEST(poor_points_get_few_blocks_and_close_ones_many)
{
    const struct surface s = {surface_space, only_both, 0.03, 0.1};
    const struct tune_options o = surface_options(1000, 9);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    for (unsigned p = 1; p < a.n_points; p++) {
        if (only_both(tune_point(t, p)).rss > 1.2)
            ck_assert_uint_le(a.points[p].n_blocks, 3);
        ck_assert_uint_ge(a.points[p].n_blocks, 1);
    }
    ck_assert_uint_ge(a.points[a.best].n_blocks, 15);
    ck_assert(tune_spent(t) <= o.budget);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(any_budget_is_kept_and_the_least_one_told)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    double least;
    struct tune *t;
    struct tune_options o = surface_options(3, 5);
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, &least, &err), -EINVAL);
    ck_assert(strstr(err.text, "too small"));
    tune_end(t);
    for (o.budget = least; o.budget < 40 * least; o.budget = ceil(o.budget * 1.3)) {
        struct tune_answer a;
        surface_search(&s, &o, &t, &a);
        ck_assert_msg(tune_spent(t) <= o.budget, "%g of %g", tune_spent(t), o.budget);
        ck_assert(a.best == 0 || a.n_confirmed >= TUNE_CONFIRM_LEAST);
        ck_assert(tune_plan(t)->is_thinned == (tune_plan(t)->n_grid_points < 42) ||
                  tune_plan(t)->n_grid_points == 42);
        tune_answer_release(&a);
        tune_end(t);
    }
}
END_TEST

START_TEST(told_again_the_search_asks_the_same)
{
    const struct surface s = {surface_space, two_besides, 0.03, 0.1};
    const struct tune_options o = surface_options(500, 11);
    struct tune *t, *u;
    struct tune_block b, c;
    struct rng rng;
    rng_seed(&rng, 3);
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    ck_assert_int_eq(tune_begin(&s.space, &o, &u, NULL, &err), 0);
    do {
        ck_assert_int_eq(tune_next(t, &b, &err), 0);
        ck_assert_int_eq(tune_next(u, &c, &err), 0);
        ck_assert_uint_eq(b.n_points, c.n_points);
        ck_assert_int_eq(b.phase, c.phase);
        for (unsigned i = 0; i < b.n_points; i++) {
            ck_assert_uint_eq(b.points[i], c.points[i]);
            struct tune_outcome x = surface_trial(&s, tune_point(t, b.points[i]), 0, &rng);
            ck_assert_int_eq(tune_tell(t, b.points[i], &x, &err), 0);
            ck_assert_int_eq(tune_tell(u, b.points[i], &x, &err), 0);
        }
    } while (b.phase != TUNE_DONE);
    tune_end(t);
    tune_end(u);
}
END_TEST

START_TEST(a_hurried_search_is_confirmed_at_once)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    const struct tune_options o = surface_options(2000, 5);
    struct tune_block block;
    struct tune_answer a;
    struct rng rng;
    struct tune *t;
    rng_seed(&rng, 1);
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(tune_next(t, &block, &err), 0);
        surface_block(&s, t, &block, &rng);
    }
    ck_assert_int_eq(tune_answer(t, &a, &err), 0);
    ck_assert_int_eq(a.verdict, TUNE_UNCONFIRMED);
    ck_assert_uint_ne(a.best, 0);
    ck_assert_uint_eq(a.recommended, 0);
    tune_answer_release(&a);
    tune_hurry(t);
    ck_assert_int_eq(tune_next(t, &block, &err), 0);
    ck_assert_int_eq(block.phase, TUNE_CONFIRM);
    ck_assert_uint_ge(block.n_points, 2);
    ck_assert_uint_le(block.n_points, 1 + TUNE_CANDIDATES);
    tune_end(t);
}
END_TEST

START_TEST(a_block_half_told_gives_an_answer_but_no_next_block)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    const struct tune_options o = surface_options(600, 5);
    struct tune_block block;
    struct tune_answer a;
    struct rng rng;
    struct tune *t;
    rng_seed(&rng, 1);
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    ck_assert_int_eq(tune_answer(t, &a, &err), 0);
    ck_assert_uint_eq(a.best, 0);
    tune_answer_release(&a);
    ck_assert_int_eq(tune_next(t, &block, &err), 0);
    for (unsigned i = 0; i < block.n_points; i++) {
        struct tune_outcome x = surface_trial(&s, tune_point(t, block.points[i]), 0, &rng);
        if (block.points[i] == 0)
            continue;
        ck_assert_int_eq(tune_tell(t, block.points[i], &x, &err), 0);
        ck_assert_int_eq(tune_tell(t, block.points[i], &x, &err), -EINVAL);
    }
    ck_assert_int_eq(tune_answer(t, &a, &err), 0);
    ck_assert_int_eq(a.verdict, TUNE_UNCONFIRMED);
    tune_answer_release(&a);
    ck_assert_int_eq(tune_next(t, &block, &err), -EINVAL);
    tune_end(t);
}
END_TEST

START_TEST(objectives_that_contradict_themselves_are_refused)
{
    static const struct tune_objective wrong[] = {
        {TUNE_PEAK_RSS, TUNE_PEAK_RSS, 1},     {TUNE_PEAK_RSS, TUNE_THROUGHPUT, 1.2},
        {TUNE_PEAK_RSS, TUNE_THROUGHPUT, 0},   {TUNE_THROUGHPUT, TUNE_PEAK_RSS, 0.5},
        {TUNE_PEAK_RSS, TUNE_THROUGHPUT, NAN}, {TUNE_MEASURES, TUNE_THROUGHPUT, 1},
    };
    struct tune_options o = surface_options(400, 1);
    struct tune *t;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        o.objective = wrong[i];
        ck_assert_int_eq(tune_begin(&surface_space, &o, &t, NULL, &err), -EINVAL);
        tune_end(t);
    }
}
END_TEST

START_TEST(one_knob_alone_can_be_searched)
{
    const struct surface s = {
        {.knobs = {{7, true}}, .n_knobs = 1, .n_grid = 1}, at_a_price, 0.02, 0.1};
    const struct tune_options o = surface_options(400, 5);
    struct tune_answer a;
    struct tune *t;
    surface_search(&s, &o, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    check_levels(tune_point(t, a.recommended), 0, 2, 2);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(near_the_limit_one_that_is_safely_within_is_measured_again_too)
{
    const struct surface s = {
        {.knobs = {{4, true}}, .n_knobs = 1, .n_grid = 1}, at_the_limit, 0.02, 0.1};
    unsigned n_safe = 0, n_several = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct tune_options o = surface_options(400, seed);
        struct tune_answer a;
        struct tune *t;
        surface_search(&s, &o, &t, &a);
        n_several += a.n_candidates > 1;
        n_safe += a.recommended != 0;
        if (a.n_candidates > 1) {
            ck_assert_ptr_eq(tune_confirmed(&a, a.best), tune_chosen(&a));
            ck_assert(a.points[a.candidates[1].point].is_pareto);
            ck_assert_uint_eq(a.candidates[0].n_blocks, a.n_confirmed);
        }
        tune_answer_release(&a);
        tune_end(t);
    }
    printf("# with 2 candidates %u times in 20; with a recommendation %u\n", n_several, n_safe);
    ck_assert_uint_ge(n_several, 5);
    ck_assert_uint_ge(n_safe, 18);
}
END_TEST

/* What the favourite does when it is measured again. */
static void search_with_bad_favourite(bool all_fail, struct tune **t, struct tune_answer *a)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    const struct tune_options o = surface_options(800, 5);
    struct tune_block block;
    struct rng rng;
    rng_seed(&rng, 1);
    ck_assert_int_eq(tune_begin(&s.space, &o, t, NULL, &err), 0);
    for (;;) {
        ck_assert_int_eq(tune_next(*t, &block, &err), 0);
        for (unsigned i = 0; i < block.n_points; i++) {
            unsigned p = block.points[i];
            struct tune_outcome x = surface_trial(&s, tune_point(*t, p), 0, &rng);
            if (block.phase == TUNE_CONFIRM && p > 0 && (all_fail || p == (*t)->candidates[0]))
                x.failure = "hung";
            ck_assert_int_eq(tune_tell(*t, p, &x, &err), 0);
        }
        if (block.phase == TUNE_DONE)
            break;
    }
    ck_assert_int_eq(tune_answer(*t, a, &err), 0);
}

START_TEST(a_favourite_that_fails_when_measured_again_gives_way_to_the_next)
{
    struct tune_answer a;
    struct tune *t;
    search_with_bad_favourite(false, &t, &a);
    ck_assert_uint_gt(a.n_candidates, 1);
    ck_assert_int_eq(a.verdict, TUNE_GAIN);
    ck_assert_int_eq(a.candidates[0].verdict, TUNE_FAILED_LATER);
    ck_assert_uint_ne(a.recommended, a.candidates[0].point);
    ck_assert_uint_eq(a.candidates[a.chosen].n_blocks, a.n_confirmed);
    tune_answer_release(&a);
    tune_end(t);
    search_with_bad_favourite(true, &t, &a);
    ck_assert_int_eq(a.verdict, TUNE_FAILED_LATER);
    ck_assert_uint_eq(a.recommended, 0);
    ck_assert_uint_eq(a.n_confirmed, 1);
    tune_answer_release(&a);
    tune_end(t);
}
END_TEST

START_TEST(a_small_budget_confirms_one_and_a_large_one_three)
{
    const struct surface s = {surface_space, only_both, 0.02, 0.1};
    struct tune_options o = surface_options(60, 5);
    struct tune *t;
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    ck_assert_uint_eq(tune_plan(t)->n_candidates, 1);
    ck_assert(!tune_plan(t)->looks);
    tune_end(t);
    o.budget = 1000;
    ck_assert_int_eq(tune_begin(&s.space, &o, &t, NULL, &err), 0);
    ck_assert_uint_eq(tune_plan(t)->n_candidates, TUNE_CANDIDATES);
    ck_assert(tune_plan(t)->looks);
    ck_assert(tune_plan(t)->search_trials + tune_plan(t)->confirm_trials <= o.budget);
    tune_end(t);
}
END_TEST

UNIT_MAIN("tune", what_only_both_thresholds_do_is_found,
          what_helps_only_without_the_thresholds_is_found_beside_the_default,
          two_of_the_other_knobs_are_combined_and_nothing_else_is_set,
          the_limit_keeps_out_what_is_too_slow_but_not_of_the_pareto_set,
          throughput_can_be_the_goal_and_memory_the_limit,
          a_point_that_fails_leaves_with_its_sentence,
          where_all_is_worse_the_default_stays_and_nothing_is_confirmed,
          a_default_that_fails_ends_the_search, poor_points_get_few_blocks_and_close_ones_many,
          any_budget_is_kept_and_the_least_one_told, told_again_the_search_asks_the_same,
          a_hurried_search_is_confirmed_at_once,
          a_block_half_told_gives_an_answer_but_no_next_block,
          objectives_that_contradict_themselves_are_refused, one_knob_alone_can_be_searched,
          near_the_limit_one_that_is_safely_within_is_measured_again_too,
          a_favourite_that_fails_when_measured_again_gives_way_to_the_next,
          a_small_budget_confirms_one_and_a_large_one_three)
