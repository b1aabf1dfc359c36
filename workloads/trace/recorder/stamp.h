/*
 * The stamp that says how far threads have come, one against the other. Any thread; no system call
 * on the fast path. Which event made which object is known without it (spool.h), so a bare `rdtsc`
 * does, which the processor may execute some dozens of instructions early or late; what needs an
 * order (an object's end behind its begin, a thread's first event behind its birth) gets it from
 * the events themselves.
 *
 * The counter is used where tsc_is_sound(); otherwise CLOCK_MONOTONIC, which the kernel orders between
 * cores.
 */
#pragma once

#include "trace.h"
#include "tsc.h"

static inline uint64_t stamp_now(enum trace_clock clock)
{
    if (HAS_TSC && clock == TRACE_CLOCK_TSC)
        return tsc_read();
    return clock_ns();
}
