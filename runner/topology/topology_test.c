#include "topology.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* CPUs 0-4, of which 3 is offline and 2 is not in the cpuset, as hwloc exports such a machine. */
static const char xml[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
    "<topology version=\"2.0\">\n"
    "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x00000017\" complete_cpuset=\"0x0000001f\""
    " allowed_cpuset=\"0x00000013\" nodeset=\"0x1\" complete_nodeset=\"0x1\""
    " allowed_nodeset=\"0x1\" gp_index=\"1\">\n"
    "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x17\" complete_cpuset=\"0x1f\""
    " nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"2\" local_memory=\"1073741824\"/>\n"
    "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\""
    " complete_nodeset=\"0x1\" gp_index=\"3\"/>\n"
    "<object type=\"PU\" os_index=\"1\" cpuset=\"0x2\" complete_cpuset=\"0x2\" nodeset=\"0x1\""
    " complete_nodeset=\"0x1\" gp_index=\"4\"/>\n"
    "<object type=\"PU\" os_index=\"2\" cpuset=\"0x4\" complete_cpuset=\"0x4\" nodeset=\"0x1\""
    " complete_nodeset=\"0x1\" gp_index=\"5\"/>\n"
    "<object type=\"PU\" os_index=\"4\" cpuset=\"0x10\" complete_cpuset=\"0x10\" nodeset=\"0x1\""
    " complete_nodeset=\"0x1\" gp_index=\"6\"/>\n"
    "</object>\n</topology>\n";

static struct topology *load_xml(void)
{
    char path[] = "/tmp/topology_test_XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, xml, sizeof(xml) - 1), sizeof(xml) - 1);
    close(fd);
    setenv("HWLOC_XMLFILE", path, 1);
    struct err err = {0};
    struct topology *t;
    int r = topology_load(&t, &err);
    unlink(path);
    ck_assert_msg(r == 0, "%s", err.text);
    return t;
}

START_TEST(cpus_that_cannot_be_chosen_say_why)
{
    struct err err = {0};
    struct topology *t = load_xml();
    ck_assert_uint_eq(topology_n_cpus(t), 3);
    ck_assert_int_eq(topology_restrict(t, "0-2", &err), -EINVAL);
    ck_assert_str_eq(err.text, "CPU 2 is not allowed for this process (by its cgroup or its "
                               "affinity); usable here: 0-1,4");
    ck_assert_int_eq(topology_restrict(t, "3", &err), -EINVAL);
    ck_assert_str_eq(err.text, "CPU 3 is offline; usable here: 0-1,4");
    ck_assert_int_eq(topology_restrict(t, "4,5", &err), -EINVAL);
    ck_assert_str_eq(err.text, "CPU 5 does not exist; usable here: 0-1,4");
    ck_assert_uint_eq(topology_n_cpus(t), 3);
    ck_assert_int_eq(topology_restrict(t, "1-", &err), 0);
    ck_assert_uint_eq(topology_n_cpus(t), 2);
    topology_free(t);
}
END_TEST

START_TEST(a_choice_replaces_the_one_before)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_int_eq(topology_load_synthetic(&t, "core:4 pu:2", &err), 0);
    ck_assert_uint_eq(topology_n_cpus(t), 8);
    ck_assert_uint_eq(topology_n_cores(t), 4);
    ck_assert_int_eq(topology_restrict(t, "0-2", &err), 0); /* core 0 and half of core 1 */
    ck_assert_uint_eq(topology_n_cpus(t), 3);
    ck_assert_uint_eq(topology_n_cores(t), 2);
    ck_assert_int_eq(topology_restrict(t, "7", &err), 0);
    ck_assert_uint_eq(topology_n_cpus(t), 1);
    ck_assert_int_eq(topology_restrict(t, "8", &err), -EINVAL);
    ck_assert_int_eq(topology_restrict(t, "", &err), -EINVAL);
    ck_assert_uint_eq(topology_n_cpus(t), 1);
    topology_free(t);
}
END_TEST

START_TEST(this_machine_is_what_the_kernel_allows)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load(&t, &err) == 0, "%s", err.text);
    cpu_set_t set;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    ck_assert_uint_eq(topology_n_cpus(t), (unsigned)CPU_COUNT(&set));
    ck_assert_int_eq(topology_restrict(t, "60000", &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "CPU 60000 does not exist; usable here: "));
    topology_free(t);
}
END_TEST

START_TEST(the_affinity_of_the_process_counts)
{
    cpu_set_t set;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &set))
        last--;
    int n_before = CPU_COUNT(&set);
    int first = 0;
    while (!CPU_ISSET(first, &set))
        first++;
    CPU_ZERO(&set);
    CPU_SET(last, &set);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);

    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load(&t, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(topology_n_cpus(t), 1);
    char list[16];
    snprintf(list, sizeof(list), "%d", first);
    ck_assert_int_eq(topology_restrict(t, list, &err), n_before > 1 ? -EINVAL : 0);
    if (n_before > 1)
        ck_assert_ptr_nonnull(strstr(err.text, "is not allowed for this process"));
    topology_free(t);
}
END_TEST

START_TEST(descriptions_that_make_no_sense_are_refused)
{
    static const char *const wrong[] = {
        "",
        "hello",
        "pu",
        "core:0 pu:1",
        "pack:2 pack:2 core:-1",
        "core:99999999999 pu:1",
        "pack:60000 core:60000 pu:8",
        "core:0x7fffffff pu:2",
        "core:4 pu:2(indexes=",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct err err = {0};
        struct topology *t = NULL;
        ck_assert_msg(topology_load_synthetic(&t, wrong[i], &err) < 0, "\"%s\" was taken",
                      wrong[i]);
        ck_assert_str_ne(err.text, "");
        ck_assert_ptr_null(t);
    }
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
    topology_free(NULL);
}
END_TEST

UNIT_MAIN("topology", cpus_that_cannot_be_chosen_say_why, a_choice_replaces_the_one_before,
          this_machine_is_what_the_kernel_allows, the_affinity_of_the_process_counts,
          descriptions_that_make_no_sense_are_refused, freeing_nothing_is_fine)
