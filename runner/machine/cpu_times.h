/*
 * What all CPUs of the machine did since it started. Two readings around a trial tell what else
 * ran: (busy of the machine) - (busy of the worker and the runner), and what a hypervisor took.
 */
#pragma once

#include "err.h"

/* Summed over CPUs; the kernel counts in steps of 10 ms per CPU. */
struct cpu_times {
    uint64_t busy_ns;  /* running anything: user, nice, system, interrupts; guests are in user */
    uint64_t steal_ns; /* ready to run, but the hypervisor ran something else */
};

/* Reads proc/stat below `root` ("/" but in tests). 0, -EINVAL for a text that is none, or errno. */
int machine_cpu_times(const char *root, struct cpu_times *out, struct err *err) MUST_CHECK;
