#include "facts.h"

#include <ctype.h>
#include <sys/stat.h>

#include "fixture.h"
#include "unit.h"

#define CPU "sys/devices/system/cpu/"
#define THP "sys/kernel/mm/transparent_hugepage/"
#define DMI "sys/class/dmi/id/"

static struct fixture tree;
static struct machine_facts facts;

/* The text of a fact, known or not, as a fresh reading has it. */
static const char *value(const char *key)
{
    machine_facts_read(tree.root, &facts);
    for (size_t i = 0; i < facts.n; i++)
        if (strcmp(facts.facts[i].key, key) == 0)
            return facts.facts[i].value;
    ck_abort_msg("there is no fact %s", key);
    return NULL;
}

struct file {
    const char *name, *text;
};

static const struct file server[] = {
    {"proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"},
    {"proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n"},
    {"etc/os-release",
     "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"},
    {"proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core Processor\n"
                     "microcode\t: 0xa0011d1\nflags\t\t: fpu vme de\n\nprocessor\t: 1\n"},
    {CPU "online", "0-127,130\n"},
    {CPU "isolated", "\n"},
    {CPU "smt/active", "1\n"},
    {CPU "cpufreq/policy0/scaling_governor", "schedutil\n"},
    {CPU "cpufreq/policy1/scaling_governor", "schedutil\n"},
    {CPU "cpufreq/policy0/scaling_driver", "acpi-cpufreq\n"},
    {CPU "cpufreq/boost", "1\n"},
    {THP "enabled", "[always] madvise never\n"},
    {THP "defrag", "always defer defer+madvise [madvise] never\n"},
    {"sys/kernel/mm/lru_gen/enabled", "0x0007\n"},
    {"sys/devices/system/node/online", "0-1\n"},
    {"proc/sys/kernel/numa_balancing", "1\n"},
    {"proc/sys/kernel/randomize_va_space", "2\n"},
    {"proc/sys/vm/overcommit_memory", "0\n"},
    {"proc/sys/vm/swappiness", "60\n"},
    {"proc/sys/vm/max_map_count", "65530\n"},
    {"proc/meminfo", "MemTotal:       263851272 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n"
                     "SwapTotal:         2048 kB\nSwapFree:             48 kB\n"},
    {"proc/loadavg", "0.08 1.03 12.00 1/189 12345\n"},
    {"sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"},
    {"proc/self/cgroup", "0::/user.slice/session\n"},
    {"sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"},
    {"sys/fs/cgroup/user.slice/session/memory.max", "max\n"},
};

static const struct file server_facts[] = {
    {"kernel_release", "6.1.0-18-amd64"},
    {"kernel_version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)"},
    {"distribution", "Debian GNU/Linux 12 (bookworm)"},
    {"cpu_model", "AMD EPYC 7763 64-Core Processor"},
    {"cpu_microcode", "0xa0011d1"},
    {"cpus_online", "129"},
    {"cpus_isolated", "none"},
    {"smt_active", "yes"},
    {"governor", "schedutil"},
    {"frequency_driver", "acpi-cpufreq"},
    {"turbo", "on"},
    {"thp_enabled", "always"},
    {"thp_defrag", "madvise"},
    {"mglru", "0x0007"},
    {"numa_nodes", "2"},
    {"numa_balancing", "1"},
    {"aslr", "2"},
    {"overcommit_memory", "0"},
    {"swappiness", "60"},
    {"max_map_count", "65530"},
    {"memory_bytes", "270183702528"},
    {"memory_available_bytes", "1048576"},
    {"swap_bytes", "2097152"},
    {"swap_used_bytes", "2048000"},
    {"load_average", "0.08 1.03 12.00"},
    {"clocksource", "tsc"},
    {"hypervisor", "none"},
    {"cgroup_cpu_quota", "none"},
    {"cgroup_memory_limit_bytes", "none"},
};

START_TEST(reads_a_server)
{
    fixture_init(&tree);
    for (size_t i = 0; i < ARRAY_SIZE(server); i++)
        fixture_write(&tree, server[i].name, server[i].text);
    for (size_t i = 0; i < ARRAY_SIZE(server_facts); i++)
        ck_assert_str_eq(value(server_facts[i].name), server_facts[i].text);
    size_t own = 0; /* not from files */
    for (size_t i = 0; i < facts.n; i++) {
        ck_assert_msg(facts.facts[i].known, "%s", facts.facts[i].key);
        own += strcmp(facts.facts[i].key, "architecture") == 0 ||
               strcmp(facts.facts[i].key, "libc_version") == 0 ||
               strcmp(facts.facts[i].key, "page_bytes") == 0;
    }
    ck_assert_uint_eq(facts.n, ARRAY_SIZE(server_facts) + own); /* none is untested */
    ck_assert_str_eq(machine_fact(&facts, "turbo"), "on");
    ck_assert_ptr_null(machine_fact(&facts, "no_such_fact"));
    fixture_release(&tree);
}
END_TEST

START_TEST(an_empty_root_is_unknown_with_reasons)
{
    fixture_init(&tree);
    ck_assert_str_eq(value("aslr"), "unknown: /proc/sys/kernel/randomize_va_space does not exist");
    for (size_t i = 0; i < facts.n; i++) {
        if (facts.facts[i].known)
            continue;
        ck_assert_int_eq(strncmp(facts.facts[i].value, "unknown: ", 9), 0);
        ck_assert_uint_gt(strlen(facts.facts[i].value), 20);
        ck_assert_ptr_null(machine_fact(&facts, facts.facts[i].key));
    }
    ck_assert_ptr_nonnull(machine_fact(&facts, "libc_version"));
    ck_assert_ptr_null(machine_fact(&facts, "hypervisor"));
    ck_assert_ptr_null(machine_fact(&facts, "cgroup_cpu_quota"));
    fixture_release(&tree);

    struct machine_facts same = facts;
    machine_facts_read("/no/such/root", &facts);
    for (size_t i = 0; i < facts.n; i++)
        ck_assert_str_eq(facts.facts[i].value, same.facts[i].value);
}
END_TEST

START_TEST(the_header_lists_every_key_in_order)
{
    fixture_init(&tree);
    machine_facts_read(tree.root, &facts);
    fixture_release(&tree);
    FILE *header = fopen(FACTS_HEADER, "r");
    ck_assert_ptr_nonnull(header);
    char line[256];
    char key[64];
    size_t n = 0;
    while (fgets(line, sizeof(line), header)) {
        /* Rows begin in column 3; the lines that go on with one are indented further. */
        if (strncmp(line, " *   ", 5) != 0 || !islower(line[5]) ||
            sscanf(line, " * %63s", key) != 1 || strcmp(key, "key") == 0)
            continue;
        ck_assert_uint_lt(n, facts.n);
        ck_assert_str_eq(key, facts.facts[n++].key);
    }
    ck_assert_uint_eq(n, facts.n);
    fclose(header);
}
END_TEST

START_TEST(turbo_has_two_switches)
{
    fixture_init(&tree);
    fixture_write(&tree, CPU "cpufreq/boost", "0\n");
    ck_assert_str_eq(value("turbo"), "off");
    fixture_write(&tree, CPU "intel_pstate/no_turbo", "0\n"); /* the other way round */
    ck_assert_str_eq(value("turbo"), "on");
    fixture_write(&tree, CPU "intel_pstate/no_turbo", "1\n");
    ck_assert_str_eq(value("turbo"), "off");
    fixture_write(&tree, CPU "intel_pstate/no_turbo", "maybe\n");
    ck_assert_str_eq(value("turbo"), "unknown: /" CPU "intel_pstate/no_turbo holds \"maybe\"");
    fixture_release(&tree);
}
END_TEST

START_TEST(governors_that_differ_are_all_told)
{
    fixture_init(&tree);
    fixture_write(&tree, CPU "cpufreq/policy10/scaling_governor", "powersave\n");
    fixture_write(&tree, CPU "cpufreq/policy2/scaling_governor", "performance\n");
    fixture_write(&tree, CPU "cpufreq/policy0/scaling_governor", "powersave\n");
    fixture_write(&tree, CPU "cpufreq/ondemand/scaling_governor", "not a policy\n");
    ck_assert_str_eq(value("governor"), "performance, powersave");
    char name[80];
    for (int i = 0; i < 20; i++) { /* more words than any machine has: the rest is left out */
        snprintf(name, sizeof(name), CPU "cpufreq/policy%d/scaling_governor", i);
        char word[32];
        snprintf(word, sizeof(word), "a_strange_word_for_policy_%c\n", 'a' + i);
        fixture_write(&tree, name, word);
    }
    ck_assert_ptr_nonnull(strstr(value("governor"), "a_strange_word_for_policy_"));
    fixture_release(&tree);
}
END_TEST

START_TEST(the_hypervisor_is_told_by_the_cpu_and_named_by_the_firmware)
{
    fixture_init(&tree);
    fixture_write(&tree, DMI "sys_vendor", "Amazon EC2\n");
    ck_assert_str_eq(value("hypervisor"), "Amazon EC2"); /* no flags, as on ARM */
    fixture_write(&tree, "proc/cpuinfo", "flags : fpu sse\n");
    ck_assert_str_eq(value("hypervisor"), "none"); /* the same vendor rents out bare metal */
    fixture_write(&tree, "proc/cpuinfo", "flags : fpu hypervisor sse\n");
    ck_assert_str_eq(value("hypervisor"), "Amazon EC2");
    fixture_write(&tree, DMI "product_name", "KVM\n");
    ck_assert_str_eq(value("hypervisor"), "KVM");
    fixture_write(&tree, DMI "product_name", "PowerEdge R750\n");
    fixture_write(&tree, DMI "sys_vendor", "Dell Inc.\n");
    ck_assert_str_eq(value("hypervisor"), "present, kind unknown");
    fixture_write(&tree, "proc/cpuinfo", "Features : fp asimd\n");
    ck_assert_ptr_null(strstr(value("hypervisor"), "none")); /* no proof of either */
    ck_assert_ptr_null(machine_fact(&facts, "hypervisor"));
    fixture_write(&tree, "sys/hypervisor/type", "xen\n");
    ck_assert_str_eq(value("hypervisor"), "xen");
    fixture_release(&tree);
}
END_TEST

START_TEST(arm_has_no_model_name)
{
    fixture_init(&tree);
    fixture_write(&tree, "proc/cpuinfo",
                  "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
    ck_assert_str_eq(value("cpu_model"), "implementer 0x41, part 0xd0c");
    ck_assert_str_eq(value("cpu_microcode"), "unknown: /proc/cpuinfo has no line \"microcode\"");
    fixture_write(&tree, "proc/cpuinfo", "cpu : POWER9\n");
    ck_assert_str_eq(value("cpu_model"), "unknown: /proc/cpuinfo has no line \"model name\"");
    fixture_release(&tree);
}
END_TEST

START_TEST(limits_of_cgroups_version_2)
{
    fixture_init(&tree);
    fixture_write(&tree, "proc/self/cgroup", "0::/a/b/c\n");
    ck_assert_ptr_nonnull(strstr(value("cgroup_cpu_quota"), "not mounted"));
    fixture_write(&tree, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "none");
    fixture_write(&tree, "sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    fixture_write(&tree, "sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
    fixture_write(&tree, "sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "1.50"); /* the least on the way up */
    fixture_write(&tree, "sys/fs/cgroup/a/b/c/cpu.max", "5000 100000\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "0.05");
    fixture_write(&tree, "sys/fs/cgroup/a/b/c/memory.max", "2147483648\n");
    fixture_write(&tree, "sys/fs/cgroup/a/memory.max", "max\n");
    ck_assert_str_eq(value("cgroup_memory_limit_bytes"), "2147483648");
    fixture_write(&tree, "proc/self/cgroup", "0::/\n"); /* in a container: the groups begin here */
    fixture_write(&tree, "sys/fs/cgroup/cpu.max", "200000 100000\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "2.00");
    ck_assert_str_eq(value("cgroup_memory_limit_bytes"), "none");
    fixture_write(&tree, "proc/self/cgroup", "0::/../../a\n"); /* out of sight */
    fixture_write(&tree, "sys/a/cpu.max", "1000 100000\n");    /* and this is no cgroup */
    ck_assert_str_eq(value("cgroup_cpu_quota"), "2.00");
    fixture_release(&tree);
}
END_TEST

START_TEST(limits_of_cgroups_version_1)
{
    fixture_init(&tree);
    fixture_write(&tree, "proc/self/cgroup",
                  "5:memory:/docker/x\n4:cpuset:/\n3:cpu,cpuacct:/docker/x\n0::/elsewhere\n");
    fixture_write(&tree, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    fixture_write(&tree, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    fixture_write(&tree, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "none");
    ck_assert_str_eq(value("cgroup_memory_limit_bytes"), "none");
    fixture_write(&tree, "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "50000\n");
    fixture_write(&tree, "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
    fixture_write(&tree, "sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "1048576\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"), "0.50");
    ck_assert_str_eq(value("cgroup_memory_limit_bytes"), "1048576");
    fixture_write(&tree, "proc/self/cgroup", "3:cpuset,notcpu:/\n");
    ck_assert_str_eq(value("cgroup_cpu_quota"),
                     "unknown: /proc/self/cgroup names no group for cpu");
    fixture_release(&tree);
}
END_TEST

START_TEST(nonsense_in_files_is_unknown)
{
    static const struct file wrong[] = {
        {CPU "online", "all\n"},
        {CPU "smt/active", "10\n"},
        {THP "enabled", "always madvise never\n"},
        {THP "defrag", "always ]madvise[ never\n"},
        {"proc/meminfo", "MemTotal: lots kB\nMemAvailable: 99999999999999999999 kB\n"
                         "SwapTotal: 1 kB\nSwapFree: 2 kB\n"},
        {"proc/loadavg", "high\n"},
        {"sys/devices/system/node/online", "3-1\n"},
    };
    static const char *const keys[] = {
        "cpus_online",     "smt_active",   "thp_enabled",
        "thp_defrag",      "memory_bytes", "memory_available_bytes",
        "swap_used_bytes", "load_average", "numa_nodes",
    };
    fixture_init(&tree);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        fixture_write(&tree, wrong[i].name, wrong[i].text);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        ck_assert_msg(strncmp(value(keys[i]), "unknown: ", 9) == 0, "%s was read as %s", keys[i],
                      value(keys[i]));
    fixture_release(&tree);
}
END_TEST

START_TEST(hostile_files_do_no_harm)
{
    static char junk[200000];
    fixture_init(&tree);
    memset(junk, 'x', sizeof(junk));
    fixture_write_bytes(&tree, "proc/sys/kernel/version", junk,
                        sizeof(junk)); /* one endless line */
    fixture_write(&tree, "proc/sys/kernel/osrelease", "6.1\x1b[31m\tred\n");
    fixture_write(&tree, "proc/sys/vm/swappiness", "");
    fixture_write_bytes(&tree, "proc/cpuinfo", "\0\0\n\0model name : x\n", 18);
    fixture_write_bytes(&tree, "proc/self/cgroup", "0::/\n::\n:\n\n0:", 13);
    mkdir(fixture_path(&tree, "sys/fs/cgroup"), 0755);
    mkdir(fixture_path(&tree, "proc/sys/vm/max_map_count"), 0755);
    ck_assert_int_eq(mkfifo(fixture_path(&tree, "proc/loadavg"), 0600), 0);

    ck_assert_uint_eq(strlen(value("kernel_version")), MACHINE_VALUE_BYTES - 1);
    ck_assert_str_eq(value("kernel_release"), "6.1?[31m?red");
    ck_assert_str_eq(value("swappiness"), "unknown: /proc/sys/vm/swappiness is empty");
    ck_assert_str_eq(value("max_map_count"),
                     "unknown: cannot read /proc/sys/vm/max_map_count: Is a directory");
    ck_assert_ptr_null(machine_fact(&facts, "load_average"));
    ck_assert_str_eq(value("cgroup_cpu_quota"), "none");
    fixture_release(&tree);
}
END_TEST

START_TEST(this_machine_has_a_kernel)
{
    machine_facts_read("/", &facts);
    ck_assert_ptr_nonnull(machine_fact(&facts, "kernel_release"));
    ck_assert_ptr_nonnull(machine_fact(&facts, "memory_bytes"));
    ck_assert_ptr_nonnull(machine_fact(&facts, "load_average"));
    for (size_t i = 0; i < facts.n; i++) {
        ck_assert_ptr_null(strchr(facts.facts[i].value, '\n'));
        ck_assert_str_ne(facts.facts[i].value, "");
    }
}
END_TEST

UNIT_MAIN("facts", reads_a_server, an_empty_root_is_unknown_with_reasons,
          the_header_lists_every_key_in_order, turbo_has_two_switches,
          governors_that_differ_are_all_told,
          the_hypervisor_is_told_by_the_cpu_and_named_by_the_firmware, arm_has_no_model_name,
          limits_of_cgroups_version_2, limits_of_cgroups_version_1, nonsense_in_files_is_unknown,
          hostile_files_do_no_harm, this_machine_has_a_kernel)
