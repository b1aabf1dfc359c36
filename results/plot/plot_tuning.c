/* The response surface of a tuning: its first two knobs, throughput and peak memory side by side. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "plot_parts.h"
#include "text.h"

#define LEVELS_MOST 24u
#define NAME_BYTES  64u
#define TWICE       0.6931471805599453 /* a ratio of 2, or 1/2, has the full colour */

struct level {
    char text[32]; /* "" is unset */
    double value;
};

struct axis {
    char knob[NAME_BYTES]; /* "" where the search had one knob alone */
    struct level levels[LEVELS_MOST];
    unsigned n;
};

/* A point that sets nothing but the two knobs, and what more the baseline has. */
struct square {
    unsigned x, y;
    uint32_t subject;
};

struct surface {
    struct plot *p;
    struct axis axes[2]; /* x, y */
    struct square *squares;
    unsigned n;
    uint32_t recommended;
    bool has_recommended;
};

static const enum measure shown[] = {MEASURE_THROUGHPUT, MEASURE_PEAK_RSS};

/* "512K" as a number; words, which have no order, stay as they come: NaN. */
static double value_of(const char *text)
{
    static const char letters[] = "KMGT";
    char *end;
    double value = strtod(text, &end);
    const char *letter = *end ? strchr(letters, *end) : NULL;
    if (end == text || (*end && !letter))
        return NAN;
    return letter ? ldexp(value, 10 * (int)(letter - letters + 1)) : value;
}

/* The index of a level, which is added where it is new; LEVELS_MOST without room. */
static unsigned find_level(struct axis *a, const char *text, size_t n)
{
    struct level *l = a->levels;
    unsigned i = 0;
    while (i < a->n && (strlen(l[i].text) != n || memcmp(l[i].text, text, n) != 0))
        i++;
    if (i < a->n || i == LEVELS_MOST || n >= sizeof(l->text))
        return i < a->n ? i : LEVELS_MOST;
    text_format(l[i].text, sizeof(l[i].text), "%.*s", (int)n, text);
    l[i].value = n > 0 ? value_of(l[i].text) : -INFINITY;
    return a->n++;
}

/* Takes "knob=level" off the items, and the level's index to *at. Whether the item is of this axis. */
static bool take_item(struct axis *a, const char *item, size_t n, unsigned *at)
{
    size_t n_knob = strlen(a->knob);
    if (n_knob == 0 || n <= n_knob || memcmp(item, a->knob, n_knob) != 0 || item[n_knob] != '=')
        return false;
    *at = find_level(a, item + n_knob + 1, n - n_knob - 1);
    return true;
}

/* Whether a subject sets the two knobs at most, besides what the baseline has; then their levels. */
static bool is_of_grid(struct surface *s, const struct store_subject *subject,
                       const struct store_subject *base, struct square *out)
{
    size_t n_base = strlen(base->setting);
    const char *rest = subject->setting;
    if (strncmp(rest, base->setting, n_base) != 0)
        return false;
    rest += n_base;
    out->x = find_level(&s->axes[0], "", 0);
    out->y = find_level(&s->axes[1], "", 0);
    while (*rest) {
        rest += *rest == ':';
        size_t n = strcspn(rest, ":");
        if (!take_item(&s->axes[0], rest, n, &out->x) && !take_item(&s->axes[1], rest, n, &out->y))
            return false;
        rest += n;
    }
    return out->x < LEVELS_MOST && out->y < LEVELS_MOST;
}

static int read_knobs(struct surface *s, struct err *err)
{
    const struct store_run *run = &s->p->summary->run;
    const char *knobs = store_run_fact(run, FACT_TUNE_KNOBS);
    if (!knobs)
        return err_set(err, EINVAL, "run %s is no tuning: `arenabench tune` makes one", run->name);
    size_t n = strcspn(knobs, ",");
    const char *second = knobs[n] ? knobs + n + 1 : "";
    text_format(s->axes[0].knob, NAME_BYTES, "%.*s", (int)n, knobs);
    text_format(s->axes[1].knob, NAME_BYTES, "%.*s", (int)strcspn(second, ","), second);
    const char *recommended = store_run_fact(run, FACT_TUNE_RECOMMENDED);
    unsigned long at = recommended ? strtoul(recommended, NULL, 10) : 0;
    s->has_recommended = at > 0 && at < run->n_subjects && at != s->p->summary->baseline;
    s->recommended = (uint32_t)at;
    return 0;
}

/* How many levels of the axis are below: its place. Words stay in the order in which they came. */
static unsigned place_of(const struct axis *a, unsigned level)
{
    unsigned place = 0;
    for (unsigned i = 0; i < a->n; i++) {
        bool no_order = isnan(a->levels[i].value) || isnan(a->levels[level].value);
        place += no_order ? i < level : a->levels[i].value < a->levels[level].value;
    }
    return place;
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

static const struct interval *ratio_of(const struct surface *s, uint32_t subject, enum measure m)
{
    static const struct interval one = {1, 1, 1, STATS_FULL_COVERAGE_BLOCKS};
    const struct summary *summary = s->p->summary;
    return subject == summary->baseline ? &one
                                        : &summary_entry(summary, 0, subject)->measured[m].ratio;
}

static void put_square(const struct surface *s, const struct square *q, enum measure m)
{
    FILE *out = s->p->out;
    const struct interval *ratio = ratio_of(s, q->subject, m);
    unsigned x = place_of(&s->axes[0], q->x), y = place_of(&s->axes[1], q->y);
    bool is_default = q->subject == s->p->summary->baseline;
    bool is_recommended = s->has_recommended && q->subject == s->recommended;
    if (!isfinite(ratio->estimate) || ratio->estimate <= 0)
        return;
    unsigned colour = colour_of(ratio, m);
    fprintf(out,
            "set object rectangle center %u,%u size 0.94,0.94 behind fc rgb '#%06x' fs solid "
            "border rgb '%s' lw %s\n",
            x, y, colour, is_recommended || is_default ? "#000000" : "#ffffff",
            is_recommended ? "4"
            : is_default   ? "1.5"
                           : "0.5");
    bool is_dark = (colour & 0xff) + (colour >> 8 & 0xff) + (colour >> 16) < 330;
    fprintf(out, "set label '%.2f' at %u,%u center font ',10' tc rgb '%s'\n", ratio->estimate, x, y,
            is_dark ? "#ffffff" : "#222222");
    if (is_default || is_recommended)
        fprintf(out, "set label '%s' at %u,%u.32 center font ',7' tc rgb '%s'\n",
                is_default ? "default" : "recommended", x, y, is_dark ? "#ffffff" : "#222222");
}

static void put_axis(const struct surface *s, unsigned which, const char *name)
{
    FILE *out = s->p->out;
    const struct axis *a = &s->axes[which];
    fprintf(out, "set %srange [-0.5:%u.5]\nset %stics (", name, a->n - 1, name);
    for (unsigned i = 0; i < a->n; i++) {
        fputs(i ? ", " : "", out);
        gnuplot_put_text(out, a->levels[i].text[0] ? a->levels[i].text
                              : a->knob[0]         ? "unset"
                                                   : " ");
        fprintf(out, " %u", place_of(a, i));
    }
    fprintf(out, ")\nset %slabel ", name);
    gnuplot_put_text(out, a->knob);
    fputc('\n', out);
}

static void put_panel(const struct surface *s, enum measure m)
{
    FILE *out = s->p->out;
    fprintf(out, "unset object\nunset label\nunset grid\nset title '%s'\n",
            m == MEASURE_THROUGHPUT ? "throughput" : "peak resident memory");
    put_axis(s, 0, "x");
    put_axis(s, 1, "y");
    for (unsigned i = 0; i < s->n; i++)
        put_square(s, &s->squares[i], m);
    fputs("plot NaN notitle\n", out);
}

static void draw(struct surface *s)
{
    unsigned width = 90 + 78 * s->axes[0].n, height = 140 + 46 * s->axes[1].n;
    s->p->width = 2 * (width > 360 ? width : 360);
    s->p->height = height > 260 ? height : 260;
    fputs("set multiplot layout 1,2 title ", s->p->out);
    plot_put_cell(s->p->out, &s->p->summary->run.cells[0]);
    fputs(".', ratios to the default; pale: few blocks'\nunset key\n", s->p->out);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        put_panel(s, shown[i]);
    fputs("unset multiplot\n", s->p->out);
}

int plot_tuning(struct plot *p, struct err *err)
{
    struct surface s = {.p = p};
    const struct store_run *run = &p->summary->run;
    int result = read_knobs(&s, err);
    if (result < 0)
        return result;
    s.squares = calloc(run->n_subjects + 1, sizeof(*s.squares));
    if (!s.squares)
        return err_set(err, ENOMEM, "no memory for the plot");
    for (uint32_t i = 0; i < run->n_subjects; i++) {
        struct square *q = &s.squares[s.n];
        q->subject = i;
        s.n += is_of_grid(&s, &run->subjects[i], &run->subjects[p->summary->baseline], q);
    }
    draw(&s);
    free(s.squares);
    return 0;
}
