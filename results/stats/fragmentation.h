/*
 * What an allocator makes of the memory that a program asks for. Everything here is a pure function of
 * numbers:
 *
 *   L live      requested and not yet freed
 *   U usable    what the live objects really have (malloc_usable_size)
 *   H held      taken from the system by the allocator, by its own account
 *   R resident  of the process, less what was resident before
 *
 * in bytes, over a time base of the caller's choice (seconds or operations). A number that is not known is NaN,
 * and so is every figure that rests on one: nothing is guessed. Sources of the formulas: docs/method.md.
 *
 * A ratio to L says nothing where next to nothing is live, at the beginning and behind the end: means of
 * ratios leave out moments at which L is below FRAGMENTATION_LEAST of its greatest value.
 */
#pragma once

#include "err.h"

#define FRAGMENTATION_LEAST 0.01

/* Series of n values, t ascending; held may be NULL: not known. All others are there. */
struct fragmentation_series {
    const double *t, *live, *held, *resident;
    size_t n;
};

/* U/L - 1: lost inside of blocks. */
double fragmentation_internal(double usable, double live);

/* (H - U)/L: held from the system, and in no block. */
double fragmentation_unused(double held, double usable, double live);

/* R/L. */
double fragmentation_residency(double resident, double live);

/*
 * The four measures of Johnstone and Wilson (1998), each less 1: 0.25 is 25 % more than live. Where H is not known
 * throughout, R stands for it, and `by_resident` says so.
 */
struct fragmentation_measures {
    double f1; /* mean over time of H/L */
    double f2; /* H/L when L is greatest */
    double f3; /* greatest H, by L at that moment */
    double f4; /* greatest H, by greatest L */
    bool by_resident;
};
struct fragmentation_measures fragmentation_measure(const struct fragmentation_series *s);

/* Integral of R by integral of L, by trapezoids over the whole series. */
double fragmentation_memory_cost(const struct fragmentation_series *s);

/*
 * Realized at the peak: (R - L)/L at the moment when R is greatest (Maas et al. 2021). Where R
 * stands for H, that is f3.
 */
double fragmentation_realized(const struct fragmentation_series *s);

/*
 * The ideal on the same plan: live bytes without any gap, in whole pages. Not reachable in general, for objects
 * do not move; and not a bound from below where pages of large objects are never touched.
 */
double fragmentation_ideal(double live, double page_bytes);

/* Greatest R by the greatest R of the ideal. */
double fragmentation_blow_up(double peak_resident, double peak_live, double page_bytes);

/* The index of the first greatest value that is known; n without one. */
size_t fragmentation_peak(const double *values, size_t n);

/* Time-weighted mean by trapezoids of values that are known; a single one is its own mean; else NaN. */
double fragmentation_mean(const double *t, const double *values, size_t n);
