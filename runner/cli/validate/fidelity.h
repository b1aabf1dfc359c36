/*
 * How near replays came to the real program: errors of memory, and whether both sides order the
 * allocators alike. Pure functions of their arguments but for their memory; any thread may call.
 */
#pragma once

#include "stats.h"

enum fidelity_figure {
    FIDELITY_MEMORY, /* peak of the heap, bytes */
    FIDELITY_TIME,   /* CPU time, seconds */
    FIDELITY_FIGURES
};
enum fidelity_side { SIDE_REAL, SIDE_REPLAY, FIDELITY_SIDES };

/* What was measured: values[subject * n_blocks + block], NaN where a trial failed. */
struct fidelity_values {
    unsigned n_subjects, n_blocks;
    double *values[FIDELITY_FIGURES][FIDELITY_SIDES]; /* owned */
};

/* Of one figure. Medians are over blocks. NaN: not known. */
struct fidelity_order {
    double *medians[FIDELITY_SIDES]; /* by subject; owned */
    double tau;                      /* over pairs whose real values differ beyond the noise */
    unsigned n_pairs, n_all_pairs;
    int agreed; /* pairs in the same order less those in opposite ones; tau is agreed / n_pairs */
};

struct fidelity {
    struct fidelity_order orders[FIDELITY_FIGURES];
    double *errors;                   /* of memory, by subject: replayed / real - 1; owned */
    double median_error, worst_error; /* of their sizes */
};

/* All NaN. 0 or -ENOMEM; the caller releases in any case. */
int fidelity_values_init(struct fidelity_values *v, unsigned n_subjects, unsigned n_blocks,
                         struct err *err) MUST_CHECK;
void fidelity_values_release(struct fidelity_values *v);

/*
 * A pair of allocators counts in an order when the interval of their real ratio, paired inside the
 * blocks, excludes 1. 0 or a negative errno; the caller releases in any case.
 */
int fidelity_of(const struct fidelity_values *v, uint64_t seed, struct fidelity *out,
                struct err *err) MUST_CHECK;
void fidelity_release(struct fidelity *f);
