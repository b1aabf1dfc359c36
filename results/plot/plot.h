/*
 * Plots of a stored run for papers and READMEs, by gnuplot: SVG, PNG or PDF. Everything in them comes from the store;
 * the same run gives the same plot.
 */
#pragma once

#include <stdio.h>

#include "palette.h"
#include "summary.h"

enum plot_base { PLOT_SECONDS, PLOT_OPERATIONS };

struct plot_options {
    const char *cell;    /* WORKLOAD:THREADS; NULL: the kind chooses */
    enum plot_base base; /* of kinds over time */
};

/* One plot in the making. */
struct plot {
    struct store *store;
    const struct summary *summary;
    const struct plot_options *options;
    struct look *looks;     /* of the run's subjects */
    FILE *out;              /* the script, behind its head */
    unsigned width, height; /* as the kind sets them; in pixels of an SVG */
};

struct plot_kind {
    const char *name;
    const char *summary; /* one line */
    bool takes_cell, takes_base;
    /* Sets the size and writes the script. -EINVAL with what the run lacks. */
    int (*draw)(struct plot *p, struct err *err);
};

/* Ends with a row without a name. */
extern const struct plot_kind plot_kinds[];

/* NULL, with near names, for a name that is none. */
const struct plot_kind *plot_find_kind(const char *name, struct err *err);

/* Whether the file's name ends in a form that plots have. -EINVAL. */
int plot_check_path(const char *path, struct err *err) MUST_CHECK;

/*
 * Draws into the file at `path`, which is there whole or as it was before. With `keep`, the script with its
 * data goes there too; `gnuplot KEEP` draws the same again. Either file replaces regular files only.
 */
struct plot_target {
    const char *path;
    const char *keep; /* NULL: not kept */
};
int plot_write(const struct plot_target *target, struct store *store, const struct summary *summary,
               const struct plot_kind *kind, const struct plot_options *options,
               struct err *err) MUST_CHECK;
