#include "warnings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct warning_row {
    const char *key;
    bool (*applies)(const char *value, const struct machine_facts *facts);
    const char *head, *tail; /* of the sentence, around the fact's value */
};

static bool is_other_governor(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "performance") != 0;
}

static bool is_on(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "on") == 0 || strcmp(value, "yes") == 0;
}

static bool is_always(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "always") == 0;
}

static bool is_not_none(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "none") != 0;
}

static bool is_above_zero(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strtoull(value, NULL, 10) > 0;
}

/* Half a CPU's worth of other work, or a twentieth of a large machine. */
static bool is_busy(const char *value, const struct machine_facts *facts)
{
    const char *cpus = machine_fact(facts, "cpus_online");
    unsigned long whole = 0;
    unsigned long hundredths = 0;
    sscanf(value, "%lu.%2lu", &whole, &hundredths); /* the kernel writes two digits */
    unsigned long load = whole * 100 + hundredths;
    return load > 50 && load > 5 * (cpus ? strtoul(cpus, NULL, 10) : 1);
}

static bool is_slow_clock(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "hpet") == 0 || strcmp(value, "acpi_pm") == 0;
}

static bool moves_pages(const char *value, const struct machine_facts *facts)
{
    const char *nodes = machine_fact(facts, "numa_nodes");
    return strcmp(value, "0") != 0 && nodes && strtoul(nodes, NULL, 10) > 1;
}

static bool is_strict(const char *value, const struct machine_facts *facts)
{
    (void)facts;
    return strcmp(value, "2") == 0;
}

static const struct warning_row rows[] = {
    {"hypervisor", is_not_none, "This is a virtual machine (hypervisor: ",
     "): its neighbours and its host's memory change speed from minute to minute; compare only "
     "inside one run, and take final figures on a real machine"},
    {"governor", is_other_governor, "The CPU frequency governor is ",
     ", not performance: speed follows the load, so short or waiting trials run slower than busy "
     "ones; set it with `cpupower frequency-set -g performance`"},
    {"turbo", is_on, "Turbo is ",
     ": the clock depends on heat and on how many cores are busy, so few threads run faster than "
     "many and results drift; switch it off in /sys/devices/system/cpu (intel_pstate/no_turbo or "
     "cpufreq/boost) or in the firmware"},
    {"smt_active", is_on, "SMT is active (",
     "): two threads on one core share its caches and units and slow each other down; use at most "
     "as many threads as there are cores, pinned, or switch it off in "
     "/sys/devices/system/cpu/smt/control"},
    {"thp_enabled", is_always, "Transparent huge pages are set to ",
     ": a single touched byte can make 2 MiB resident, so memory figures depend on alignment and "
     "luck; write madvise to /sys/kernel/mm/transparent_hugepage/enabled unless your program runs "
     "with it"},
    {"load_average", is_busy, "Other programs keep this machine busy (load ",
     "): they take CPU time and cache from the trials; stop them or wait"},
    {"cgroup_cpu_quota", is_not_none, "A cgroup limits this process to ",
     " CPUs: threads are stopped for milliseconds whenever the quota is used up; run without the "
     "limit, or with fewer threads than that"},
    {"swap_used_bytes", is_above_zero, "Swap is in use (",
     " bytes): memory that was swapped out is not resident and costs a disk read on its next use; "
     "run `swapoff -a` or free some memory"},
    {"clocksource", is_slow_clock, "The kernel reads time from ",
     ", which takes a microsecond or more: time stamps cost more than what they measure; boot with "
     "clocksource=tsc if the CPU's counter is stable"},
    {"numa_balancing", moves_pages, "NUMA balancing is on (",
     "): the kernel takes pages away and moves them while trials run; write 0 to "
     "/proc/sys/kernel/numa_balancing"},
    {"overcommit_memory", is_strict, "Memory overcommit is strict (",
     "): allocators that reserve large address ranges fail or behave otherwise than elsewhere; "
     "write 0 to /proc/sys/vm/overcommit_memory unless your program runs with it"},
};
static_assert(ARRAY_SIZE(rows) <= MACHINE_WARNINGS_MAX, "the caller's array holds every warning");

size_t machine_warnings(const struct machine_facts *facts,
                        struct machine_warning out[MACHINE_WARNINGS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *value = machine_fact(facts, rows[i].key);
        if (!value || !rows[i].applies(value, facts))
            continue;
        out[n].key = rows[i].key;
        text_format(out[n].text, sizeof(out[n].text), "%s%s%s", rows[i].head, value, rows[i].tail);
        n++;
    }
    return n;
}
