#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gnuplot.h"
#include "places.h"
#include "plot.h"

struct words {
    const char *kind, *run, *output, *results;
    bool keep;
    struct plot_options options;
    const char *unfit; /* an option that the kind has to take */
};

enum { KEY_RESULTS = 256, KEY_CELL, KEY_BY, KEY_KEEP };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the plot: FILE.svg, FILE.png or FILE.pdf", 0},
    {"results", KEY_RESULTS, "FILE", 0, "where runs are kept (default results/runs/bench.db)", 0},
    {"cell", KEY_CELL, "WORKLOAD:THREADS", 0,
     "memory, fragmentation: of this cell (default: that with the most live memory); memory-speed: of this "
     "cell, not over all",
     0},
    {"by", KEY_BY, "BASE", 0, "memory, fragmentation: over 'seconds' (default) or 'operations'", 0},
    {"keep", KEY_KEEP, NULL, 0,
     "keep the script with its data beside the plot, as FILE.gp; `gnuplot FILE.gp` draws it again",
     0},
    {0},
};

static void take_base(struct words *w, const char *arg, struct argp_state *state)
{
    if (strcmp(arg, "seconds") != 0 && strcmp(arg, "operations") != 0)
        argp_error(state, "--by is 'seconds' or 'operations', not '%s'", arg);
    w->options.base = strcmp(arg, "seconds") == 0 ? PLOT_SECONDS : PLOT_OPERATIONS;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'o':
        w->output = arg;
        return 0;
    case KEY_RESULTS:
        w->results = arg;
        return 0;
    case KEY_CELL:
        w->options.cell = arg;
        return 0;
    case KEY_BY:
        w->unfit = "--by";
        take_base(w, arg, state);
        return 0;
    case KEY_KEEP:
        w->keep = true;
        return 0;
    case ARGP_KEY_ARG:
        if (w->kind && w->run)
            argp_error(state, "one plot of one run at a time: '%s' is too much", arg);
        *(w->kind ? &w->run : &w->kind) = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void list(void)
{
    for (const struct plot_kind *k = plot_kinds; k->name; k++)
        printf("%-14s %s\n", k->name, k->summary);
    printf("\nexample: arenabench plot memory-speed -o speed.svg\n");
}

/* FILE.svg is beside FILE.gp. */
static int keep_path(const char *output, char **out, struct err *err)
{
    int n = (int)(strrchr(output, '.') - output);
    if (asprintf(out, "%.*s.gp", n, output) >= 0)
        return 0;
    *out = NULL;
    return err_set(err, ENOMEM, "out of memory");
}

/* Everything that can be wrong with the words, before the first look at a run. */
static int check(const struct words *w, const struct plot_kind **kind, struct err *err)
{
    *kind = plot_find_kind(w->kind, err);
    if (!*kind)
        return -EINVAL;
    if (!w->output)
        return err_set(err, EINVAL, "where to? say -o FILE.svg, FILE.png or FILE.pdf");
    if (w->options.cell && !(*kind)->takes_cell)
        return err_set(err, EINVAL, "--cell says nothing to a plot of %s", (*kind)->name);
    if (w->unfit && !(*kind)->takes_base)
        return err_set(err, EINVAL, "%s says nothing to a plot of %s", w->unfit, (*kind)->name);
    int rc = plot_check_path(w->output, err);
    return rc < 0 ? rc : gnuplot_find(err);
}

static int draw(struct store *store, const struct words *w, const struct plot_kind *kind,
                struct err *err)
{
    static const struct summary_options as_usual;
    struct summary summary = {0};
    char *keep = NULL;
    int64_t run_id;
    int rc = w->keep ? keep_path(w->output, &keep, err) : 0;
    if (rc == 0)
        rc = store_find_run(store, w->run ? w->run : "", &run_id, err);
    if (rc == 0)
        rc = summary_make(store, run_id, &as_usual, &summary, err);
    const struct plot_target target = {.path = w->output, .keep = keep};
    if (rc == 0)
        rc = plot_write(&target, store, &summary, kind, &w->options, err);
    summary_release(&summary);
    free(keep);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[KIND [RUN]]",
        "Draws a plot of a stored run (of RUN, a name or number, or of the latest) by gnuplot. Without KIND: lists the "
        "kinds.\v"
        "example: arenabench plot memory -o memory.svg --cell larson:4 --by operations",
        NULL,
        NULL,
        NULL};
    const struct plot_kind *kind = NULL;
    struct words w = {0};
    struct places places;
    struct store *store = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    if (!w.kind) {
        list();
        return 0;
    }
    int rc = check(&w, &kind, err);
    if (rc == 0)
        rc = places_find(&places, err);
    if (rc == 0)
        rc = store_open(w.results ? w.results : places.store, STORE_READ, &store, err);
    if (rc == 0)
        rc = draw(store, &w, kind, err);
    store_close(store);
    return rc;
}

const struct command command_plot = {
    .name = "plot",
    .summary = "draw a stored run: speed, memory, scaling (SVG, PNG, PDF)",
    .run = run,
};
