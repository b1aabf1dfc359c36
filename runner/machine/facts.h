/*
 * The facts of the machine that can change a measurement, as keys and values for people and for the
 * store. Nothing is guessed: what cannot be read is "unknown: " and the reason.
 *
 *   key                        where it is read (paths below the root), and the form of the value
 *   kernel_release             /proc/sys/kernel/osrelease
 *   kernel_version             /proc/sys/kernel/version: build number and date
 *   distribution               /etc/os-release, PRETTY_NAME
 *   architecture               uname(2)
 *   libc_version               gnu_get_libc_version(), of the runner itself
 *   cpu_model                  /proc/cpuinfo, "model name", or implementer and part on ARM
 *   cpu_microcode              /proc/cpuinfo, "microcode"
 *   cpus_online                /sys/devices/system/cpu/online: how many
 *   cpus_isolated              /sys/devices/system/cpu/isolated: a list, or none
 *   smt_active                 /sys/devices/system/cpu/smt/active: yes or no
 *   governor                   /sys/devices/system/cpu/cpufreq/policyN/scaling_governor: a word, or
 *                              all that occur where they differ
 *   frequency_driver           /sys/devices/system/cpu/cpufreq/policyN/scaling_driver: likewise
 *   turbo                      /sys/devices/system/cpu/intel_pstate/no_turbo or
 *                              cpufreq/boost beside it: on or off
 *   thp_enabled                /sys/kernel/mm/transparent_hugepage/enabled: the chosen word
 *   thp_defrag                 /sys/kernel/mm/transparent_hugepage/defrag: the chosen word
 *   mglru                      /sys/kernel/mm/lru_gen/enabled: a bit mask, 0x0000 when off
 *   numa_nodes                 /sys/devices/system/node/online: how many
 *   numa_balancing             /proc/sys/kernel/numa_balancing
 *   aslr                       /proc/sys/kernel/randomize_va_space: 0 off, 1 but for
 *                              the heap, 2 full
 *   overcommit_memory          /proc/sys/vm/overcommit_memory: 0 heuristic, 1 always, 2 strict
 *   swappiness                 /proc/sys/vm/swappiness
 *   max_map_count              /proc/sys/vm/max_map_count: mappings a process may have
 *   page_bytes                 sysconf(3)
 *   memory_bytes               /proc/meminfo, MemTotal
 *   memory_available_bytes     /proc/meminfo, MemAvailable
 *   swap_bytes                 /proc/meminfo, SwapTotal
 *   swap_used_bytes            /proc/meminfo, SwapTotal less SwapFree
 *   load_average               /proc/loadavg: over 1, 5 and 15 minutes
 *   clocksource                /sys/devices/system/clocksource/clocksource0/current_clocksource
 *   hypervisor                 /sys/hypervisor/type, the flag in /proc/cpuinfo, the names in
 *                              /sys/class/dmi/id: a name, or none
 *   cgroup_cpu_quota           cpu.max or cpu.cfs_quota_us of the cgroups around the process: the
 *                              smallest, in CPUs ("1.50"), or none
 *   cgroup_memory_limit_bytes  memory.max or memory.limit_in_bytes, likewise, or none
 *
 * Keys stay as they are from version to version; new ones may be added. Any thread may call.
 */
#pragma once

#include "bits.h"

#define MACHINE_FACTS_MAX   48
#define MACHINE_VALUE_BYTES 192

struct machine_fact {
    const char *key; /* static */
    bool known;
    char value[MACHINE_VALUE_BYTES]; /* one line; begins with "unknown: " when not known */
};

/* Plain values, about 10 KiB; nothing to release. */
struct machine_facts {
    size_t n;
    struct machine_fact facts[MACHINE_FACTS_MAX]; /* in the order of the table above */
};

/* Reads all facts below the directory `root`: "/" but in tests. Never fails as a whole. */
void machine_facts_read(const char *root, struct machine_facts *out);

/* The value of a fact, or NULL when it is unknown or there is no such key. */
const char *machine_fact(const struct machine_facts *facts, const char *key);
