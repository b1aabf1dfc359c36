/*
 * The response surface of a tuning: its first two knobs, throughput and peak memory side by side. Of a single knob, lines
 * over its levels.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "plot_parts.h"
#include "tuned.h"
#include "wording.h"

#define TWICE 0.6931471805599453 /* a ratio of 2, or 1/2, has the full colour */

struct surface {
    struct plot *p;
    const struct tuned *tuned;
};

static const enum measure shown[] = {MEASURE_THROUGHPUT, MEASURE_PEAK_RSS};

static const char *title_of(enum measure m)
{
    return m == MEASURE_THROUGHPUT ? "throughput" : "peak resident memory";
}

/* Of the grid: it sets its knobs at most. */
static bool is_shown(const struct surface *s, uint32_t subject)
{
    const struct tuned_point *p = &s->tuned->points[subject];
    return p->is_known && p->n_set_off_grid == 0 &&
           summary_entry(s->p->summary, 0, subject)->n_trials > 0;
}

static unsigned mix(unsigned from, unsigned to, double share)
{
    unsigned out = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        double a = (from >> shift) & 0xff, b = (to >> shift) & 0xff;
        out |= (unsigned)lround(a + share * (b - a)) << shift;
    }
    return out;
}

/* Blue is better, red worse. What rests on few blocks is pale. */
static unsigned colour_of(const struct interval *ratio, enum measure m)
{
    double better = m == MEASURE_THROUGHPUT ? log(ratio->estimate) : -log(ratio->estimate);
    double share = fmin(1, fabs(better) / TWICE);
    unsigned colour = mix(0xf7f7f7, better > 0 ? 0x2166ac : 0xb2182b, share);
    return ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS ? mix(colour, 0xffffff, 0.6) : colour;
}

/* One that failed has a grey square and no number. */
static unsigned colour_at(const struct interval *ratio, enum measure m)
{
    return ratio->estimate > 0 && isfinite(ratio->estimate) ? colour_of(ratio, m) : 0xd0d0d0;
}

static void put_square(const struct surface *s, uint32_t subject, enum measure m)
{
    FILE *out = s->p->out;
    const struct interval *ratio = tuned_ratio(s->p->summary, subject, m);
    const struct tuned_point *at = &s->tuned->points[subject];
    unsigned x = at->level[0], y = s->tuned->n_grid > 1 ? at->level[1] : 0;
    bool is_default = subject == s->p->summary->baseline;
    bool is_recommended = s->tuned->has_recommended && subject == s->tuned->recommended;
    unsigned colour = colour_at(ratio, m);
    bool is_dark = (colour & 0xff) + (colour >> 8 & 0xff) + (colour >> 16) < 330;
    bool is_uncertain = tuned_is_uncertain(s->p->summary, subject);
    const char *ink = is_dark ? "#ffffff" : is_uncertain ? "#707070" : "#111111";
    char number[WORDING_NUMBER_BYTES];
    wording_number(number, ratio->estimate);
    fprintf(out,
            "set object rectangle center %u,%u size 0.94,0.94 behind fc rgb '#%06x' fs solid "
            "border rgb '%s' lw %s\n",
            x, y, colour, is_recommended || is_default ? "#000000" : "#ffffff",
            is_recommended ? "4"
            : is_default   ? "1.5"
                           : "0.5");
    if (ratio->estimate > 0 && isfinite(ratio->estimate))
        fprintf(out, "set label '%s' at %u,%u center font ',10' tc rgb '%s'\n", number, x, y, ink);
    else
        fprintf(out, "set label 'failed' at %u,%u center font ',8' tc rgb '%s'\n", x, y, ink);
    if (is_default || is_recommended)
        fprintf(out, "set label '%s' at %u,%u.32 center font ',7' tc rgb '%s'\n",
                is_default ? "default" : "recommended", x, y, ink);
}

static void put_axis(const struct surface *s, unsigned knob, const char *name)
{
    FILE *out = s->p->out;
    const struct tuned_knob *k = &s->tuned->knobs[knob];
    fprintf(out, "set %srange [-0.5:%u.5]\nset %stics (", name, k->n_levels - 1, name);
    for (unsigned i = 0; i < k->n_levels; i++) {
        fputs(i ? ", " : "", out);
        gnuplot_put_tic(out, k->levels[i].text[0] ? k->levels[i].text : "unset");
        fprintf(out, " %u", i);
    }
    fprintf(out, ")\nset %slabel ", name);
    gnuplot_put_text(out, k->name);
    fputc('\n', out);
}

static void put_panel(const struct surface *s, enum measure m)
{
    FILE *out = s->p->out;
    fprintf(out, "unset object\nunset label\nunset grid\nset title '%s'\n", title_of(m));
    put_axis(s, 0, "x");
    put_axis(s, 1, "y");
    for (uint32_t i = 0; i < s->p->summary->run.n_subjects; i++)
        if (is_shown(s, i))
            put_square(s, i, m);
    fputs("plot NaN notitle\n", out);
}

static void draw_surface(struct surface *s)
{
    const struct tuned_knob *knobs = s->tuned->knobs;
    unsigned width = 90 + 78 * knobs[0].n_levels, height = 140 + 46 * knobs[1].n_levels;
    s->p->width = 2 * (width > 360 ? width : 360);
    s->p->height = height > 260 ? height : 260;
    fputs("set multiplot layout 1,2 title ", s->p->out);
    plot_put_cell(s->p->out, &s->p->summary->run.cells[0]);
    fprintf(
        s->p->out,
        ".', ratios to the default; pale and grey: fewer than %u blocks, uncertain'\nunset key\n",
        STATS_FULL_COVERAGE_BLOCKS);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        put_panel(s, shown[i]);
    fputs("unset multiplot\n", s->p->out);
}

/* --- one knob --- */

static const struct line {
    enum measure measure;
    const char *name, *colour;
    unsigned point; /* of gnuplot's; the one before it is the same, hollow */
} lines[] = {{MEASURE_THROUGHPUT, "throughput", "#0072b2", 7},
             {MEASURE_PEAK_RSS, "memory", "#d55e00", 5}};

struct range {
    double low, high;
};

static void put_level(const struct surface *s, const struct line *line, uint32_t subject,
                      struct range *range)
{
    const struct interval *r = tuned_ratio(s->p->summary, subject, line->measure);
    if (!(r->low > 0) || !isfinite(r->high))
        return;
    range->low = fmin(range->low, r->low);
    range->high = fmax(range->high, r->high);
    fprintf(s->p->out, "%u %.6g %.6g %.6g %u\n", s->tuned->points[subject].level[0], r->estimate,
            r->low, r->high, line->point - tuned_is_uncertain(s->p->summary, subject));
}

/* Level, ratio, low, high, point: by level, so that the line goes from left to right. */
static void put_levels(const struct surface *s, const struct line *line, struct range *range)
{
    fprintf(s->p->out, "$%s << EOD\n", line->name);
    for (unsigned level = 0; level < s->tuned->knobs[0].n_levels; level++)
        for (uint32_t i = 0; i < s->p->summary->run.n_subjects; i++)
            if (is_shown(s, i) && s->tuned->points[i].level[0] == level)
                put_level(s, line, i, range);
    fputs("EOD\n", s->p->out);
}

static void put_recommended(const struct surface *s)
{
    unsigned at = s->tuned->points[s->tuned->recommended].level[0];
    if (s->tuned->has_recommended && is_shown(s, s->tuned->recommended))
        fprintf(s->p->out,
                "set arrow from %u, graph 0 to %u, graph 1 nohead lc rgb '#888888' dt '--'\n"
                "set label 'recommended' at %u, graph 0.97 offset 0.5,0 font ',9'\n",
                at, at, at);
}

static void put_lines(const struct surface *s)
{
    FILE *out = s->p->out;
    fputs("plot 1 with lines lc rgb '#444444' lw 1 title 'the default'", out);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        fprintf(out,
                ", \\\n  $%s using 1:2:3:4 with yerrorbars lc rgb '%s' pt -1 notitle"
                ", $%s using 1:2 with lines lc rgb '%s' lw 1.6 notitle"
                ", $%s using 1:2:5 with points pt variable lc rgb '%s' lw 1.6 notitle"
                ", NaN with linespoints lc rgb '%s' lw 1.6 pt %u title '%s'",
                lines[i].name, lines[i].colour, lines[i].name, lines[i].colour, lines[i].name,
                lines[i].colour, lines[i].colour, lines[i].point, title_of(lines[i].measure));
    fprintf(out,
            ", \\\n  NaN with points lc rgb '#444444' pt 6 lw 1.6 title 'fewer than %u blocks'\n",
            STATS_FULL_COVERAGE_BLOCKS);
}

static void draw_line(struct surface *s)
{
    FILE *out = s->p->out;
    struct range range = {1, 1};
    s->p->width = 820;
    s->p->height = 420;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        put_levels(s, &lines[i], &range);
    double margin = fmax(pow(range.high / range.low, 0.1), 1.02);
    fputs("set title ", out);
    plot_put_cell(out, &s->p->summary->run.cells[0]);
    fputc('\n', out);
    put_axis(s, 0, "x");
    fprintf(out, "set logscale y\nset yrange [%.6g:%.6g]\nset ylabel 'ratio to the default'\n",
            range.low / margin, range.high * margin);
    plot_put_ratio_tics(out, "y", range.low / margin, range.high * margin);
    fputs("set key outside right top Left reverse samplen 2\n", out);
    put_recommended(s);
    put_lines(s);
}

int plot_tuning(struct plot *p, struct err *err)
{
    struct tuned tuned;
    int rc = tuned_read(p->summary, &tuned, err);
    if (rc == 0 && p->summary->run.n_cells == 0)
        rc = err_set(err, EINVAL, "run %s has no cell", p->summary->run.name);
    if (rc == 0) {
        struct surface s = {.p = p, .tuned = &tuned};
        if (tuned.n_grid > 1)
            draw_surface(&s);
        else
            draw_line(&s);
    }
    tuned_release(&tuned);
    return rc;
}
