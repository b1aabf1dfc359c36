/* How a summary comes by its findings: over the numbers of all trials, before they are given up. */
#pragma once

#include <stdio.h>

#include "dip.h"
#include "findings.h"
#include "summary.h"

struct block_times { /* summed over the trials of a block that are ok */
    double wall_ns, foreign_ns, steal_ns;
};

/* The numbers of all trials, and room to work on them; a number 0 means that there is none. */
struct numbers {
    struct summary *s;
    double *values;  /* measure, then cell, then subject, then block */
    double *ratios;  /* cell, then block: of one subject and measure */
    double *scratch; /* block */
    struct block_times *times;
};

static inline double *numbers_of(const struct numbers *n, enum measure measure, uint32_t cell,
                                 uint32_t subject)
{
    const struct store_run *run = &n->s->run;
    size_t row = ((size_t)measure * run->n_cells + cell) * run->n_subjects + subject;
    return n->values + row * n->s->n_blocks;
}

/* Fills summary.findings. Uses n->ratios and n->scratch. 0 or -ENOMEM. */
int findings_make(struct numbers *n, struct err *err) MUST_CHECK;

/* One making of findings: what its parts share. */
struct findings_search {
    struct numbers *n;
    uint32_t n_rows;      /* contenders in cells that count: each has a list of trials */
    uint32_t n_pairs;     /* of them not the baseline: each has a list of ratios */
    double *logs;         /* cell, then subject, then block: of throughput, less the row's median */
    double *work;         /* block */
    double *common;       /* block: what the subjects of a cell have in common there */
    double *column;       /* cell, then subject */
    struct dip_null null; /* of the size asked for last */
    struct finding found[FINDING_KINDS];
};

/* Of a contender in a cell that counts in the comparison. */
static inline bool findings_count(const struct summary *s, uint32_t cell, uint32_t subject)
{
    return !summary_is_control(s, cell) && !summary_is_bench(s, subject);
}

static inline double *findings_logs(const struct findings_search *q, uint32_t cell,
                                    uint32_t subject)
{
    const struct summary *s = q->n->s;
    return q->logs + ((size_t)cell * s->run.n_subjects + subject) * s->n_blocks;
}

/* Those of `n` values that are there, to `out`, which may be `values`; returns how many. */
unsigned findings_gather(const double *values, unsigned n, double *out);

/* Logarithms less their median; NaN where there is no value. */
void findings_centre(struct findings_search *q, const double *values, double *out);

/* Noise, outliers, modes, drift of ratios, into q->found. */
int findings_in_rows(struct findings_search *q, struct err *err) MUST_CHECK;

/* What the machine did in a run, as far as it is worth a sentence. */
struct machine_mood {
    double mean_cpus;             /* that others had, on average over the run */
    double least_cpus, most_cpus; /* of the blocks */
    uint32_t least_block, most_block;
    bool has_moved;
};

/* Each writes one sentence to `out`. */
void findings_say_taken(FILE *out, enum finding_kind kind, const struct machine_mood *mood);
void findings_say_frequency(FILE *out, uint64_t low_mhz, uint32_t low_block, uint64_t high_mhz,
                            uint32_t high_block);
void findings_say_drift(FILE *out, double size);
void findings_say_cases(FILE *out, const struct summary *s, const struct finding *f);
