/* What the processes of a group have computed, as the kernel counts it. Any thread may call. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * CPU time, user and system, of all processes now in the group and of those that ended and were waited for by
 * one of them, to a tick of the kernel (10 ms). 0 also where /proc tells nothing.
 */
uint64_t group_time_ns(pid_t group);
