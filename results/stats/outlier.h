/*
 * Numbers that do not belong to the others: the generalized extreme Studentized deviate test (Rosner,
 * "Percentage Points for a Generalized ESD Many-Outlier Procedure", Technometrics 25, 1983). Against
 * normal noise a list that has no outlier is found to have one with a chance of at most alpha; and two outliers
 * do not hide each other, as they do in a test for one. Pure; any thread may call.
 */
#pragma once

#include "bits.h"

#define OUTLIER_LEAST 6u /* of fewer numbers none is told from the others */
#define OUTLIER_MOST  3u

/* How many outliers are looked for among n numbers: at most a quarter, and OUTLIER_MOST. */
unsigned outlier_most(unsigned n);

/*
 * Writes the indices of the outliers, the furthest first, to `found`, which holds OUTLIER_MOST; returns
 * how many there are. Values that are NaN are not there.
 */
unsigned outlier_find(const double *values, unsigned n, double alpha, unsigned *found);

/*
 * The chance that the furthest of n normal numbers is further than `deviation` standard deviations from their
 * mean, both of the sample: an upper bound, by Bonferroni, and close to the chance where that is small.
 */
double outlier_chance(double deviation, unsigned n);
