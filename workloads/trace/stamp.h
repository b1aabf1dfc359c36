/*
 * The stamp that orders events of all threads. Any thread; no system call on the fast path.
 *
 * What must hold: when one event makes another possible, its stamp is the smaller one. Two chains
 * do that: (1) a free makes an address available, and malloc in another thread returns it; (2)
 * malloc returns an object, it is handed over by the program, and another thread frees it. Events
 * are stamped BEFORE a free is called and AFTER an allocation returned, so in both chains the stamp
 * of the first is read before the store that publishes, and that of the second after the load that
 * observed it.
 *
 * On x86 a load may run early, and so may a bare `rdtsc`; a store never becomes visible before all
 * older instructions have retired. So the first half needs no fence: the counter has been read when
 * the publishing store is seen. The second half does: `rdtscp` waits until all older instructions
 * have executed and all older loads are globally visible. A fence behind it would order nothing
 * that the two chains need.
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
    unsigned cpu;
    uint64_t stamp = __rdtscp(&cpu);
    __asm__ volatile("" ::: "memory"); /* the compiler must not move the call across it either */
    return stamp;
}

static inline bool stamp_tsc_invariant(void)
{
    unsigned a, b, c, d;
    bool has_rdtscp = __get_cpuid(0x80000001, &a, &b, &c, &d) && (d >> 27 & 1);
    return has_rdtscp && __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
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
