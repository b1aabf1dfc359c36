#include <stdio.h>
#include <string.h>

#include "topology.h"
#include "unit.h"

static struct topology *load(const char *description, const char *cores)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load_synthetic(&t, description, &err) == 0, "%s", err.text);
    if (cores)
        ck_assert_msg(topology_restrict(t, cores, &err) == 0, "%s", err.text);
    return t;
}

static void expect(const char *description, const char *cores, const char *wanted)
{
    struct topology *t = load(description, cores);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    topology_describe(t, out);
    fclose(out);
    ck_assert_str_eq(text, wanted);
    free(text);
    topology_free(t);
}

START_TEST(a_server_of_two_packages)
{
    expect("pack:2 [numa(memory=8589934592)] l3:2(size=33554432) core:2 pu:2", "0-7",
           "2 packages, 2 NUMA nodes, 4 L3s, 8 cores, 16 CPUs; chosen: 0-7\n"
           "  package 0, 4 cores, CPUs 0-7 (SMT)\n"
           "    NUMA node 0, 8.0 GiB, 4 cores, CPUs 0-7 (SMT)\n"
           "      L3 0, 32.0 MiB, 2 cores, CPUs 0-3 (SMT)\n"
           "      L3 1, 32.0 MiB, 2 cores, CPUs 4-7 (SMT)\n"
           "  package 1, 4 cores, CPUs 8-15 (SMT)\n"
           "    NUMA node 1, 8.0 GiB, 4 cores, CPUs 8-15 (SMT)\n"
           "      L3 2, 32.0 MiB, 2 cores, CPUs 8-11 (SMT)\n"
           "      L3 3, 32.0 MiB, 2 cores, CPUs 12-15 (SMT)\n");
}
END_TEST

START_TEST(one_cpu)
{
    expect("[numa(memory=1048576)] core:1 pu:1", NULL,
           "1 NUMA node, 1 core, 1 CPU\n"
           "  NUMA node 0, 1.0 MiB, 1 core, CPU 0\n");
}
END_TEST

START_TEST(a_summary_is_cut_not_overrun)
{
    struct topology *t = load("pack:2 core:4 pu:2", "3,5");
    char text[200];
    topology_summary(t, text, sizeof(text));
    ck_assert_str_eq(text, "2 packages, 1 NUMA node, 8 cores, 16 CPUs; chosen: 3,5");
    for (size_t n = 1; n < sizeof(text); n++) {
        char part[200];
        memset(part, '?', sizeof(part));
        topology_summary(t, part, n);
        ck_assert_uint_lt(strlen(part), n);
        ck_assert_int_eq(strncmp(text, part, strlen(part)), 0);
        ck_assert_int_eq(part[n], '?');
    }
    topology_free(t);
}
END_TEST

START_TEST(this_machine_has_cpus)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load(&t, &err) == 0, "%s", err.text);
    char text[600];
    topology_summary(t, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " CPU"));
    topology_free(t);
}
END_TEST

UNIT_MAIN("describe", a_server_of_two_packages, one_cpu, a_summary_is_cut_not_overrun,
          this_machine_has_cpus)
