/*
 * Types of machines: a row per contender and cell, its ratio to the baseline, one point per type. On the right, what the
 * baseline does on each type, for ratios hide it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "machines.h"
#include "plot_parts.h"
#include "report_text.h"
#include "text.h"

#define ROW_PX   13u
#define GAP_PX   10u
#define FRAME_PX 130u
#define CLIP     16.0 /* ratios beyond stand at the edge */

struct chart {
    struct plot *p;
    struct machines machines;
    uint32_t *rows; /* cell * n_subjects + subject, top down */
    uint32_t n_rows;
    double low, high; /* of the axis */
};

static const uint32_t colours[] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                   0xe69f00, 0x56b4e9, 0x000000};
static const unsigned points[] = {7, 5, 9, 13, 11, 6, 4};

static const struct store_run *run_of(const struct chart *c)
{
    return &c->machines.types[0].summary.run;
}

/* NULL where there is no ratio. */
static const struct interval *ratio_of(const struct chart *c, uint32_t type, uint32_t row)
{
    uint32_t n = run_of(c)->n_subjects;
    const struct summary_entry *e =
        machines_entry(&c->machines, type, c->rows[row] / n, c->rows[row] % n);
    const struct interval *r = e ? &e->measured[MEASURE_THROUGHPUT].ratio : NULL;
    return r && r->n_blocks > 0 ? r : NULL;
}

static void stretch(struct chart *c, double value)
{
    if (!(value > 0))
        return;
    c->low = fmin(c->low, fmax(value, 1 / CLIP));
    c->high = fmax(c->high, fmin(value, CLIP));
}

/* Subject by subject, so that what one does on the types stands together. */
static int choose(struct chart *c, struct err *err)
{
    const struct summary *s = &c->machines.types[0].summary;
    uint32_t n = s->run.n_cells * s->run.n_subjects;
    c->rows = calloc(n + 1, sizeof(*c->rows));
    if (!c->rows)
        return err_set(err, ENOMEM, "no memory for the plot");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t subject = i / s->run.n_cells, cell = i % s->run.n_cells;
        bool any = false;
        c->rows[c->n_rows] = cell * s->run.n_subjects + subject;
        for (uint32_t t = 0; t < c->machines.n && !summary_is_control(s, cell); t++) {
            const struct interval *r = ratio_of(c, t, c->n_rows);
            any |= r != NULL;
            stretch(c, r ? r->low : 0);
            stretch(c, r ? r->high : 0);
        }
        c->n_rows += any;
    }
    c->low *= 0.93;
    c->high *= 1.07;
    return c->n_rows > 0 ? 0
                         : err_set(err, EINVAL, "run %s has no ratio to its baseline to draw",
                                   run_of(c)->name);
}

static double clip(const struct chart *c, double value)
{
    return fmax(c->low, fmin(c->high, value));
}

/* Columns: ratio, y, low and high of the interval. */
static void put_type(const struct chart *c, uint32_t type)
{
    fprintf(c->p->out, "$d%u << EOD\n", type);
    for (uint32_t row = 0; row < c->n_rows; row++) {
        const struct interval *r = ratio_of(c, type, row);
        double y = -(double)row + 0.7 * (0.5 - (type + 0.5) / c->machines.n);
        if (r)
            fprintf(c->p->out, "%.5g %.4f %.5g %.5g\n", clip(c, r->estimate), y, clip(c, r->low),
                    clip(c, r->high));
    }
    fputs("EOD\n", c->p->out);
}

/* The baseline's rates, as the types come: "9.2 | 5.1". */
static void put_rates(const struct chart *c, uint32_t row)
{
    const struct summary *s = &c->machines.types[0].summary;
    FILE *out = c->p->out;
    fputc('\'', out);
    for (uint32_t t = 0; t < c->machines.n; t++) {
        const struct summary_entry *e =
            machines_entry(&c->machines, t, c->rows[row] / s->run.n_subjects, s->baseline);
        char number[WORDING_NUMBER_BYTES];
        double rate = e ? e->measured[MEASURE_THROUGHPUT].median : 0;
        wording_number(number, rate / 1e6);
        fprintf(out, "%s%s", t ? " | " : "", rate > 0 ? number : "-");
    }
    fprintf(out, "' %d", -(int)row);
}

static void put_axes(const struct chart *c)
{
    FILE *out = c->p->out;
    const struct store_run *run = run_of(c);
    fprintf(out, "set logscale x\nset xrange [%.5g:%.5g]\nset yrange [%.3f:0.6]\n", c->low, c->high,
            0.4 - c->n_rows);
    plot_put_ratio_tics(out, "x", c->low, c->high);
    fputs("set ytics scale 0 (", out);
    for (uint32_t row = 0; row < c->n_rows; row++) {
        fputs(row ? ", " : "", out);
        gnuplot_put_tic(out, run->subjects[c->rows[row] % run->n_subjects].name);
        fputs(".', '.", out);
        plot_put_cell_tic(out, &run->cells[c->rows[row] / run->n_subjects]);
        fprintf(out, " %d", -(int)row);
    }
    fputs(")\nset y2tics scale 0 (", out);
    for (uint32_t row = 0; row < c->n_rows; row++) {
        fputs(row ? ", " : "", out);
        put_rates(c, row);
    }
    fprintf(out, ")\nset y2range [%.3f:0.6]\nset grid noy\n", 0.4 - c->n_rows);
    fputs("set xlabel 'throughput, ratio to '.", out);
    gnuplot_put_text(out, run->baseline);
    fputs(".' (right of 1 is faster), with 95 % intervals'\nset y2label ", out);
    gnuplot_put_text(out, run->baseline);
    fputs(".': million calls per second, by type' textcolor rgb '#333333' offset -1\n"
          "set key tmargin left vertical Left reverse samplen 1.6 width 1\n",
          out);
}

static void put_plot(const struct chart *c)
{
    FILE *out = c->p->out;
    fputs("set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#333333' lw 1.2 front\nplot ",
          out);
    for (uint32_t t = 0; t < c->machines.n; t++) {
        char title[80];
        unsigned look = t % ARRAY_SIZE(colours);
        fprintf(out,
                "%s$d%u using 1:2:3:4 with xerrorbars lc rgb '#%06x' lw 1.2 pt %u ps 0.75 title ",
                t ? ", \\\n  " : "", t, colours[look], points[look]);
        gnuplot_put_text(out, c->machines.types[t].label);
        fputs(".': '.", out);
        text_format(title, sizeof(title), "%.*s", 75, machines_describe(&c->machines.types[t]));
        gnuplot_put_text(out, title);
    }
    fputc('\n', out);
}

static void draw(const struct chart *c)
{
    c->p->width = 900;
    c->p->height = FRAME_PX + 18 * c->machines.n + c->n_rows * (ROW_PX * c->machines.n + GAP_PX);
    for (uint32_t t = 0; t < c->machines.n; t++)
        put_type(c, t);
    put_axes(c);
    put_plot(c);
}

int plot_machines(struct plot *p, struct err *err)
{
    struct chart c = {.p = p, .low = 0.95, .high = 1.05};
    int result = machines_make(p->store, p->summary->run.id, &c.machines, err);
    if (result == 0)
        result = choose(&c, err);
    if (result == 0)
        draw(&c);
    free(c.rows);
    machines_release(&c.machines);
    return result;
}
