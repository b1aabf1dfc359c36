/*
 * Counters of the processor, by perf_event_open(2): which of them this machine lets a user read, and what a
 * worker's threads came to. They run in the processor: nothing is added to what is measured, but for a
 * system call each right before the clock starts and behind its end, and for what the kernel does with
 * them when it switches threads.
 */
#pragma once

#include "control.h"
#include "plan.h"
#include "trial.h"

struct counter {
    const char *name; /* for people */
    uint32_t type;    /* both as in struct perf_event_attr */
    uint64_t config;
    size_t offset; /* of its number in struct trial_result */
};

/* Instructions, cycles, cache misses and misses of the TLB when loading. */
extern const struct counter counters_hardware[CONTROL_COUNTERS];

/* Those that can be had. */
struct counters {
    const struct counter *wanted[CONTROL_COUNTERS];
    uint32_t n;
    char fact[512]; /* one line: which there are; which not, why, and what to do */
};

/* Tries each of `n` counters on the calling process, n at most CONTROL_COUNTERS. */
void counters_probe(struct counters *out, const struct counter *all, unsigned n);

/* The hardware's, tried once per process; not for several threads at once. */
const struct counters *counters_of_machine(void);

/*
 * The hardware's for trials of a plan. NULL where there are none, and for a plan that starts threads while the clock
 * runs: the kernel sets up each counter anew for each of them, which costs microseconds of the measured time.
 */
const struct counters *counters_for(const struct plan *plan);

/*
 * In a child, behind fork and before exec: opens them for it and all threads that it will have, where the
 * worker looks for them, not running yet. One that cannot be opened now tells nothing. Async-signal-safe.
 */
void counters_install(const struct counters *c);

/*
 * What the worker told, scaled to the whole time, into the numbers of *result. A counter that told nothing, or what
 * cannot be, leaves its number as it was.
 */
void counters_take(const struct counters *c, const struct control *control,
                   struct trial_result *result);
