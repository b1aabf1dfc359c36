/* The Pareto front of a tuning: throughput against peak memory of every setting that ran well. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "plot_parts.h"
#include "tuned.h"

/* What a point is, in the order in which they are drawn: later ones lie on top. */
enum kind { BEHIND, ON_FRONT, DEFAULT, CONFIRMED, RECOMMENDED, KINDS };

static const struct style {
    const char *name, *title, *look;
    bool has_bars;
} styles[KINDS] = {
    [BEHIND] = {"behind", "behind the front", "lc rgb '#aaaaaa' pt 6 ps 0.7 lw 1", false},
    [ON_FRONT] = {"front", "on the front, of the search: unconfirmed",
                  "lc rgb '#0072b2' pt 6 ps 1 lw 2", true},
    [DEFAULT] = {"default", "the default", "lc rgb '#222222' pt 5 ps 1.3", false},
    [CONFIRMED] = {"confirmed", "measured again, not recommended",
                   "lc rgb '#d55e00' pt 12 ps 1.8 lw 2", true},
    [RECOMMENDED] = {"recommended", "recommended", "lc rgb '#d55e00' pt 13 ps 2", true},
};

struct pareto {
    struct plot *p;
    const struct tuned *tuned;
    uint32_t *front; /* subjects on it, by memory; owned */
    uint32_t n_front, n_of[KINDS];
    double low[2], high[2]; /* of the axes: memory, speed */
};

static const struct interval *ratio_of(const struct pareto *f, uint32_t subject, enum measure m)
{
    return tuned_ratio(f->p->summary, subject, m);
}

static bool is_drawn(const struct pareto *f, uint32_t subject)
{
    double speed = ratio_of(f, subject, MEASURE_THROUGHPUT)->estimate;
    double memory = ratio_of(f, subject, MEASURE_PEAK_RSS)->estimate;
    return summary_entry(f->p->summary, 0, subject)->n_ok > 0 && speed > 0 && memory > 0 &&
           isfinite(speed) && isfinite(memory);
}

static enum kind kind_of(const struct pareto *f, uint32_t subject)
{
    const struct summary *s = f->p->summary;
    if (subject == s->baseline)
        return DEFAULT;
    if (f->tuned->has_recommended && subject == f->tuned->recommended)
        return RECOMMENDED;
    if (summary_entry(s, 0, subject)->is_confirmed)
        return CONFIRMED;
    return tuned_is_on_front(s, subject) ? ON_FRONT : BEHIND;
}

static void stretch(struct pareto *f, unsigned axis, double value)
{
    if (!(value > 0) || !isfinite(value))
        return;
    f->low[axis] = fmin(f->low[axis], value);
    f->high[axis] = fmax(f->high[axis], value);
}

/* A point, and its interval where that has a bar. */
static void stretch_to(struct pareto *f, unsigned axis, uint32_t subject)
{
    const struct interval *r = ratio_of(f, subject, axis ? MEASURE_THROUGHPUT : MEASURE_PEAK_RSS);
    stretch(f, axis, r->estimate);
    if (styles[kind_of(f, subject)].has_bars) {
        stretch(f, axis, r->low);
        stretch(f, axis, r->high);
    }
}

static void find_range(struct pareto *f)
{
    for (unsigned axis = 0; axis < 2; axis++) {
        f->low[axis] = f->high[axis] = 1;
        for (uint32_t i = 0; i < f->p->summary->run.n_subjects; i++)
            if (is_drawn(f, i))
                stretch_to(f, axis, i);
        double margin = fmax(pow(f->high[axis] / f->low[axis], 0.06), 1.01);
        f->low[axis] /= margin;
        f->high[axis] *= margin;
    }
}

static int by_memory(const void *a, const void *b, void *context)
{
    const struct pareto *f = context;
    double x = ratio_of(f, *(const uint32_t *)a, MEASURE_PEAK_RSS)->estimate;
    double y = ratio_of(f, *(const uint32_t *)b, MEASURE_PEAK_RSS)->estimate;
    return (x > y) - (x < y);
}

static void put_front(struct pareto *f)
{
    for (uint32_t i = 0; i < f->p->summary->run.n_subjects; i++)
        if (is_drawn(f, i) && tuned_is_on_front(f->p->summary, i))
            f->front[f->n_front++] = i;
    qsort_r(f->front, f->n_front, sizeof(*f->front), by_memory, f);
    fputs("$line << EOD\n", f->p->out);
    for (uint32_t i = 0; i < f->n_front; i++)
        fprintf(f->p->out, "%.6g %.6g\n", ratio_of(f, f->front[i], MEASURE_PEAK_RSS)->estimate,
                ratio_of(f, f->front[i], MEASURE_THROUGHPUT)->estimate);
    fputs("EOD\n", f->p->out);
}

static void put_points(struct pareto *f, enum kind kind)
{
    FILE *out = f->p->out;
    fprintf(out, "$%s << EOD\n", styles[kind].name);
    for (uint32_t i = 0; i < f->p->summary->run.n_subjects; i++) {
        const struct interval *m = ratio_of(f, i, MEASURE_PEAK_RSS);
        const struct interval *v = ratio_of(f, i, MEASURE_THROUGHPUT);
        if (!is_drawn(f, i) || kind_of(f, i) != kind)
            continue;
        fprintf(out, "%.6g %.6g %.6g %.6g %.6g %.6g\n", m->estimate, v->estimate, m->low, m->high,
                v->low, v->high);
        f->n_of[kind]++;
    }
    fputs("EOD\n", out);
}

static void put_axes(const struct pareto *f)
{
    FILE *out = f->p->out;
    fprintf(out, "set logscale xy\nset xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\n", f->low[0],
            f->high[0], f->low[1], f->high[1]);
    plot_put_ratio_tics(out, "x", f->low[0], f->high[0]);
    plot_put_ratio_tics(out, "y", f->low[1], f->high[1]);
    fputs("set xlabel 'peak resident memory, ratio to the default   (left is leaner)'\n"
          "set ylabel 'throughput, ratio to the default   (up is faster)'\nset title ",
          out);
    plot_put_cell(out, &f->p->summary->run.cells[0]);
    if (f->tuned->has_recommended) {
        fputs(".', recommended: '.", out);
        gnuplot_put_text(out, f->p->summary->run.subjects[f->tuned->recommended].name);
    }
    fputs("\nset key below center horizontal Left reverse samplen 2\nset bmargin 7\n", out);
}

static void put_plot(const struct pareto *f)
{
    FILE *out = f->p->out;
    fputs("plot $line using 1:2 with steps lc rgb '#888888' dt '--' lw 1.2 title 'Pareto front'",
          out);
    for (unsigned k = 0; k < KINDS; k++) {
        const struct style *s = &styles[k];
        if (f->n_of[k] == 0)
            continue;
        if (s->has_bars)
            fprintf(out, ", \\\n  $%s using 1:2:3:4:5:6 with xyerrorbars lc rgb '%s' pt 0 notitle",
                    s->name, k == ON_FRONT ? "#9cc3de" : "#d55e00");
        fprintf(out, ", \\\n  $%s using 1:2 with points %s title '%s'", s->name, s->look, s->title);
    }
    fputc('\n', out);
}

static int draw(struct pareto *f, struct err *err)
{
    const struct store_run *run = &f->p->summary->run;
    if (run->n_cells == 0)
        return err_set(err, EINVAL, "run %s has no cell", run->name);
    find_range(f);
    f->p->width = 900;
    f->p->height = 560;
    put_front(f);
    for (unsigned k = 0; k < KINDS; k++)
        put_points(f, (enum kind)k);
    if (f->n_of[ON_FRONT] + f->n_of[BEHIND] + f->n_of[CONFIRMED] + f->n_of[RECOMMENDED] == 0)
        return err_set(err, EINVAL,
                       "run %s has nothing to hold against its default: no other setting has a "
                       "block in common with it",
                       run->name);
    put_axes(f);
    put_plot(f);
    return 0;
}

int plot_pareto(struct plot *p, struct err *err)
{
    struct tuned tuned;
    struct pareto f = {.p = p, .tuned = &tuned};
    int rc = tuned_read(p->summary, &tuned, err);
    if (rc == 0) {
        f.front = calloc(p->summary->run.n_subjects + 1, sizeof(*f.front));
        rc = f.front ? draw(&f, err) : err_set(err, ENOMEM, "no memory for the plot");
    }
    free(f.front);
    tuned_release(&tuned);
    return rc;
}
