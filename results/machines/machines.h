/*
 * Types of machines held against each other: what the same allocators did on each, in the same workloads. Ratios to the baseline are
 * compared, for speeds themselves say most about the machines; both are shown. Every figure comes from one run, so from one type:
 * nothing is computed over several.
 */
#pragma once

#include <stdio.h>

#include "report.h"
#include "summary.h"

#define MACHINES_NONE UINT32_MAX

struct machine_type {
    struct summary summary;
    uint32_t *cells,
        *subjects; /* of the first type's, by ordinal: the ordinal here, or MACHINES_NONE */
    char label[8]; /* "A" */
};

struct machines {
    struct machine_type *types; /* by run */
    uint32_t n;
    bool is_whole; /* every type has the same cells, so that geometric means are over the same */
};

/*
 * The types in a file of runs: that of the run, and for each other the newest run that was told to measure alike, has the
 * same baseline, and a cell in common. -EINVAL where there is one type only. The caller releases *out, on failure too.
 */
int machines_make(struct store *store, int64_t run_id, struct machines *out,
                  struct err *err) MUST_CHECK;
void machines_release(struct machines *m);

/* One subject in one cell (of the first type) on a type; NULL where that has none. */
const struct summary_entry *machines_entry(const struct machines *m, uint32_t type, uint32_t cell,
                                           uint32_t subject);

/* Whether the intervals of two types at least do not meet, and rest on enough blocks to claim that. */
bool machines_differ(const struct machines *m, uint32_t cell, uint32_t subject,
                     enum measure measure);

/* The text that says what a type is. */
const char *machines_describe(const struct machine_type *t);

/* Tables of throughput and of peak resident memory. */
int machines_print(FILE *out, const struct machines *m, const struct report_look *look,
                   struct err *err) MUST_CHECK;

/* One object; see docs/formats.md. */
int machines_json(FILE *out, const struct machines *m, struct err *err) MUST_CHECK;
