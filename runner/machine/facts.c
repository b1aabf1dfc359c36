#include "facts.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fact_readers.h"
#include "text.h"

#define CPU  "sys/devices/system/cpu/"
#define THP  "sys/kernel/mm/transparent_hugepage/"
#define NODE "sys/devices/system/node/"

// clang-format off
static const struct fact_row rows[] = {
    {"kernel_release",            fact_line,          "proc/sys/kernel/osrelease", NULL},
    {"kernel_version",            fact_line,          "proc/sys/kernel/version", NULL},
    {"distribution",              fact_os_release,    "etc/os-release", "PRETTY_NAME"},
    {"architecture",              fact_architecture,  NULL, NULL},
    {"libc_version",              fact_libc,          NULL, NULL},
    {"cpu_model",                 fact_cpu_model,     "proc/cpuinfo", NULL},
    {"cpu_microcode",             fact_field,         "proc/cpuinfo", "microcode"},
    {"cpus_online",               fact_count,         CPU "online", NULL},
    {"cpus_isolated",             fact_line_or_none,  CPU "isolated", NULL},
    {"smt_active",                fact_yes_no,        CPU "smt/active", NULL},
    {"governor",                  fact_policies,      CPU "cpufreq", "scaling_governor"},
    {"frequency_driver",          fact_policies,      CPU "cpufreq", "scaling_driver"},
    {"turbo",                     fact_turbo,         NULL, NULL},
    {"thp_enabled",               fact_choice,        THP "enabled", NULL},
    {"thp_defrag",                fact_choice,        THP "defrag", NULL},
    {"mglru",                     fact_line,          "sys/kernel/mm/lru_gen/enabled", NULL},
    {"numa_nodes",                fact_count,         NODE "online", NULL},
    {"numa_balancing",            fact_line,          "proc/sys/kernel/numa_balancing", NULL},
    {"aslr",                      fact_line,          "proc/sys/kernel/randomize_va_space", NULL},
    {"overcommit_memory",         fact_line,          "proc/sys/vm/overcommit_memory", NULL},
    {"swappiness",                fact_line,          "proc/sys/vm/swappiness", NULL},
    {"max_map_count",             fact_line,          "proc/sys/vm/max_map_count", NULL},
    {"page_bytes",                fact_page_bytes,    NULL, NULL},
    {"memory_bytes",              fact_kib_field,     "proc/meminfo", "MemTotal"},
    {"memory_available_bytes",    fact_kib_field,     "proc/meminfo", "MemAvailable"},
    {"swap_bytes",                fact_kib_field,     "proc/meminfo", "SwapTotal"},
    {"swap_used_bytes",           fact_swap_used,     "proc/meminfo", NULL},
    {"load_average",              fact_load,          "proc/loadavg", NULL},
    {"clocksource",               fact_line,
     "sys/devices/system/clocksource/clocksource0/current_clocksource", NULL},
    {"hypervisor",                fact_hypervisor,    NULL, NULL},
    {"cgroup_cpu_quota",          fact_cgroup_cpu,    NULL, NULL},
    {"cgroup_memory_limit_bytes", fact_cgroup_memory, NULL, NULL},
};
// clang-format on
static_assert(ARRAY_SIZE(rows) <= MACHINE_FACTS_MAX, "struct machine_facts holds every row");

static void read_fact(int root, const struct fact_row *row, struct machine_fact *out)
{
    struct err why = {0};
    *out = (struct machine_fact){.key = row->key};
    out->known = row->read(root, row, out->value, sizeof(out->value), &why) == 0;
    if (!out->known)
        text_format(out->value, sizeof(out->value), "unknown: %s", why.text);
}

void machine_facts_read(const char *root, struct machine_facts *out)
{
    *out = (struct machine_facts){.n = ARRAY_SIZE(rows)};
    /* Where this fails, every reader that needs it says that its file cannot be opened. */
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        read_fact(fd, &rows[i], &out->facts[i]);
    if (fd >= 0)
        close(fd);
}

const char *machine_fact(const struct machine_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->n; i++)
        if (strcmp(facts->facts[i].key, key) == 0)
            return facts->facts[i].known ? facts->facts[i].value : NULL;
    return NULL;
}
