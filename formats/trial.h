/*
 * What is known after one trial: handed from the runner to the store and from there to the reports.
 */
#pragma once

#include "bits.h"
#include "statistics.h"

/* Stored by name (trial_status_name); the numbers may change between versions. */
enum trial_status {
    TRIAL_OK,
    TRIAL_CRASHED,       /* ended by a signal of its own making, or exited unasked */
    TRIAL_HUNG,          /* over its time limit; ended by the runner */
    TRIAL_OUT_OF_MEMORY, /* the allocator returned NULL, or the kernel killed the worker */
    TRIAL_NOT_SUBJECT, /* another library than the subject's supplied malloc, or other settings held */
    TRIAL_NOT_STARTED, /* the worker could not be started or set up */
    TRIAL_INTERRUPTED, /* by the user; never stored */
    TRIAL_STATUSES
};

#define TRIAL_MESSAGE_BYTES 512
#define TRIAL_ENV_BYTES     2048
#define TRIAL_BINDING_BYTES 1024

/* One reading of the fast series. */
struct trial_sample {
    uint64_t t_ns;      /* since the common start */
    uint64_t ops;       /* words of the plan executed by all threads */
    uint64_t rss_bytes; /* resident, less the baseline; 0 when below it */
    /*
     * Requested and not yet freed, by the plan and each thread's progress: off by no more than what
     * CONTROL_PROGRESS_WORDS words of each thread allocate or free. TRIAL_LIVE_UNKNOWN: not known.
     */
    uint64_t live_bytes;
    uint64_t address_bytes; /* of address space, less the baseline; 0 when below it */
};

#define TRIAL_LIVE_UNKNOWN UINT64_MAX

/* Of the numbers that not every machine tells. */
#define TRIAL_UNKNOWN UINT64_MAX

struct trial_result {
    enum trial_status status;
    int signal;                        /* TRIAL_CRASHED by a signal: which; else 0 */
    char message[TRIAL_MESSAGE_BYTES]; /* one line; "" when ok */

    uint64_t wall_ns; /* common start to last end */
    uint64_t calls;   /* of the malloc family, by all threads */
    uint64_t passes;  /* of the body, by the first root */
    uint64_t user_ns, system_ns;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t stall_ns;  /* waited for hand-overs and joins, all threads */
    uint64_t pace_ns;   /* waited for their turn in a paced plan, all threads */
    uint64_t thread_ns; /* lives of all threads, from the start of the clock on */

    uint64_t baseline_bytes; /* resident before the start; taken off from all that follow */
    uint64_t baseline_anonymous_bytes; /* of it without a file behind it */
    uint64_t peak_bytes;               /* the kernel's own high-water mark */
    uint64_t peak_sampled_bytes;
    uint64_t end_bytes; /* after the last end, threads still: exact (smaps_rollup) */
    uint64_t end_lazy_free_bytes, end_huge_bytes, end_swap_bytes; /* not less the baseline */
    uint64_t n_mappings;                                          /* at the end */

    uint64_t foreign_cpu_ns; /* CPU time of everything else on the machine, in steps of 10 ms */
    uint64_t steal_ns;       /* taken by the hypervisor, likewise */

    /*
     * Of the processor, in user mode, of all threads in the clock; or TRIAL_UNKNOWN. Where it has fewer
     * counters than are wanted they take turns, and what was missed is filled up in proportion.
     */
    uint64_t instructions, cycles, cache_misses, dtlb_load_misses;
    uint64_t counted_millionths; /* of the time, in which the one that ran least was running */

    uint64_t statistics_lost; /* rows that the allocator told and there was no room for */

    char malloc_path[512]; /* the file that supplied malloc */
    char build_id[65];     /* hex; "" when the file has none */
    char version[64];
    char environment[TRIAL_ENV_BYTES]; /* what the worker was started with, a line each */
    char binding[TRIAL_BINDING_BYTES]; /* CPUs the kernel gave, thread by thread: "0;1;0-1" */

    struct trial_sample *samples; /* owned; free with trial_result_release */
    size_t n_samples;

    struct statistic *statistics; /* owned likewise; as told at the end, checked */
    size_t n_statistics;          /* 0: the allocator tells none */
};

/* A trial of which nothing is known yet: all zero, ok, without counters. */
void trial_result_begin(struct trial_result *result);

/* "ok", "crashed", "hung", "out of memory", "not the subject", "not started", "interrupted". */
const char *trial_status_name(enum trial_status status);
