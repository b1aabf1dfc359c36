/*
 * The processor's time stamp counter. Any thread; no system call but in tsc_is_sound(). On other
 * architectures there is none: what reads it is CLOCK_MONOTONIC then.
 */
#pragma once

#include "bits.h"
#include "clock.h"

/*
 * Whether it counts time: at one rate in all states of the processor (invariant), and the same on all of its cores,
 * which the kernel tests: it withdraws the counter from its clock sources where they disagree.
 */
bool tsc_is_sound(void);

#if defined(__x86_64__)
#include <x86intrin.h>
#define HAS_TSC 1

/* The processor may execute it some dozens of instructions early or late. */
static inline uint64_t tsc_read(void)
{
    return __rdtsc();
}

/* Behind all that stands before it, and before all that stands behind it. */
static ALWAYS_INLINE uint64_t tsc_read_ordered(void)
{
    _mm_lfence();
    uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}
#else
#define HAS_TSC 0

static inline uint64_t tsc_read(void)
{
    return clock_ns();
}

static inline uint64_t tsc_read_ordered(void)
{
    return clock_ns();
}
#endif
