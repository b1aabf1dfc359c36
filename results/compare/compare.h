/*
 * Two stored measurements held against each other: B to A, cell by cell.
 *
 * Two runs are not paired: they were made at different times, and the intervals know what varied inside each of them,
 * not what changed between them. Two subjects of one run are: their trials in a block ran one right after the
 * other. Subjects that are the same file with the same setting on both sides, beside others that are not, are
 * controls: what differs there is the machine.
 */
#pragma once

#include <stdio.h>

#include "comparable.h"
#include "summary.h"

struct compare_side {
    struct store *store;
    int64_t run_id;
    const char *subject; /* NULL: all that both runs have; named on both sides or on none */
};

struct compare_options {
    bool has_gate;
    double gate;          /* 0.05: 5 % worse is too much; in [0, 1) */
    unsigned n_resamples; /* 0: STATS_RESAMPLES */
};

struct compared {
    struct interval ratio; /* B / A */
    enum verdict verdict;
};

/* A subject, or two that are compared. */
struct compare_pair {
    uint32_t a, b; /* ordinals in the runs */
    bool is_same_build, is_control;
    struct compared *cells; /* compared_cell() */
    struct compared means[MEASURES];
    unsigned n_used[MEASURES]; /* cells in the means */
};

enum gate_kind {
    GATE_WORSE,  /* a measure, beyond the gate with certainty */
    GATE_FAILED, /* trials of B failed where none of A's did, or all where some of A's did not */
};

struct gate_finding {
    enum gate_kind kind;
    uint32_t pair;
    bool is_mean; /* over the cells; else of one */
    uint32_t cell;
    enum measure measure;
};

struct comparison {
    struct summary a, b;
    struct compare_options options;
    bool is_paired;
    struct comparable_cell *cells; /* ascending in a */
    uint32_t n_cells, n_mean_cells;
    struct compare_pair *pairs;
    uint32_t n_pairs;
    /* Where there is a gate: */
    struct gate_finding *findings;
    unsigned n_findings;
    unsigned n_judged, n_not_judged; /* comparisons of a measure in a cell; for want of blocks */
    unsigned n_blind; /* of the judged: passed, but a change as bad as the gate is not excluded */
};

/*
 * -EINVAL for what cannot be compared, with what differs; -ENOENT for a subject that is not there; -EINVAL for a gate that
 * cannot be certain of anything, or when a control says that the machine itself changed by more than the gate. The
 * caller releases *out, on failure too.
 */
int comparison_make(const struct compare_side *a, const struct compare_side *b,
                    const struct compare_options *options, struct comparison *out,
                    struct err *err) MUST_CHECK;
void comparison_release(struct comparison *c);

static inline struct compared *compared_cell(const struct comparison *c, uint32_t pair,
                                             uint32_t cell, enum measure measure)
{
    return &c->pairs[pair].cells[cell * MEASURES + measure];
}

/* Throughput and peak RSS; CPU time is shown only. */
static inline bool compare_is_gated(enum measure measure)
{
    return measure == MEASURE_THROUGHPUT || measure == MEASURE_PEAK_RSS;
}

/* Of a measured ratio: whether its interval lies beyond the gate as a whole, on the bad side. */
bool compare_is_beyond(const struct interval *ratio, enum measure measure, double gate);

/* Fills the findings of a comparison that is made otherwise; part of comparison_make(). */
int compare_gate(struct comparison *c, struct err *err) MUST_CHECK;

struct report_look;

/* Tables for people, and what the gate found. */
int compare_print(FILE *out, const struct comparison *c, const struct report_look *look,
                  struct err *err) MUST_CHECK;

/* One object; see docs/formats.md. */
int compare_json(FILE *out, const struct comparison *c, struct err *err) MUST_CHECK;
