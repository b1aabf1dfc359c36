/* How fast the clocks of the CPUs run at this moment. */
#pragma once

#include "err.h"

/*
 * The greatest of all CPUs, in kHz: one that idles says little of those that work. From cpufreq, else
 * from proc/cpuinfo, below `root` ("/" but in tests). 0, or -ENODATA where neither tells.
 */
int machine_cpu_khz(const char *root, uint64_t *khz, struct err *err) MUST_CHECK;
