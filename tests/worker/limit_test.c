/* When a trial is a hang: what is only slow is none. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

static void plan_loop(struct rig *r)
{
    rig_init(r, 1);
    plan_builder_loop_begin(r->builder, 0);
    plan_builder_malloc(r->builder, 0, 0, 100);
    plan_builder_free_slot(r->builder, 0, 0);
    plan_builder_loop_end(r->builder, 0);
    r->run_ns = 500 * NS_PER_MS;
    r->limit_ns = 100 * NS_PER_MS;
}

START_TEST(the_limit_ends_what_goes_on)
{
    struct rig r;
    plan_loop(&r);
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_HUNG);
    ck_assert_ptr_nonnull(strstr(r.result.message, "after its limit of 100 ms"));
    rig_release(&r);
}
END_TEST

START_TEST(the_limit_begins_anew_while_operations_are_done)
{
    struct rig r;
    plan_loop(&r);
    r.extensions = 100;
    rig_run_well(&r);
    rig_release(&r);
}
END_TEST

START_TEST(but_not_for_ever)
{
    struct rig r;
    plan_loop(&r);
    r.extensions = 2;
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_HUNG);
    ck_assert_ptr_nonnull(strstr(r.result.message, "after its limit of 300 ms"));
    rig_release(&r);
}
END_TEST

START_TEST(where_nothing_is_done_it_ends_at_once)
{
    static const char *const environment[] = {"FAULT=hang", "FAULT_AFTER=5000", NULL};
    struct rig r;
    plan_loop(&r);
    r.library = getenv("FAULTY");
    r.environment = environment;
    r.extensions = 1000;
    uint64_t start = clock_ns();
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_HUNG);
    ck_assert_uint_lt(clock_ns() - start, 10 * NS_PER_S);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("limit");
    tcase_add_test(all, the_limit_ends_what_goes_on);
    tcase_add_test(all, the_limit_begins_anew_while_operations_are_done);
    tcase_add_test(all, but_not_for_ever);
    tcase_add_test(all, where_nothing_is_done_it_ends_at_once);
    return rig_main(all);
}
