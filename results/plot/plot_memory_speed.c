/* Speed against memory: a point per subject, and those that no other beats in both. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "plot_parts.h"

struct point {
    uint32_t subject;
    struct interval memory, speed; /* ratios; the baseline's are 1 */
};

struct scatter {
    struct plot *p;
    struct point *points;
    uint32_t n;
    bool has_cell;
    uint32_t cell;
    double low[2], high[2]; /* of the axes: memory, speed */
};

static const struct interval *ratio_of(const struct scatter *s, uint32_t subject,
                                       enum measure measure)
{
    const struct summary *summary = s->p->summary;
    return s->has_cell ? &summary_entry(summary, s->cell, subject)->measured[measure].ratio
                       : &summary_mean(summary, subject, measure)->ratio;
}

static void choose(struct scatter *s)
{
    static const struct interval one = {1, 1, 1, 0};
    const struct summary *summary = s->p->summary;
    for (uint32_t i = 0; i < summary->run.n_subjects; i++) {
        struct point at = {.subject = i, .memory = one, .speed = one};
        if (i != summary->baseline) {
            at.memory = *ratio_of(s, i, MEASURE_PEAK_RSS);
            at.speed = *ratio_of(s, i, MEASURE_THROUGHPUT);
        }
        bool is_there = i == summary->baseline || (at.memory.n_blocks > 0 && at.speed.n_blocks > 0);
        if (is_there && !summary_is_bench(summary, i))
            s->points[s->n++] = at;
    }
}

static void stretch(double *low, double *high, const struct interval *r)
{
    *low = fmin(*low, fmin(r->low, r->estimate));
    *high = fmax(*high, fmax(r->high, r->estimate));
}

static void find_range(struct scatter *s)
{
    for (int axis = 0; axis < 2; axis++) {
        s->low[axis] = 1;
        s->high[axis] = 1;
        for (uint32_t i = 0; i < s->n; i++)
            stretch(&s->low[axis], &s->high[axis],
                    axis ? &s->points[i].speed : &s->points[i].memory);
        double margin = fmax(pow(s->high[axis] / s->low[axis], 0.1), 1.03);
        s->low[axis] /= margin;
        s->high[axis] *= margin;
    }
}

static int by_memory(const void *a, const void *b)
{
    double x = ((const struct point *)a)->memory.estimate;
    double y = ((const struct point *)b)->memory.estimate;
    return (x > y) - (x < y);
}

/* No other is as fast on less memory, or faster on as much. */
static bool is_best(const struct scatter *s, const struct point *at)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct point *o = &s->points[i];
        bool no_worse =
            o->memory.estimate <= at->memory.estimate && o->speed.estimate >= at->speed.estimate;
        bool better =
            o->memory.estimate < at->memory.estimate || o->speed.estimate > at->speed.estimate;
        if (no_worse && better)
            return false;
    }
    return true;
}

/* The front as stairs from the axis of speed to the right: what lies above it, nobody reaches. */
static void put_front(const struct scatter *s)
{
    double speed = s->low[1];
    fputs("$front << EOD\n", s->p->out);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct point *at = &s->points[i];
        if (!is_best(s, at))
            continue;
        fprintf(s->p->out, "%.6g %.6g\n%.6g %.6g\n", at->memory.estimate, speed,
                at->memory.estimate, at->speed.estimate);
        speed = at->speed.estimate;
    }
    fprintf(s->p->out, "%.6g %.6g\nEOD\n", s->high[0], speed);
}

static void put_points(const struct scatter *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct interval *m = &s->points[i].memory, *v = &s->points[i].speed;
        fprintf(s->p->out, "$d%u << EOD\n%.6g %.6g %.6g %.6g %.6g %.6g\nEOD\n", i, m->estimate,
                v->estimate, m->low, m->high, v->low, v->high);
    }
}

static void put_axes(const struct scatter *s)
{
    FILE *out = s->p->out;
    const struct store_run *run = &s->p->summary->run;
    fprintf(out, "set logscale xy\nset xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\n", s->low[0],
            s->high[0], s->low[1], s->high[1]);
    plot_put_ratio_tics(out, "x", s->low[0], s->high[0]);
    plot_put_ratio_tics(out, "y", s->low[1], s->high[1]);
    fputs("set xlabel 'peak resident memory, ratio to '.", out);
    gnuplot_put_text(out, run->baseline);
    fputs(".'   (left is leaner)'\nset ylabel 'throughput, ratio to '.", out);
    gnuplot_put_text(out, run->baseline);
    fputs(".'   (up is faster)'\nset title ", out);
    if (s->has_cell)
        plot_put_cell(out, &run->cells[s->cell]);
    else
        fprintf(out, "'geometric means over %u cells'", s->p->summary->n_mean_cells);
    fputs("\nset key outside right top Left reverse spacing 1.3 samplen 2\n", out);
}

static void put_plot(const struct scatter *s)
{
    FILE *out = s->p->out;
    fputs("plot $front using 1:2 with lines lc rgb '#888888' dt '--' lw 1.2 title 'Pareto front'",
          out);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct look *l = &s->p->looks[s->points[i].subject];
        fprintf(out,
                ", \\\n  $d%u using 1:2:3:4:5:6 with xyerrorbars lc rgb '#%06x' lw 1.2 pt 0 notitle"
                ", $d%u using 1:2 with points lc rgb '#%06x' lw 1.5 pt %u ps 1.6",
                i, l->rgb, i, l->rgb, l->point);
        plot_put_title(s->p, s->points[i].subject);
    }
    fputc('\n', out);
}

static int draw(struct scatter *s, struct err *err)
{
    choose(s);
    if (s->n < 2)
        return err_set(
            err, EINVAL,
            "run %s has nothing to hold against its baseline here: no other allocator has "
            "a block in common with it",
            s->p->summary->run.name);
    find_range(s);
    qsort(s->points, s->n, sizeof(*s->points), by_memory);
    s->p->width = 900;
    s->p->height = 520;
    put_points(s);
    put_front(s);
    put_axes(s);
    put_plot(s);
    return 0;
}

int plot_memory_speed(struct plot *p, struct err *err)
{
    struct scatter s = {.p = p, .has_cell = p->options->cell != NULL};
    int result = s.has_cell ? plot_find_cell(p, &s.cell, err) : 0;
    if (result < 0)
        return result;
    s.points = calloc(p->summary->run.n_subjects + 1, sizeof(*s.points));
    result = s.points ? draw(&s, err) : err_set(err, ENOMEM, "no memory for the plot");
    free(s.points);
    return result;
}
