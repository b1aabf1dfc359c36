/*
 * Whether numbers come in one heap or in more: the dip test (Hartigan and Hartigan, "The Dip Test of Unimodality",
 * The Annals of Statistics 13, 1985). The dip is the greatest difference between the numbers' distribution
 * function and the nearest that has one mode. Pure; any thread may call.
 */
#pragma once

#include "err.h"

#define DIP_LEAST     12u      /* fewer numbers make no two heaps */
#define DIP_SAMPLES   50000u   /* simulated: no chance below 1 in so many is told from it */
#define DIP_SAMPLES_N 4000000u /* numbers at most in all of them: then there are fewer samples */

/*
 * Of n > 0 ascending, finite numbers: at least 1 / 2n, and at most 1/4. 0 or -ENOMEM.
 */
int dip_of(const double *ascending, unsigned n, double *out, struct err *err) MUST_CHECK;

/*
 * The dips of samples of n numbers each from the uniform distribution, which of those with one mode
 * is the one whose samples dip deepest (asymptotically; so Hartigan and Hartigan). Owned; release with
 * dip_null_release().
 */
struct dip_null {
    double *ascending;
    unsigned n_samples, n;
};

/* The same numbers for the same seed. 0 or -ENOMEM. */
int dip_null_make(unsigned n, uint64_t seed, struct dip_null *out, struct err *err) MUST_CHECK;
void dip_null_release(struct dip_null *null);

/* The chance of a dip at least so deep; never 0: (1 + deeper) / (1 + samples). */
double dip_chance(const struct dip_null *null, double dip);
