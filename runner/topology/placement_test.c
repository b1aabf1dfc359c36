#include "placement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

/* CPUs numbered as the kernel does on most machines: first of each core, then the siblings. */
#define SMT_4_CORES "core:4 pu:2(indexes=0,4,1,5,2,6,3,7)"
#define TWO_BY_TWO  "pack:2 numa:2 core:2 pu:1"
#define BIG         "numa:8 core:16 pu:2"

static struct topology *load(const char *description, const char *cores)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load_synthetic(&t, description, &err) == 0, "%s", err.text);
    if (cores)
        ck_assert_msg(topology_restrict(t, cores, &err) == 0, "%s", err.text);
    return t;
}

/* The CPUs of `n` threads on the chosen `cores` (NULL: all) and, after a bar, the runner's. */
static const char *order(const char *description, const char *cores, enum pin_policy policy,
                         unsigned n)
{
    static char text[4096];
    struct err err = {0};
    struct topology *t = load(description, cores);
    struct placement p;
    ck_assert_msg(topology_place(t, policy, n, &p, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(p.n_threads, n);
    size_t used = 0;
    for (unsigned i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%d ", p.cpus[i]);
    snprintf(text + used, sizeof(text) - used, "| %d", p.runner_cpu);
    placement_release(&p);
    topology_free(t);
    return text;
}

START_TEST(smt_siblings_come_last)
{
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_COMPACT, 8), "0 1 2 3 4 5 6 7 | -1");
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_SCATTER, 8), "0 1 2 3 4 5 6 7 | -1");
    ck_assert_str_eq(order("core:4 pu:2", NULL, PIN_COMPACT, 8), "0 2 4 6 1 3 5 7 | -1");
    ck_assert_str_eq(order("core:2 pu:4", NULL, PIN_COMPACT, 8), "0 4 1 5 2 6 3 7 | -1");
}
END_TEST

START_TEST(compact_fills_a_cache_before_the_next)
{
    /* package 0: L3s of cores (0 1)(2 3) and (4 5)(6 7); package 1 likewise from 8 on */
    ck_assert_str_eq(order("pack:2 l3:2 core:2 pu:2", NULL, PIN_COMPACT, 16),
                     "0 2 4 6 8 10 12 14 1 3 5 7 9 11 13 15 | -1");
    /* The first L3 holds cores 0 2 4 6 by the kernel's numbers, the second 1 3 5 7. */
    ck_assert_str_eq(order("l3:2 core:4 pu:1(indexes=0,2,4,6,1,3,5,7)", NULL, PIN_COMPACT, 8),
                     "0 2 4 6 1 3 5 7 | -1");
    ck_assert_str_eq(order(TWO_BY_TWO, NULL, PIN_COMPACT, 8), "0 1 2 3 4 5 6 7 | -1");
}
END_TEST

START_TEST(scatter_deals_over_packages_then_nodes_then_caches)
{
    ck_assert_str_eq(order(TWO_BY_TWO, NULL, PIN_SCATTER, 8), "0 4 2 6 1 5 3 7 | -1");
    ck_assert_str_eq(order(TWO_BY_TWO, NULL, PIN_SCATTER, 2), "0 4 | 7");
    ck_assert_str_eq(order("pack:2 l3:2 core:2 pu:2", NULL, PIN_SCATTER, 16),
                     "0 8 4 12 2 10 6 14 1 9 5 13 3 11 7 15 | -1");
    /* package 0: node 0: L3s (0 1) (2 3), node 1: (4 5) (6 7); package 1 likewise from 8 on */
    ck_assert_str_eq(order("pack:2 numa:2 l3:2 core:2 pu:1", NULL, PIN_SCATTER, 16),
                     "0 8 4 12 2 10 6 14 1 9 5 13 3 11 7 15 | -1");
}
END_TEST

START_TEST(nodes_inside_a_cache_are_dealt_over_after_it)
{
    /* L3 0: nodes (0 1) (2 3); L3 1: nodes (4 5) (6 7) */
    ck_assert_str_eq(order("pack:1 l3:2 numa:2 core:2 pu:1", NULL, PIN_SCATTER, 8),
                     "0 4 2 6 1 5 3 7 | -1");
}
END_TEST

START_TEST(a_node_over_two_packages_does_not_hide_them)
{
    ck_assert_str_eq(order("numa:1 pack:2 core:2 pu:1", NULL, PIN_SCATTER, 4), "0 2 1 3 | -1");
}
END_TEST

START_TEST(a_machine_of_256_cpus)
{
    struct err err = {0};
    struct topology *t = load(BIG, NULL);
    ck_assert_uint_eq(topology_n_cpus(t), 256);
    ck_assert_uint_eq(topology_n_cores(t), 128);
    struct placement compact;
    struct placement scatter;
    ck_assert_int_eq(topology_place(t, PIN_COMPACT, 256, &compact, &err), 0);
    ck_assert_int_eq(topology_place(t, PIN_SCATTER, 256, &scatter, &err), 0);
    /* Core c has CPUs 2c and 2c + 1; node m has cores 16m to 16m + 15. */
    for (int i = 0; i < 128; i++) {
        ck_assert_int_eq(compact.cpus[i], 2 * i);
        ck_assert_int_eq(compact.cpus[128 + i], 2 * i + 1);
        ck_assert_int_eq(scatter.cpus[i], 32 * (i % 8) + 2 * (i / 8));
        ck_assert_int_eq(scatter.cpus[128 + i], 32 * (i % 8) + 2 * (i / 8) + 1);
    }
    placement_release(&compact);
    placement_release(&scatter);
    topology_free(t);
}
END_TEST

START_TEST(the_example_of_the_header_holds)
{
    const char *machine = "pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)";
    ck_assert_str_eq(order(machine, NULL, PIN_COMPACT, 8), "0 1 2 3 4 5 6 7 | -1");
    ck_assert_str_eq(order(machine, NULL, PIN_SCATTER, 8), "0 2 1 3 4 6 5 7 | -1");
}
END_TEST

START_TEST(asymmetric_choices)
{
    /* Of package 0: both of node 0, one of node 1; of package 1: one. */
    ck_assert_str_eq(order(TWO_BY_TWO, "0-2,4", PIN_COMPACT, 4), "0 1 2 4 | 7");
    ck_assert_str_eq(order(TWO_BY_TWO, "0-2,4", PIN_SCATTER, 4), "0 4 2 1 | 7");
    ck_assert_str_eq(order(TWO_BY_TWO, "1,4-7", PIN_SCATTER, 5), "1 4 6 5 7 | 3");
    /* Core 0 (CPUs 0 4) is left its second CPU only: that one is no latecomer. */
    ck_assert_str_eq(order(SMT_4_CORES, "1,4,5", PIN_COMPACT, 3), "4 1 5 | 3");
}
END_TEST

START_TEST(more_threads_than_cpus_start_again)
{
    ck_assert_str_eq(order(SMT_4_CORES, "0,1,4", PIN_COMPACT, 8), "0 1 4 0 1 4 0 1 | 3");
    ck_assert_str_eq(order(TWO_BY_TWO, "0,2,4", PIN_SCATTER, 5), "0 4 2 0 4 | 7");
}
END_TEST

START_TEST(one_cpu_only)
{
    ck_assert_str_eq(order("core:1 pu:1", NULL, PIN_COMPACT, 3), "0 0 0 | -1");
    ck_assert_str_eq(order("core:1 pu:1", NULL, PIN_SCATTER, 1), "0 | -1");
    ck_assert_str_eq(order("core:1 pu:1", NULL, PIN_NONE, 1), "-1 | -1");
}
END_TEST

START_TEST(none_binds_nobody_but_the_runner_may_step_aside)
{
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_NONE, 3), "-1 -1 -1 | -1");
    ck_assert_str_eq(order(SMT_4_CORES, "0-1", PIN_NONE, 3), "-1 -1 -1 | 3");
}
END_TEST

START_TEST(the_runner_avoids_siblings_of_used_cores)
{
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_COMPACT, 3), "0 1 2 | 3");   /* core 3 is free */
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_COMPACT, 4), "0 1 2 3 | 7"); /* no core is */
    ck_assert_str_eq(order(SMT_4_CORES, NULL, PIN_COMPACT, 7), "0 1 2 3 4 5 6 | 7");
    ck_assert_str_eq(order(SMT_4_CORES, "1-3", PIN_COMPACT, 3), "1 2 3 | 0");   /* core 0: 0 4 */
    ck_assert_str_eq(order(SMT_4_CORES, "3,2,7", PIN_COMPACT, 3), "2 3 7 | 1"); /* core 1: 1 5 */
}
END_TEST

START_TEST(absurd_thread_counts_are_refused)
{
    struct err err = {0};
    struct topology *t = load("core:1 pu:1", NULL);
    struct placement p;
    ck_assert_int_eq(topology_place(t, PIN_COMPACT, 0, &p, &err), -EINVAL);
    ck_assert_str_ne(err.text, "");
    ck_assert_ptr_null(p.cpus);
    placement_release(&p);
    topology_free(t);
}
END_TEST

START_TEST(policies_have_names)
{
    struct err err = {0};
    enum pin_policy policy;
    for (int i = 0; i < PIN_POLICIES; i++) {
        ck_assert_int_eq(pin_policy_parse(pin_policy_name((enum pin_policy)i), &policy, &err), 0);
        ck_assert_int_eq((int)policy, i);
    }
    ck_assert_int_eq(pin_policy_parse("spread", &policy, &err), -EINVAL);
    ck_assert_str_eq(err.text,
                     "unknown way to pin threads \"spread\"; it is none, compact or scatter");
    ck_assert_int_eq(pin_policy_parse("", &policy, &err), -EINVAL);
}
END_TEST

UNIT_MAIN("placement", smt_siblings_come_last, compact_fills_a_cache_before_the_next,
          scatter_deals_over_packages_then_nodes_then_caches,
          nodes_inside_a_cache_are_dealt_over_after_it, a_node_over_two_packages_does_not_hide_them,
          a_machine_of_256_cpus, the_example_of_the_header_holds, asymmetric_choices,
          more_threads_than_cpus_start_again, one_cpu_only,
          none_binds_nobody_but_the_runner_may_step_aside, the_runner_avoids_siblings_of_used_cores,
          absurd_thread_counts_are_refused, policies_have_names)
