/*
 * What a stored run says: every subject in every cell, compared with the run's baseline. Everything
 * here comes from the store; the same file gives the same summary.
 *
 * Two rows are the bench's own and take part in no comparison: the subject whose allocator is
 * `null` (what the bench costs) has no ratios, and the workload `nop` (what the harness costs) is
 * left out of the geometric means.
 *
 * The winner of a tuning won with luck, too. Where a subject and the baseline both ran well in blocks of its confirmation, their
 * ratio rests on these alone; all others rest on the blocks of the search.
 */
#pragma once

#include "findings.h"
#include "stats.h"
#include "store.h"

enum measure {
    MEASURE_THROUGHPUT, /* calls of the malloc family by all threads, per second of wall clock */
    MEASURE_PEAK_RSS,   /* bytes, less what was resident before the start */
    MEASURE_CPU,        /* user and system time in ns per call */
    MEASURES
};

/* "throughput_calls_per_s", "peak_rss_bytes", "cpu_ns_per_call". */
const char *measure_name(enum measure measure);

enum direction measure_direction(enum measure measure);

/* A smaller difference of medians is none. */
double measure_grain(enum measure measure);

/* Of one trial; 0 when it failed or measured nothing. */
double measure_of(enum measure measure, const struct trial_result *result);

/* The kernel counts resident pages per CPU in batches: smaller differences are no finding. */
#define SUMMARY_RSS_GRAIN (64 * KIB)

struct measured {
    double median;         /* over the trials that are ok; NaN without one */
    struct interval ratio; /* to the baseline; no blocks for the baseline itself and for `null` */
    enum verdict verdict;
};

/* One subject in one cell. */
struct summary_entry {
    unsigned n_trials, n_ok;
    enum trial_status first_failure; /* where n_ok < n_trials */
    bool failures_differ;            /* not all of them are of that kind */
    bool is_confirmed; /* of a tuning: the ratios rest on the confirmation's blocks alone */
    /* Over the trials that are ok: lives of threads, and what they waited in them. */
    double thread_ns, stall_ns, pace_ns;
    struct measured measured[MEASURES];
};

/* Of one subject over all cells that count. */
struct summary_mean {
    struct interval ratio;
    enum verdict verdict;
    unsigned n_used; /* cells in which the subject and the baseline have a block in common */
};

/*
 * The workload that carries most of a measure's geometric means: without it at least one of them would be
 * another by more than a fourth. NULL where there is none, or where fewer than two others would be left.
 */
struct summary_lever {
    const char *workload;
    struct summary_mean *means; /* without it, by subject */
};

/* Trials of one subject in one cell that failed alike. */
struct summary_failure {
    uint32_t cell, subject;
    enum trial_status status;
    int signal;
    unsigned n;
    char message[TRIAL_MESSAGE_BYTES];
};

/*
 * What else the machine did while the trials ran that ended well: CPUs that others kept busy, and
 * CPUs that a hypervisor took, on average over their wall clock. More than SUMMARY_DISTURBED of a
 * CPU spoils a comparison.
 */
#define SUMMARY_DISTURBED 0.05
struct summary_disturbance {
    double foreign_cpus, stolen_cpus; /* 0 without a trial that ended well */
};

struct summary_options {
    const char *baseline;       /* a subject's name to compare with; NULL: the run's own */
    struct bootstrap bootstrap; /* seed 0: the run's own */
    double noise;               /* a smaller difference is none; 0: STATS_NOISE */
};

struct summary {
    struct store_run run;
    struct summary_options options; /* as used */
    uint32_t baseline;              /* ordinal of the subject */
    unsigned n_trials;
    unsigned n_blocks;       /* the last that holds a trial, plus one */
    unsigned confirmed_from; /* of a tuning: the first block of its confirmation; else UINT_MAX */
    unsigned n_mean_cells;   /* cells that count in the geometric means */
    unsigned fewest_blocks;  /* behind any interval, 2 or more; 0: there is no interval */
    bool has_single_block;   /* some ratio rests on one block */
    struct summary_entry *entries; /* summary_entry() */
    struct summary_mean *means;    /* summary_mean() */
    struct summary_lever levers[MEASURES];
    double *values; /* summary_values() */
    struct summary_failure *failures;
    unsigned n_failures;
    struct summary_disturbance disturbance;
    struct finding *findings; /* in the order of the kinds, at most one of each */
    unsigned n_findings;
};

/* The caller releases *out, on failure too. */
int summary_make(struct store *store, int64_t run_id, const struct summary_options *options,
                 struct summary *out, struct err *err) MUST_CHECK;
void summary_release(struct summary *s);

static inline struct summary_entry *summary_entry(const struct summary *s, uint32_t cell,
                                                  uint32_t subject)
{
    return &s->entries[(size_t)cell * s->run.n_subjects + subject];
}

static inline struct summary_mean *summary_mean(const struct summary *s, uint32_t subject,
                                                enum measure measure)
{
    return &s->means[(size_t)subject * MEASURES + measure];
}

/* Of one subject in one cell, by block: what its trials measured, 0 where one failed or is missing. */
static inline const double *summary_values(const struct summary *s, enum measure measure,
                                           uint32_t cell, uint32_t subject)
{
    size_t row = ((size_t)measure * s->run.n_cells + cell) * s->run.n_subjects + subject;
    return s->values + row * s->n_blocks;
}

/* Whether the subject is the bench's own cost and not a contender. */
bool summary_is_bench(const struct summary *s, uint32_t subject);

/* Whether the cell is the harness' control and counts in no mean. */
bool summary_is_control(const struct summary *s, uint32_t cell);
