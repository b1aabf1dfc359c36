/*
 * Whether numbers in the order of time rise or fall: the Mann-Kendall test (Mann, "Nonparametric Tests Against
 * Trend", Econometrica 13, 1945; Kendall, Rank Correlation Methods, 1948), and by how much: the Theil-Sen slope
 * (Sen, Journal of the American Statistical Association 63, 1968). Neither asks for a distribution of
 * the noise, and single wild values move neither. Pure; any thread may call.
 */
#pragma once

#include "err.h"

#define TREND_EXACT 50u   /* up to so many numbers without ties the chance is exact, else normal */
#define TREND_MOST  1000u /* more are taken as means of equal stretches */

struct trend {
    double slope;  /* per step; NaN for fewer than two numbers */
    double chance; /* of so strong a trend, up or down, in noise that has none */
    int64_t s;     /* Kendall's: pairs that rise less those that fall */
};

/* Values that are NaN are not there, but keep their step. 0 or -ENOMEM. */
int trend_find(const double *values, unsigned n, struct trend *out, struct err *err) MUST_CHECK;
