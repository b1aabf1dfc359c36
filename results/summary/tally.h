/*
 * What the allocators of a run told of themselves in the trials that ended well, by cell and subject:
 * per-arena numbers summed over the arenas of each trial.
 */
#pragma once

#include "statistics_block.h"
#include "summary.h"

struct tally_value {
    uint64_t sum;  /* over the arenas; of other kinds, the number itself */
    uint64_t most; /* in one of them */
};

/* One name, in the order of trials. */
struct tally_line {
    char name[STATISTIC_NAME_BYTES];
    enum statistic_kind kind;
    unsigned most_arenas; /* in a trial; 1 for other kinds */
    struct tally_value *values;
    size_t n_values;
};

struct tally_entry {
    struct tally_line *lines; /* in the order in which they were first told */
    size_t n_lines;
};

struct tally {
    uint32_t n_cells, n_subjects;
    struct tally_entry *entries;
    unsigned n_trials; /* that told anything */
    unsigned n_cut;    /* of them, with more than there was room for */
};

/* The caller releases *t, on failure too. */
int tally_read(struct tally *t, struct store *store, const struct summary *s,
               struct err *err) MUST_CHECK;
void tally_release(struct tally *t);

static inline const struct tally_entry *tally_entry(const struct tally *t, uint32_t cell,
                                                    uint32_t subject)
{
    return &t->entries[(size_t)cell * t->n_subjects + subject];
}

/* NULL where it was not told. */
const struct tally_line *tally_find(const struct tally_entry *e, enum statistic_kind kind,
                                    const char *name);

/* Over the trials of a line. */
struct tally_range {
    double median, least, greatest;
};

enum tally_part { TALLY_SUM, TALLY_MOST };

int tally_range(const struct tally_line *line, enum tally_part part, struct tally_range *out,
                struct err *err) MUST_CHECK;
