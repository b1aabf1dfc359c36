/*
 * What the trials of a run show about themselves: noise, outliers, two modes, drift, and a machine that did not
 * hold still; in plain sentences that say what to do. Everything of one kind is one finding, with its worst
 * cases and their number, so that a long run has no longer list than a short one.
 *
 * A run whose trials differ by chance only (normal noise, independent trials) has a finding of outliers, of modes and of
 * each sort of drift in at most FINDINGS_ALPHA of all runs each, however many cells it has: the tests of
 * a kind share that chance evenly (Bonferroni). docs/method.md has the tests and their sources.
 */
#pragma once

#include "err.h"

#define FINDINGS_ALPHA 0.01
#define FINDING_WORST  3u

/* What is smaller is not told, however certain. */
#define FINDING_NOISE_LEAST     0.10 /* standard deviation of log ratios, by their median deviation */
#define FINDING_OUTLIER_LEAST   0.10 /* of the value that was expected */
#define FINDING_MODES_LEAST     0.05 /* between the two groups' medians */
#define FINDING_DRIFT_LEAST     0.05 /* from the first block to the last */
#define FINDING_MOVED_CPUS      0.10 /* between two blocks, and FINDING_MOVED_NS at least */
#define FINDING_MOVED_NS        200e6
#define FINDING_FREQUENCY_LEAST 0.10 /* between two blocks */

/* Facts of a run, each like "2100 (block 4)", blocks from 1; where the machine tells its clock. */
#define FACT_CPU_MHZ_LEAST "cpu_mhz_least"
#define FACT_CPU_MHZ_MOST  "cpu_mhz_most"

enum finding_kind {
    FINDING_FOREIGN,     /* other programs had CPUs while trials ran */
    FINDING_STEAL,       /* a hypervisor had */
    FINDING_FREQUENCY,   /* the CPUs' clock moved between blocks */
    FINDING_DRIFT,       /* all trials became faster or slower */
    FINDING_NOISE,       /* ratios scatter from block to block */
    FINDING_OUTLIERS,    /* single trials far from the others of their kind */
    FINDING_MODES,       /* trials of one kind fall into two groups */
    FINDING_RATIO_DRIFT, /* ratios rise or fall over the blocks */
    FINDING_KINDS
};

/* "foreign_cpu", "steal", "frequency", "drift", "noise", "outliers", "modes", "ratio_drift". */
const char *finding_kind_name(enum finding_kind kind);

/* Of kinds from FINDING_NOISE on. */
struct finding_case {
    uint32_t cell, subject; /* ordinals */
    uint32_t block;         /* from 0; of an outlier */
    bool is_memory;         /* of modes: in peak memory, not in throughput */
    /*
     * The logarithm of a ratio: noise: the standard deviation; an outlier: its value to what was expected;
     * modes: the upper group to the lower; drift: the last block to the first.
     */
    double size;
    double low, high; /* modes: the groups' medians, in the unit of the measure */
    uint32_t n_low, n_high;
};

struct finding {
    enum finding_kind kind;
    uint32_t n_cases, n_of; /* concerned, of so many looked at; 0 for kinds before FINDING_NOISE */
    uint32_t n_worst;
    struct finding_case worst[FINDING_WORST]; /* the worst first */
    char *text; /* owned: a sentence without a full stop; names in it are as the user wrote them */
};
