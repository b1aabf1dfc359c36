/* Memory and fragmentation over time in one cell: a line per subject, of one block. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fragmentation.h"
#include "gnuplot.h"
#include "memory.h"
#include "plot_parts.h"

#define STRETCHES  240u /* of the time axis; of each, the least and the greatest value are kept */
#define LIVE_LEAST 0.05 /* of the greatest; where less is live, a ratio to it says little */

enum figure { FIGURE_MEMORY, FIGURE_FRAGMENTATION, FIGURE_LIVE };

struct line {
    int64_t trial; /* 0: none */
    struct trial_sample *samples;
    size_t n;
    uint64_t most_live;
    bool is_vague; /* what is live is not known well enough to be shown */
};

struct curves {
    struct plot *p;
    enum figure figure;
    uint32_t cell, block;
    struct line *lines; /* by subject */
    uint32_t n_lines;   /* that can be drawn */
};

static double time_of(const struct curves *v, const struct trial_sample *s)
{
    return v->p->options->base == PLOT_SECONDS ? (double)s->t_ns / 1e9 : (double)s->ops / 1e6;
}

/* NaN where there is none. */
static double value_of(const struct line *l, const struct trial_sample *s, enum figure figure)
{
    bool has_live = s->live_bytes != TRIAL_LIVE_UNKNOWN && !l->is_vague;
    switch (figure) {
    case FIGURE_MEMORY:
        return (double)s->rss_bytes / (double)MIB;
    case FIGURE_LIVE:
        return has_live ? (double)s->live_bytes / (double)MIB : NAN;
    default:
        return has_live && (double)s->live_bytes > LIVE_LEAST * (double)l->most_live &&
                       s->rss_bytes > 0
                   ? (double)s->rss_bytes / (double)s->live_bytes
                   : NAN;
    }
}

static bool can_draw(const struct line *l, enum figure figure)
{
    for (size_t i = 0; i < l->n; i++)
        if (isfinite(value_of(l, &l->samples[i], figure)))
            return true;
    return false;
}

struct seeker {
    struct curves *v;
    uint32_t *n_of_block; /* trials that are ok in the cell */
};

static bool is_wanted(const struct curves *v, const struct store_trial *t)
{
    const struct summary *s = v->p->summary;
    return t->place.cell == v->cell && t->place.block < s->n_blocks &&
           t->place.subject < s->run.n_subjects && t->result.status == TRIAL_OK &&
           !summary_is_bench(s, t->place.subject);
}

static int count_trial(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    struct seeker *k = context;
    if (is_wanted(k->v, t))
        k->n_of_block[t->place.block]++;
    return 0;
}

static int take_trial(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    struct curves *v = context;
    if (is_wanted(v, t) && t->place.block == v->block)
        v->lines[t->place.subject].trial = t->id;
    return 0;
}

/* The first block in which the most subjects have a trial. */
static int choose_block(struct curves *v, struct err *err)
{
    struct seeker k = {v, calloc(v->p->summary->n_blocks + 1, sizeof(*k.n_of_block))};
    if (!k.n_of_block)
        return err_set(err, ENOMEM, "no memory for the plot");
    int result = store_each_trial(v->p->store, v->p->summary->run.id, count_trial, &k, err);
    v->block = 0;
    for (uint32_t b = 0; b < v->p->summary->n_blocks; b++)
        if (k.n_of_block[b] > k.n_of_block[v->block])
            v->block = b;
    free(k.n_of_block);
    return result;
}

/* Greatest live bytes, and how well they are known. */
static int look_at_live(const struct curves *v, struct line *l, struct err *err)
{
    double *t = malloc((2 * l->n + 1) * sizeof(*t)), *live = t + l->n;
    if (!t)
        return err_set(err, ENOMEM, "no memory for the plot");
    for (size_t i = 0; i < l->n; i++) {
        uint64_t bytes = l->samples[i].live_bytes;
        t[i] = (double)l->samples[i].t_ns;
        live[i] = bytes == TRIAL_LIVE_UNKNOWN ? NAN : (double)bytes;
        if (bytes != TRIAL_LIVE_UNKNOWN && bytes > l->most_live)
            l->most_live = bytes;
    }
    l->is_vague =
        memory_is_vague(&v->p->summary->run.cells[v->cell], fragmentation_mean(t, live, l->n));
    free(t);
    return 0;
}

static int load(struct curves *v, struct err *err)
{
    int result = choose_block(v, err);
    if (result == 0)
        result = store_each_trial(v->p->store, v->p->summary->run.id, take_trial, v, err);
    for (uint32_t i = 0; i < v->p->summary->run.n_subjects && result == 0; i++) {
        struct line *l = &v->lines[i];
        if (!l->trial)
            continue;
        result = store_load_series(v->p->store, l->trial, &l->samples, &l->n, err);
        if (result == 0)
            result = look_at_live(v, l, err);
        v->n_lines += result == 0 && can_draw(l, v->figure);
    }
    return result;
}

static void put_sample(const struct curves *v, const struct line *l, size_t i, enum figure figure)
{
    fprintf(v->p->out, "%.5g %.5g\n", time_of(v, &l->samples[i]),
            value_of(l, &l->samples[i], figure));
}

/* Of each stretch the least and the greatest, in their order: a peak is never thinned away. */
static void put_block(const struct curves *v, const struct line *l, const char *name,
                      enum figure figure)
{
    double end = l->n ? time_of(v, &l->samples[l->n - 1]) : 0;
    size_t i = 0;
    fprintf(v->p->out, "$%s << EOD\n", name);
    for (unsigned stretch = 1; stretch <= STRETCHES; stretch++) {
        size_t least = SIZE_MAX, most = SIZE_MAX;
        for (; i < l->n &&
               (stretch == STRETCHES || time_of(v, &l->samples[i]) <= end * stretch / STRETCHES);
             i++) {
            double value = value_of(l, &l->samples[i], figure);
            if (!isfinite(value))
                continue;
            if (least == SIZE_MAX || value < value_of(l, &l->samples[least], figure))
                least = i;
            if (most == SIZE_MAX || value > value_of(l, &l->samples[most], figure))
                most = i;
        }
        if (least == SIZE_MAX)
            continue;
        put_sample(v, l, least < most ? least : most, figure);
        if (least != most)
            put_sample(v, l, least < most ? most : least, figure);
    }
    fputs("EOD\n", v->p->out);
}

/* Ratios are as far above 1 as below on a logarithmic axis; 1 is always on it. */
static void put_ratio_axis(const struct curves *v)
{
    double low = 1, high = 1;
    for (uint32_t i = 0; i < v->p->summary->run.n_subjects; i++)
        for (size_t k = 0; k < v->lines[i].n; k++) {
            double value = value_of(&v->lines[i], &v->lines[i].samples[k], v->figure);
            low = isfinite(value) ? fmin(low, value) : low;
            high = isfinite(value) ? fmax(high, value) : high;
        }
    fprintf(v->p->out, "set logscale y\nset yrange [%.5g:%.5g]\n", low / 1.05, high * 1.05);
    plot_put_ratio_tics(v->p->out, "y", low / 1.05, high * 1.05);
    fputs("set ylabel 'resident / requested live'\n"
          "set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb '#888888' lw 1\n",
          v->p->out);
}

static void put_axes(const struct curves *v)
{
    FILE *out = v->p->out;
    fputs("set title ", out);
    plot_put_cell(out, &v->p->summary->run.cells[v->cell]);
    fprintf(out, ".', block %u%s'\n", v->block + 1,
            v->figure == FIGURE_MEMORY ? "; resident less what was there before"
                                       : "; while a twentieth of the peak is live");
    fputs(v->p->options->base == PLOT_SECONDS ? "set xlabel 'seconds'\n"
                                              : "set xlabel 'million operations'\n",
          out);
    if (v->figure == FIGURE_MEMORY)
        fputs("set ylabel 'resident memory, MiB'\nset yrange [0:*]\n", out);
    else
        put_ratio_axis(v);
    fputs("set xrange [0:*]\nset key outside right top Left reverse spacing 1.3 samplen 3\n", out);
}

/*
 * What the program asked for, beside what was resident: in the baseline's trial, or in the first that has it. By seconds
 * each trial has a course of its own. UINT32_MAX: none.
 */
static uint32_t put_live(const struct curves *v)
{
    const struct summary *s = v->p->summary;
    uint32_t of = s->baseline;
    for (uint32_t i = 0; i < s->run.n_subjects && !can_draw(&v->lines[of], FIGURE_LIVE); i++)
        of = i;
    if (v->figure != FIGURE_MEMORY || !can_draw(&v->lines[of], FIGURE_LIVE))
        return UINT32_MAX;
    put_block(v, &v->lines[of], "live", FIGURE_LIVE);
    return of;
}

static void put_live_curve(const struct curves *v, uint32_t of)
{
    FILE *out = v->p->out;
    fputs("$live using 1:2 with filledcurves y=0 fc rgb '#d5d9de' fs solid 0.6 noborder "
          "title 'requested'",
          out);
    if (v->p->options->base == PLOT_SECONDS) {
        fputs(".', '.", out);
        gnuplot_put_text(out, v->p->summary->run.subjects[of].name);
    }
    fputs(", \\\n  ", out);
}

static void put_curves(const struct curves *v, uint32_t live_of)
{
    FILE *out = v->p->out;
    fputs("plot ", out);
    if (live_of != UINT32_MAX)
        put_live_curve(v, live_of);
    bool first = true;
    for (uint32_t i = 0; i < v->p->summary->run.n_subjects; i++) {
        if (!can_draw(&v->lines[i], v->figure))
            continue;
        fprintf(out, "%s$d%u using 1:2 with lines", first ? "" : ", \\\n  ", i);
        const struct look *l = &v->p->looks[i];
        fprintf(out, " lc rgb '#%06x' dt %s lw 1.8", l->rgb, l->dash);
        plot_put_title(v->p, i);
        first = false;
    }
    fputc('\n', out);
}

static void draw(const struct curves *v)
{
    char name[16];
    v->p->width = 900;
    v->p->height = 440;
    for (uint32_t i = 0; i < v->p->summary->run.n_subjects; i++) {
        snprintf(name, sizeof(name), "d%u", i);
        if (can_draw(&v->lines[i], v->figure))
            put_block(v, &v->lines[i], name, v->figure);
    }
    uint32_t live_of = put_live(v);
    put_axes(v);
    put_curves(v, live_of);
}

/* The one with the most live memory, in which most can be seen. */
static int choose_cell(struct curves *v, struct err *err)
{
    const struct summary *s = v->p->summary;
    if (v->p->options->cell)
        return plot_find_cell(v->p, &v->cell, err);
    uint64_t most = 0;
    bool any = false;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        bool has_more = !any || s->run.cells[c].peak_live_bytes > most;
        if (summary_is_control(s, c) || !has_more)
            continue;
        any = true;
        most = s->run.cells[c].peak_live_bytes;
        v->cell = c;
    }
    return any ? 0
               : err_set(err, EINVAL, "run %s has no workload but nop; see `arenabench show %s`",
                         s->run.name, s->run.name);
}

static int no_series(const struct curves *v, struct err *err)
{
    const struct store_run *run = &v->p->summary->run;
    const struct store_cell *cell = &run->cells[v->cell];
    return err_set(
        err, EINVAL, "run %s has no %s over time of %.*s with %u thread%s: %s", run->name,
        v->figure == FIGURE_MEMORY ? "memory" : "live bytes", 160, cell->workload, cell->threads,
        cell->threads == 1 ? "" : "s",
        v->figure == FIGURE_MEMORY
            ? "no trial of it ended well"
            : "no trial of it ended well and knows them well enough; try another --cell");
}

static int plot_curves(struct plot *p, enum figure figure, struct err *err)
{
    struct curves v = {.p = p, .figure = figure};
    uint32_t n = p->summary->run.n_subjects;
    int result = choose_cell(&v, err);
    if (result < 0)
        return result;
    v.lines = calloc(n + 1, sizeof(*v.lines));
    result = v.lines ? load(&v, err) : err_set(err, ENOMEM, "no memory for the plot");
    if (result == 0 && v.n_lines == 0)
        result = no_series(&v, err);
    if (result == 0)
        draw(&v);
    for (uint32_t i = 0; v.lines && i < n; i++)
        free(v.lines[i].samples);
    free(v.lines);
    return result;
}

int plot_memory(struct plot *p, struct err *err)
{
    return plot_curves(p, FIGURE_MEMORY, err);
}

int plot_fragmentation(struct plot *p, struct err *err)
{
    return plot_curves(p, FIGURE_FRAGMENTATION, err);
}
