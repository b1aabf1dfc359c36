/*
 * A clock for single calls: the processor's counter, read in order with what it times, where that counts time
 * (tsc.h), else CLOCK_MONOTONIC. Immutable once made; any thread.
 */
#pragma once

#include "tsc.h"

struct stopwatch {
    bool has_tsc;
    uint64_t ns_per_tick; /* in 2^-32 ns */
    /* What timing a call that does nothing gives, of many: contained in all that is timed. */
    uint64_t cost_ns, least_cost_ns; /* the median; the least */
};

/*
 * Compares the counter with CLOCK_MONOTONIC for `calibrate_ns`, some 20 ms: it is then known to some
 * millionths. Takes that long, and another millisecond or two for its own cost.
 */
void stopwatch_make(struct stopwatch *w, uint64_t calibrate_ns);

/* Has no meaning but as the difference of two. */
static ALWAYS_INLINE uint64_t stopwatch_read(const struct stopwatch *w)
{
    return LIKELY(w->has_tsc) ? tsc_read_ordered() : clock_ns();
}

/* A thread that moved between cores may see some ticks less than nothing: 0 then. */
static inline uint64_t stopwatch_ns(const struct stopwatch *w, uint64_t begin, uint64_t end)
{
    if (end <= begin)
        return 0;
    return (uint64_t)(((__uint128_t)(end - begin) * w->ns_per_tick + ((uint64_t)1 << 31)) >> 32);
}
