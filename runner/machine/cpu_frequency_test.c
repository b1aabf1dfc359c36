#include "cpu_frequency.h"

#include <errno.h>

#include "fixture.h"
#include "unit.h"

START_TEST(cpufreq_comes_first_and_the_fastest_counts)
{
    struct fixture tree;
    struct err err = {0};
    uint64_t khz;
    fixture_init(&tree);
    fixture_write(&tree, "proc/cpuinfo",
                  "processor\t: 0\ncpu MHz\t\t: 2499.998\n"
                  "processor\t: 1\ncpu MHz\t\t: 3100.5\n");
    ck_assert_msg(machine_cpu_khz(tree.root, &khz, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(khz, 3100500);
    fixture_write(&tree, "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "800000\n");
    fixture_write(&tree, "sys/devices/system/cpu/cpufreq/policy7/scaling_cur_freq", "2100000\n");
    fixture_write(&tree, "sys/devices/system/cpu/cpufreq/policy9/scaling_cur_freq", "<unknown>\n");
    ck_assert_msg(machine_cpu_khz(tree.root, &khz, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(khz, 2100000);
    fixture_release(&tree);
}
END_TEST

START_TEST(machines_that_do_not_tell_are_unknown)
{
    static const char *const silent[] = {"", "cpu MHz\n", "cpu MHz\t\t: unknown\n",
                                         "cpu MHz\t\t: -5\n", "BogoMIPS\t: 50.00\n"};
    struct fixture tree;
    struct err err = {0};
    uint64_t khz;
    fixture_init(&tree);
    ck_assert_int_eq(machine_cpu_khz(tree.root, &khz, &err), -ENODATA);
    for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
        fixture_write(&tree, "proc/cpuinfo", silent[i]);
        ck_assert_msg(machine_cpu_khz(tree.root, &khz, &err) == -ENODATA, "%s", silent[i]);
    }
    fixture_release(&tree);
}
END_TEST

UNIT_MAIN("cpu frequency", cpufreq_comes_first_and_the_fastest_counts,
          machines_that_do_not_tell_are_unknown)
