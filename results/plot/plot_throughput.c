/* Bars of throughput: ratios to the baseline, a group of bars per cell, one below the other. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "plot_parts.h"
#include "report_text.h"

#define BAR_PX   9u
#define GAP_PX   9u
#define FRAME_PX 110u
#define CLIP     16.0 /* ratios beyond are cut off there, with their number */

struct bars {
    struct plot *p;
    uint32_t *subjects, *cells;
    uint32_t n_subjects, n_cells;
    double low, high; /* of the axis */
};

static const struct interval *ratio_of(const struct bars *b, uint32_t cell, uint32_t subject)
{
    return &summary_entry(b->p->summary, cell, subject)->measured[MEASURE_THROUGHPUT].ratio;
}

static void stretch(struct bars *b, double value)
{
    if (!(value > 0))
        return;
    b->low = fmin(b->low, fmax(value, 1 / CLIP));
    b->high = fmax(b->high, fmin(value, CLIP));
}

/* Contenders and cells that have a ratio at all. */
static void choose(struct bars *b)
{
    const struct summary *s = b->p->summary;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        bool any = false;
        for (uint32_t c = 0; c < s->run.n_cells; c++)
            any |= !summary_is_control(s, c) && ratio_of(b, c, i)->n_blocks > 0;
        if (any)
            b->subjects[b->n_subjects++] = i;
    }
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        bool any = false;
        for (uint32_t k = 0; k < b->n_subjects && !summary_is_control(s, c); k++) {
            const struct interval *r = ratio_of(b, c, b->subjects[k]);
            any |= r->n_blocks > 0;
            stretch(b, r->low);
            stretch(b, r->high);
        }
        if (any)
            b->cells[b->n_cells++] = c;
    }
    b->low *= 0.93;
    b->high *= 1.07;
}

static double clip(const struct bars *b, double value)
{
    return fmax(b->low, fmin(b->high, value));
}

/* The middle of a bar; cells go down from 0 by 1 each. */
static double place(const struct bars *b, uint32_t cell, uint32_t k)
{
    double share = 1.0 * BAR_PX / (BAR_PX * b->n_subjects + GAP_PX);
    return -(double)cell + share * ((b->n_subjects - 1) / 2.0 - k);
}

/* Columns: ratio, y, left, right, bottom, top of the bar; low and high of the interval. */
static void put_block(const struct bars *b, uint32_t k)
{
    double half = 0.42 * BAR_PX / (BAR_PX * b->n_subjects + GAP_PX);
    fprintf(b->p->out, "$d%u << EOD\n", k);
    for (uint32_t c = 0; c < b->n_cells; c++) {
        const struct interval *r = ratio_of(b, b->cells[c], b->subjects[k]);
        if (r->n_blocks == 0)
            continue;
        double y = place(b, c, k), at = clip(b, r->estimate);
        fprintf(b->p->out, "%.5g %.4f %.5g %.5g %.4f %.4f %.5g %.5g\n", at, y, fmin(at, 1),
                fmax(at, 1), y - half, y + half, clip(b, r->low), clip(b, r->high));
    }
    fputs("EOD\n", b->p->out);
}

/* Numbers of bars that are cut off, and words where one is missing. */
static void put_notes(const struct bars *b, uint32_t c, uint32_t k)
{
    FILE *out = b->p->out;
    const struct summary_entry *e = summary_entry(b->p->summary, b->cells[c], b->subjects[k]);
    const struct interval *r = &e->measured[MEASURE_THROUGHPUT].ratio;
    double y = place(b, c, k);
    if (r->n_blocks == 0) {
        fputs("set label ", out);
        gnuplot_put_text(out, e->n_ok < e->n_trials ? trial_status_name(e->first_failure)
                                                    : "not measured");
        fprintf(out, " at 1,%.4f offset 0.6,0 font ',8' textcolor rgb '#666666'\n", y);
    } else if (r->estimate < b->low || r->estimate > b->high) {
        bool is_low = r->estimate < b->low;
        fprintf(
            out,
            "set label '%.2g' at %.5g,%.4f %s offset %s,0 font ',8' textcolor rgb '#000000' front\n",
            r->estimate, is_low ? b->low : b->high, y, is_low ? "left" : "right",
            is_low ? "0.8" : "-0.8");
    }
}

static void put_axes(const struct bars *b)
{
    FILE *out = b->p->out;
    const struct summary *s = b->p->summary;
    fprintf(out, "set logscale x\nset xrange [%.5g:%.5g]\nset yrange [%.3f:0.6]\n", b->low, b->high,
            0.4 - b->n_cells);
    plot_put_ratio_tics(out, "x", b->low, b->high);
    fputs("set ytics scale 0 (", out);
    for (uint32_t c = 0; c < b->n_cells; c++) {
        fputs(c ? ", " : "", out);
        plot_put_cell_tic(out, &s->run.cells[b->cells[c]]);
        fprintf(out, " %d", -(int)c);
    }
    fputs(")\nset y2tics scale 0 (", out);
    for (uint32_t c = 0; c < b->n_cells; c++) {
        char number[REPORT_NUMBER_BYTES];
        double base =
            summary_entry(s, b->cells[c], s->baseline)->measured[MEASURE_THROUGHPUT].median;
        report_format_number(number, base / 1e6);
        fprintf(out, "%s'%s' %d", c ? ", " : "", base > 0 ? number : "-", -(int)c);
    }
    fprintf(out, ")\nset y2range [%.3f:0.6]\nset grid noy\n", 0.4 - b->n_cells);
    fputs("set xlabel 'throughput, ratio to '.", out);
    gnuplot_put_text(out, s->run.baseline);
    fputs(".' (right of 1 is faster), with 95 % intervals'\nset y2label ", out);
    gnuplot_put_text(out, s->run.baseline);
    fputs(".': million calls per second' textcolor rgb '#333333' offset -1\n"
          "set key tmargin left horizontal Left reverse samplen 1.6 width 1\n",
          out);
}

static void put_plot(const struct bars *b)
{
    FILE *out = b->p->out;
    fputs("set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#333333' lw 1.2 front\nplot ",
          out);
    for (uint32_t k = 0; k < b->n_subjects; k++) {
        const struct look *l = &b->p->looks[b->subjects[k]];
        fprintf(
            out,
            "%s$d%u using 1:2:3:4:5:6 with boxxyerror lc rgb '#%06x' fs solid 0.45 border notitle"
            ", $d%u using 1:2:7:8 with xerrorbars lc rgb '#222222' lw 1 pt 0 notitle"
            ", $d%u using 1:2 with points pt %u ps 0.75 lc rgb '#%06x' notitle"
            ", NaN with points pt %u ps 1 lc rgb '#%06x'",
            k ? ", \\\n  " : "", k, l->rgb, k, k, l->point, l->rgb, l->point, l->rgb);
        plot_put_title(b->p, b->subjects[k]);
    }
    fputc('\n', out);
}

static void draw(struct bars *b)
{
    b->p->width = 900;
    b->p->height = FRAME_PX + b->n_cells * (BAR_PX * b->n_subjects + GAP_PX);
    for (uint32_t k = 0; k < b->n_subjects; k++)
        put_block(b, k);
    for (uint32_t c = 0; c < b->n_cells; c++)
        for (uint32_t k = 0; k < b->n_subjects; k++)
            put_notes(b, c, k);
    put_axes(b);
    put_plot(b);
}

int plot_throughput(struct plot *p, struct err *err)
{
    const struct store_run *run = &p->summary->run;
    struct bars b = {.p = p, .low = 0.95, .high = 1.05};
    int result = 0;
    b.subjects = calloc(run->n_subjects + 1, sizeof(*b.subjects));
    b.cells = calloc(run->n_cells + 1, sizeof(*b.cells));
    if (!b.subjects || !b.cells)
        result = err_set(err, ENOMEM, "no memory for the plot");
    if (result == 0)
        choose(&b);
    if (result == 0 && b.n_cells == 0)
        result = err_set(err, EINVAL,
                         "run %s has no ratio to its baseline to draw: no workload but nop has a "
                         "block in which two allocators were measured",
                         run->name);
    if (result == 0)
        draw(&b);
    free(b.subjects);
    free(b.cells);
    return result;
}
