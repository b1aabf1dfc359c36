/*
 * The stamp that says how far threads have come, one against the other. Any thread; no system call
 * on the fast path. Which event made which object is known without it (spool.h), so a bare `rdtsc`
 * does, which the processor may execute some dozens of instructions early or late; what needs an
 * order (an object's end behind its begin, a thread's first event behind its birth) gets it from
 * the events themselves.
 *
 * The counter is used when the processor promises that it runs at one rate in all states (invariant
 * TSC) and the kernel, which compares it between cores, uses it as a clock source or offers to.
 * Otherwise, and on other architectures, CLOCK_MONOTONIC, which the kernel orders between cores.
 */
#pragma once

#include "clock.h"
#include "trace.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#define STAMP_HAS_TSC 1

static inline uint64_t stamp_tsc(void)
{
    return __rdtsc();
}

static inline bool stamp_tsc_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}
#else
#define STAMP_HAS_TSC 0

static inline uint64_t stamp_tsc(void)
{
    return clock_ns();
}

static inline bool stamp_tsc_invariant(void)
{
    return false;
}
#endif

static inline uint64_t stamp_now(enum trace_clock clock)
{
    if (STAMP_HAS_TSC && clock == TRACE_CLOCK_TSC)
        return stamp_tsc();
    return clock_ns();
}
