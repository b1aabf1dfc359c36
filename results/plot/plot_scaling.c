/* Throughput over threads: a panel per workload that has two thread counts or more. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "plot_parts.h"

#define COLUMNS_MOST 3u
#define PANEL_PX     230u
#define KEY_PX       56u

struct panels {
    struct plot *p;
    uint32_t *first; /* a cell of each workload that is shown */
    uint32_t n;
    uint32_t *subjects;
    uint32_t n_subjects, n_columns;
};

static bool is_same(const struct summary *s, uint32_t a, uint32_t b)
{
    return strcmp(s->run.cells[a].workload, s->run.cells[b].workload) == 0;
}

static double median_of(const struct summary *s, uint32_t cell, uint32_t subject)
{
    return summary_entry(s, cell, subject)->measured[MEASURE_THROUGHPUT].median;
}

/* Shown is what has two thread counts, once, in the run's order. */
static void choose(struct panels *v)
{
    const struct summary *s = v->p->summary;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        bool is_first = !summary_is_control(s, c), has_more = false;
        for (uint32_t k = 0; k < s->run.n_cells; k++) {
            is_first &= k >= c || !is_same(s, k, c);
            has_more |= k > c && is_same(s, k, c);
        }
        if (is_first && has_more)
            v->first[v->n++] = c;
    }
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (!summary_is_bench(s, i))
            v->subjects[v->n_subjects++] = i;
}

struct dot {
    uint32_t threads;
    double value;
};

static int by_threads(const void *a, const void *b)
{
    uint32_t x = ((const struct dot *)a)->threads, y = ((const struct dot *)b)->threads;
    return (x > y) - (x < y);
}

/* The line of one subject, by threads; returns how many points it has. */
static uint32_t put_block(const struct panels *v, uint32_t panel, uint32_t k, struct dot *dots,
                          double *most)
{
    const struct summary *s = v->p->summary;
    uint32_t n = 0;
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (is_same(s, c, v->first[panel]) && median_of(s, c, v->subjects[k]) > 0)
            dots[n++] =
                (struct dot){s->run.cells[c].threads, median_of(s, c, v->subjects[k]) / 1e6};
    qsort(dots, n, sizeof(*dots), by_threads);
    fprintf(v->p->out, "$p%u_%u << EOD\n", panel, k);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(v->p->out, "%u %.6g\n", dots[i].threads, dots[i].value);
        *most = fmax(*most, dots[i].value);
    }
    fputs("EOD\n", v->p->out);
    return n;
}

static void put_tics(const struct panels *v, uint32_t panel)
{
    const struct summary *s = v->p->summary;
    bool first = true;
    fputs("set xtics (", v->p->out);
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        if (!is_same(s, c, v->first[panel]))
            continue;
        fprintf(v->p->out, "%s'%u' %u", first ? "" : ", ", s->run.cells[c].threads,
                s->run.cells[c].threads);
        first = false;
    }
    fputs(")\n", v->p->out);
}

static void put_panel(const struct panels *v, uint32_t panel, struct dot *dots)
{
    FILE *out = v->p->out;
    uint32_t rows = (v->n + v->n_columns - 1) / v->n_columns;
    double height = 1 - (double)KEY_PX / v->p->height, most = 0;
    bool any = false;
    for (uint32_t k = 0; k < v->n_subjects; k++)
        any |= put_block(v, panel, k, dots, &most) > 0;
    fprintf(out, "set size %.4f,%.4f\nset origin %.4f,%.4f\nset title ", 1.0 / v->n_columns,
            height / rows, (panel % v->n_columns) * 1.0 / v->n_columns,
            height * (rows - 1 - panel / v->n_columns) / rows);
    gnuplot_put_text(out, v->p->summary->run.cells[v->first[panel]].workload);
    fprintf(out, " offset 0,-0.6\nset yrange [0:%.6g]\n", any ? most * 1.08 : 1);
    put_tics(v, panel);
    fprintf(out, "set ylabel '%s' offset 1.2\n",
            panel % v->n_columns == 0 ? "million calls / s" : "");
    fputs("plot ", out);
    for (uint32_t k = 0; k < v->n_subjects; k++) {
        fprintf(out, "%s$p%u_%u using 1:2 with linespoints", k ? ", \\\n  " : "", panel, k);
        plot_put_look(v->p, v->subjects[k]);
        fputs(" notitle", out);
    }
    fputc('\n', out);
}

/* A strip above the panels, without axes, that holds the key of all. */
static void put_key(const struct panels *v)
{
    FILE *out = v->p->out;
    double height = (double)KEY_PX / v->p->height;
    fprintf(
        out,
        "set size 1,%.4f\nset origin 0,%.4f\nunset border\nunset tics\nunset grid\nunset title\n"
        "unset xlabel\nunset ylabel\nunset logscale\nset xrange [0:1]\nset yrange [0:1]\n"
        "set lmargin 2\nset rmargin 2\nset bmargin 0\nset tmargin 0\n"
        "set key center center horizontal Left reverse samplen 3 width 1\nplot ",
        height, 1 - height);
    for (uint32_t k = 0; k < v->n_subjects; k++) {
        fputs(k ? ", NaN with linespoints" : "NaN with linespoints", out);
        plot_put_look(v->p, v->subjects[k]);
        plot_put_title(v->p, v->subjects[k]);
    }
    fputc('\n', out);
}

static int draw(struct panels *v, struct err *err)
{
    const struct store_run *run = &v->p->summary->run;
    struct dot *dots = calloc(run->n_cells + 1, sizeof(*dots));
    if (!dots)
        return err_set(err, ENOMEM, "no memory for the plot");
    v->n_columns = v->n < COLUMNS_MOST ? v->n : COLUMNS_MOST;
    uint32_t rows = (v->n + v->n_columns - 1) / v->n_columns;
    v->p->width = 900;
    v->p->height = KEY_PX + PANEL_PX * rows;
    fputs(
        "set multiplot\nset logscale x 2\nset xrange [*:*] noextend\nset offsets graph 0.06, graph 0.06, 0, 0\n"
        "set xlabel 'threads' offset 0,0.5\nset key off\nset lmargin 8\nset rmargin 2\n",
        v->p->out);
    for (uint32_t i = 0; i < v->n; i++)
        put_panel(v, i, dots);
    put_key(v);
    fputs("unset multiplot\n", v->p->out);
    free(dots);
    return 0;
}

int plot_scaling(struct plot *p, struct err *err)
{
    const struct store_run *run = &p->summary->run;
    struct panels v = {.p = p};
    int result = 0;
    v.first = calloc(run->n_cells + 1, sizeof(*v.first));
    v.subjects = calloc(run->n_subjects + 1, sizeof(*v.subjects));
    if (!v.first || !v.subjects)
        result = err_set(err, ENOMEM, "no memory for the plot");
    if (result == 0)
        choose(&v);
    if (result == 0 && v.n == 0)
        result =
            err_set(err, EINVAL,
                    "run %s has each workload at one thread count only: measure with --threads "
                    "1,2,4, say",
                    run->name);
    if (result == 0)
        result = draw(&v, err);
    free(v.first);
    free(v.subjects);
    return result;
}
