#include "cpu_times.h"

#include <errno.h>
#include <time.h>

#include "clock.h"
#include "fixture.h"
#include "unit.h"

START_TEST(adds_up_what_is_busy)
{
    struct fixture tree;
    struct cpu_times times;
    struct err err = {0};
    fixture_init(&tree);
    fixture_write(&tree, "proc/stat",
                  "cpu  1 20 300 4000 50000 600000 7000000 80000000 9 9\n"
                  "cpu0 1 1 1 1 1 1 1 1 1 1\n");
    ck_assert_msg(machine_cpu_times(tree.root, &times, &err) == 0, "%s", err.text);
    uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    ck_assert_uint_eq(times.busy_ns, 7600321 * tick_ns);
    ck_assert_uint_eq(times.steal_ns, 80000000 * tick_ns);
    fixture_release(&tree);
}
END_TEST

START_TEST(refuses_other_texts)
{
    static const char *const wrong[] = {"", "cpu\n", "cpu 1 2 3 4 5 6 7\n",
                                        "intr 1 2 3 4 5 6 7 8\n", "cpu0 1 2 3 4 5 6 7 8 9 0\n"};
    struct fixture tree;
    struct cpu_times times;
    struct err err = {0};
    fixture_init(&tree);
    ck_assert_int_eq(machine_cpu_times(tree.root, &times, &err), -ENOENT);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        fixture_write(&tree, "proc/stat", wrong[i]);
        ck_assert_msg(machine_cpu_times(tree.root, &times, &err) == -EINVAL, "%s", wrong[i]);
    }
    fixture_release(&tree);
}
END_TEST

static uint64_t used_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

START_TEST(working_makes_the_machine_busy)
{
    struct cpu_times before;
    struct cpu_times after;
    struct err err = {0};
    ck_assert_msg(machine_cpu_times("/", &before, &err) == 0, "%s", err.text);
    uint64_t start_ns = used_ns();
    while (used_ns() - start_ns < 200 * NS_PER_MS)
        ;
    ck_assert_msg(machine_cpu_times("/", &after, &err) == 0, "%s", err.text);
    ck_assert_uint_ge(after.busy_ns - before.busy_ns, 100 * NS_PER_MS);
}
END_TEST

UNIT_MAIN("cpu_times", adds_up_what_is_busy, refuses_other_texts, working_makes_the_machine_busy)
