#include "warnings.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

struct fact {
    const char *key, *value;
};

static const struct fact quiet[] = {
    {"governor", "performance"},
    {"turbo", "off"},
    {"smt_active", "no"},
    {"thp_enabled", "madvise"},
    {"load_average", "0.50 0.90 2.00"},
    {"cpus_online", "2"},
    {"cgroup_cpu_quota", "none"},
    {"swap_used_bytes", "0"},
    {"hypervisor", "none"},
    {"clocksource", "tsc"},
    {"numa_nodes", "1"},
    {"numa_balancing", "1"},
    {"overcommit_memory", "0"},
};

/* The quiet machine with one fact changed. */
static struct machine_facts machine(const char *key, const char *value)
{
    struct machine_facts f = {.n = ARRAY_SIZE(quiet)};
    for (size_t i = 0; i < f.n; i++) {
        f.facts[i].key = quiet[i].key;
        f.facts[i].known = true;
        bool changed = key && strcmp(key, quiet[i].key) == 0;
        snprintf(f.facts[i].value, MACHINE_VALUE_BYTES, "%s", changed ? value : quiet[i].value);
    }
    return f;
}

static struct machine_warning warnings[MACHINE_WARNINGS_MAX];

START_TEST(a_quiet_machine_is_not_complained_about)
{
    struct machine_facts f = machine(NULL, NULL);
    ck_assert_uint_eq(machine_warnings(&f, warnings), 0);
}
END_TEST

START_TEST(each_disturbance_has_its_warning)
{
    static const struct fact loud[] = {
        {"governor", "powersave"},
        {"governor", "performance, powersave"},
        {"turbo", "on"},
        {"smt_active", "yes"},
        {"thp_enabled", "always"},
        {"load_average", "0.51 0.00 0.00"},
        {"load_average", "17.00 0.00 0.00"},
        {"cgroup_cpu_quota", "1.50"},
        {"swap_used_bytes", "4096"},
        {"hypervisor", "KVM"},
        {"clocksource", "hpet"},
        {"numa_nodes", "2"},
        {"overcommit_memory", "2"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(loud); i++) {
        struct machine_facts f = machine(loud[i].key, loud[i].value);
        ck_assert_msg(machine_warnings(&f, warnings) == 1, "%s %s", loud[i].key, loud[i].value);
        /* More than one node is the reason, but balancing over them the fault. */
        const char *key = strcmp(loud[i].key, "numa_nodes") == 0 ? "numa_balancing" : loud[i].key;
        ck_assert_str_eq(warnings[0].key, key);
        if (key == loud[i].key)
            ck_assert_ptr_nonnull(strstr(warnings[0].text, loud[i].value));
        ck_assert_uint_lt(strlen(warnings[0].text), MACHINE_WARNING_BYTES - 1); /* not cut */
    }
}
END_TEST

START_TEST(a_large_machine_bears_more_load)
{
    struct machine_facts f = machine("cpus_online", "128");
    for (size_t i = 0; i < f.n; i++)
        if (strcmp(f.facts[i].key, "load_average") == 0)
            strcpy(f.facts[i].value, "6.40 0.00 0.00");
    ck_assert_uint_eq(machine_warnings(&f, warnings), 0);
    for (size_t i = 0; i < f.n; i++)
        if (strcmp(f.facts[i].key, "load_average") == 0)
            strcpy(f.facts[i].value, "6.41 0.00 0.00");
    ck_assert_uint_eq(machine_warnings(&f, warnings), 1);
}
END_TEST

START_TEST(what_is_unknown_warns_of_nothing)
{
    struct machine_facts f = machine("governor", "unknown: no such file");
    for (size_t i = 0; i < f.n; i++)
        f.facts[i].known = false;
    ck_assert_uint_eq(machine_warnings(&f, warnings), 0);
    f.n = 0;
    ck_assert_uint_eq(machine_warnings(&f, warnings), 0);
}
END_TEST

START_TEST(every_warning_is_about_a_fact_that_exists)
{
    static struct machine_facts real;
    machine_facts_read("/no/such/root", &real);
    for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
        bool found = false;
        for (size_t j = 0; j < real.n; j++)
            found = found || strcmp(real.facts[j].key, quiet[i].key) == 0;
        ck_assert_msg(found, "%s", quiet[i].key);
    }
}
END_TEST

UNIT_MAIN("warnings", a_quiet_machine_is_not_complained_about, each_disturbance_has_its_warning,
          a_large_machine_bears_more_load, what_is_unknown_warns_of_nothing,
          every_warning_is_about_a_fact_that_exists)
