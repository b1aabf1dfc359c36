/* Adversaries: a bar for each allocator's heap, with lines at the bound that theory states and at what was live. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "plot_parts.h"

#define BAR_PX    14u
#define GAP_PX    26u  /* between two cells */
#define FRAME_PX  130u /* axes, key and their labels */
#define BAR_SHARE 0.84 /* of the room of a bar */

struct bars {
    struct plot *p;
    uint32_t *subjects, *cells;
    uint32_t n_subjects, n_cells;
    double low, high; /* of the axis, in MiB */
};

static double peak_of(const struct bars *b, uint32_t c, uint32_t k)
{
    const struct summary_entry *e = summary_entry(b->p->summary, b->cells[c], b->subjects[k]);
    return e->n_ok > 0 ? e->measured[MEASURE_PEAK_RSS].median / (double)MIB : NAN;
}

static const struct store_cell *cell_of(const struct bars *b, uint32_t c)
{
    return &b->p->summary->run.cells[b->cells[c]];
}

static void choose(struct bars *b)
{
    const struct summary *s = b->p->summary;
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (s->run.cells[c].bound_bytes > 0)
            b->cells[b->n_cells++] = c;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (!summary_is_bench(s, i))
            b->subjects[b->n_subjects++] = i;
}

static void stretch(struct bars *b, double mib)
{
    if (!(mib > 0))
        return;
    b->low = fmin(b->low, mib);
    b->high = fmax(b->high, mib);
}

static void find_range(struct bars *b)
{
    b->low = INFINITY;
    b->high = 0;
    for (uint32_t c = 0; c < b->n_cells; c++) {
        stretch(b, (double)cell_of(b, c)->bound_bytes / (double)MIB);
        stretch(b, (double)cell_of(b, c)->peak_live_bytes / (double)MIB);
        for (uint32_t k = 0; k < b->n_subjects; k++)
            stretch(b, peak_of(b, c, k));
    }
    b->low = b->low / 1.6;
    b->high = b->high * 1.3;
}

/* The share of a cell's height that one bar has. */
static double step(const struct bars *b)
{
    return 1.0 * BAR_PX / (BAR_PX * b->n_subjects + GAP_PX);
}

/* The middle of a bar; cells go down from 0 by 1 each. */
static double place(const struct bars *b, uint32_t c, uint32_t k)
{
    return -(double)c + step(b) * ((b->n_subjects - 1) / 2.0 - k);
}

/* Columns: MiB, y, left, right, bottom, top of the bar. */
static void put_block(const struct bars *b, uint32_t k)
{
    double half = BAR_SHARE * step(b) / 2;
    fprintf(b->p->out, "$d%u << EOD\n", k);
    for (uint32_t c = 0; c < b->n_cells; c++) {
        double mib = peak_of(b, c, k), y = place(b, c, k);
        if (mib > 0)
            fprintf(b->p->out, "%.5g %.4f %.5g %.5g %.4f %.4f\n", mib, y, b->low, fmax(mib, b->low),
                    y - half, y + half);
    }
    fputs("EOD\n", b->p->out);
}

/* Why a bar is missing. */
static void put_note(const struct bars *b, uint32_t c, uint32_t k)
{
    const struct summary_entry *e = summary_entry(b->p->summary, b->cells[c], b->subjects[k]);
    if (e->n_ok > 0)
        return;
    fputs("set label ", b->p->out);
    gnuplot_put_text(b->p->out,
                     e->n_trials > 0 ? trial_status_name(e->first_failure) : "not measured");
    fprintf(b->p->out, " at %.5g,%.4f offset 0.6,0 font ',8' textcolor rgb '#666666'\n", b->low,
            place(b, c, k));
}

/* Columns: bound, live, y, height: lines as high as all bars of the cell. */
static void put_lines(const struct bars *b)
{
    double height = step(b) * (b->n_subjects + 0.6);
    fputs("$lines << EOD\n", b->p->out);
    for (uint32_t c = 0; c < b->n_cells; c++)
        fprintf(
            b->p->out, "%.5g %.5g %.4f %.4f\n", (double)cell_of(b, c)->bound_bytes / (double)MIB,
            (double)cell_of(b, c)->peak_live_bytes / (double)MIB, -(double)c - height / 2, height);
    fputs("EOD\n", b->p->out);
}

static void put_axes(const struct bars *b)
{
    FILE *out = b->p->out;
    fprintf(out, "set logscale x\nset xrange [%.5g:%.5g]\nset yrange [%.3f:0.6]\n", b->low, b->high,
            0.4 - b->n_cells);
    plot_put_ratio_tics(out, "x", b->low, b->high);
    fputs("set ytics scale 0 (", out);
    for (uint32_t c = 0; c < b->n_cells; c++) {
        fputs(c ? ", " : "", out);
        plot_put_cell_tic(out, cell_of(b, c));
        fprintf(out, " %d", -(int)c);
    }
    fputs(")\nset grid noy\nset xlabel 'peak resident memory, MiB (right is worse)'\n"
          "set key outside right top Left reverse samplen 1.6 width 1\n",
          out);
}

static void put_plot(const struct bars *b)
{
    FILE *out = b->p->out;
    fputs("plot ", out);
    for (uint32_t k = 0; k < b->n_subjects; k++) {
        const struct look *l = &b->p->looks[b->subjects[k]];
        fprintf(out,
                "$d%u using 1:2:3:4:5:6 with boxxyerror lc rgb '#%06x' fs solid 0.45 border notitle"
                ", $d%u using 1:2 with points pt %u ps 0.75 lc rgb '#%06x' notitle"
                ", NaN with points pt %u ps 1 lc rgb '#%06x'",
                k, l->rgb, k, l->point, l->rgb, l->point, l->rgb);
        plot_put_title(b->p, b->subjects[k]);
        fputs(", \\\n  ", out);
    }
    fputs("$lines using 1:3:(0):4 with vectors nohead lc rgb '#000000' lw 2 notitle"
          ", NaN with lines lc rgb '#000000' lw 2 title 'bound'"
          ", $lines using 2:3:(0):4 with vectors nohead lc rgb '#000000' dt '.' lw 2 notitle"
          ", NaN with lines lc rgb '#000000' dt '.' lw 2 title 'live'\n",
          out);
}

static void draw(struct bars *b)
{
    find_range(b);
    b->p->width = 900;
    b->p->height = FRAME_PX + b->n_cells * (BAR_PX * b->n_subjects + GAP_PX);
    for (uint32_t k = 0; k < b->n_subjects; k++)
        put_block(b, k);
    for (uint32_t c = 0; c < b->n_cells; c++)
        for (uint32_t k = 0; k < b->n_subjects; k++)
            put_note(b, c, k);
    put_lines(b);
    put_axes(b);
    put_plot(b);
}

int plot_bound(struct plot *p, struct err *err)
{
    const struct store_run *run = &p->summary->run;
    struct bars b = {.p = p};
    int result = 0;
    b.subjects = calloc(run->n_subjects + 1, sizeof(*b.subjects));
    b.cells = calloc(run->n_cells + 1, sizeof(*b.cells));
    if (!b.subjects || !b.cells)
        result = err_set(err, ENOMEM, "no memory for the plot");
    if (result == 0)
        choose(&b);
    if (result == 0 && (b.n_cells == 0 || b.n_subjects == 0))
        result = err_set(err, EINVAL,
                         "run %s has no adversary, whose bound could be drawn: run robson, "
                         "best-fit-worst, segregated-worst or blow-up",
                         run->name);
    if (result == 0)
        draw(&b);
    free(b.subjects);
    free(b.cells);
    return result;
}
