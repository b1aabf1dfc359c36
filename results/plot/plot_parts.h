/* What the kinds of plots share. */
#pragma once

#include "plot.h"

int plot_throughput(struct plot *p, struct err *err) MUST_CHECK;
int plot_memory_speed(struct plot *p, struct err *err) MUST_CHECK;
int plot_memory(struct plot *p, struct err *err) MUST_CHECK;
int plot_fragmentation(struct plot *p, struct err *err) MUST_CHECK;
int plot_bound(struct plot *p, struct err *err) MUST_CHECK;
int plot_scaling(struct plot *p, struct err *err) MUST_CHECK;
int plot_machines(struct plot *p, struct err *err) MUST_CHECK;
int plot_tuning(struct plot *p, struct err *err) MUST_CHECK;
int plot_pareto(struct plot *p, struct err *err) MUST_CHECK;

/* " lc rgb '#0072b2' dt 1 lw 1.6 pt 7 ps 0.8" */
void plot_put_look(const struct plot *p, uint32_t subject);
/* " title 'glibc'" */
void plot_put_title(const struct plot *p, uint32_t subject);
/* "churn, 2 threads" as a string of gnuplot's. */
void plot_put_cell(FILE *out, const struct store_cell *cell);
void plot_put_cell_tic(FILE *out, const struct store_cell *cell); /* as the label of a tic */

/* The cell of options->cell. -EINVAL with those that there are. */
int plot_find_cell(const struct plot *p, uint32_t *cell, struct err *err) MUST_CHECK;

/*
 * Tics of an axis of ratios, which is logarithmic, from `low` to `high`, as the body of "set xtics": about
 * three to ten of them, 1 among them where it is in the range.
 */
void plot_put_ratio_tics(FILE *out, const char *axis, double low, double high);
