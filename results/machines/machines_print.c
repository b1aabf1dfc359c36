#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>

#include "machines.h"
#include "report_text.h"

#define TEXT_BYTES 128

static const struct style {
    enum measure measure;
    const char *title, *unit;
    double unit_size;
} styles[] = {
    {MEASURE_THROUGHPUT, "Throughput, and its ratio to the baseline: above 1 is faster", "Mop/s",
     1e6},
    {MEASURE_PEAK_RSS, "Peak resident memory, and its ratio to the baseline: below 1 is leaner",
     "MiB", MIB},
};

/* A measure, some of whose types stand in a panel; two columns each. */
struct view {
    const struct machines *m;
    const struct style *style;
    struct libscols_table *table;
    uint32_t first, n; /* types */
    bool failed;
};
enum { COLUMN_WORKLOAD, COLUMN_THREADS, COLUMN_SUBJECT, COLUMN_TYPES };

static const struct store_run *base_run(const struct machines *m)
{
    return &m->types[0].summary.run;
}

static void put_column(struct view *v, const char *header, bool is_number)
{
    if (!scols_table_new_column(v->table, header, 0, is_number ? SCOLS_FL_RIGHT : 0))
        v->failed = true;
}

static struct libscols_line *add_line(struct view *v)
{
    struct libscols_line *line = scols_table_new_line(v->table, NULL);
    v->failed |= !line;
    return line;
}

static void set_text(struct view *v, struct libscols_line *line, size_t column, const char *text)
{
    if (line && scols_line_set_data(line, column, text) < 0)
        v->failed = true;
}

static void put_columns(struct view *v)
{
    char text[TEXT_BYTES];
    put_column(v, "workload", false);
    put_column(v, "thr", true);
    put_column(v, "allocator", false);
    for (uint32_t i = v->first; i < v->first + v->n; i++) {
        snprintf(text, sizeof(text), "%s %s", v->m->types[i].label, v->style->unit);
        put_column(v, text, true);
        snprintf(text, sizeof(text), "%s ratio", v->m->types[i].label);
        put_column(v, text, false);
    }
    put_column(v, "types", false);
}

static void put_entry(struct view *v, struct libscols_line *line, uint32_t i,
                      const struct summary_entry *e)
{
    char text[WORDING_RATIO_BYTES];
    size_t column = COLUMN_TYPES + 2 * (size_t)i;
    const struct measured *x = e ? &e->measured[v->style->measure] : NULL;
    if (!x || isnan(x->median)) {
        set_text(v, line, column, "-");
        set_text(v, line, column + 1,
                 e && e->n_ok < e->n_trials ? trial_status_name(e->first_failure) : "-");
        return;
    }
    wording_number(text, x->median / v->style->unit_size);
    set_text(v, line, column, text);
    if (x->ratio.n_blocks > 0) {
        wording_ratio(text, &x->ratio, x->verdict);
        set_text(v, line, column + 1, text);
    }
}

static void add_row(struct view *v, uint32_t cell, uint32_t subject)
{
    const struct store_run *run = base_run(v->m);
    struct libscols_line *line = add_line(v);
    char text[TEXT_BYTES];
    snprintf(text, sizeof(text), "%u", run->cells[cell].threads);
    set_text(v, line, COLUMN_WORKLOAD, run->cells[cell].workload);
    set_text(v, line, COLUMN_THREADS, text);
    set_text(v, line, COLUMN_SUBJECT, run->subjects[subject].name);
    for (uint32_t i = 0; i < v->n; i++)
        put_entry(v, line, i, machines_entry(v->m, v->first + i, cell, subject));
    if (machines_differ(v->m, cell, subject, v->style->measure))
        set_text(v, line, COLUMN_TYPES + 2 * (size_t)v->n, "differ");
}

static void add_mean(struct view *v, uint32_t subject)
{
    struct libscols_line *line = add_line(v);
    char text[WORDING_RATIO_BYTES];
    set_text(v, line, COLUMN_WORKLOAD, "geometric mean");
    set_text(v, line, COLUMN_SUBJECT, base_run(v->m)->subjects[subject].name);
    for (uint32_t i = 0; i < v->n; i++) {
        const struct machine_type *t = &v->m->types[v->first + i];
        if (t->subjects[subject] == MACHINES_NONE)
            continue;
        const struct summary_mean *mean =
            summary_mean(&t->summary, t->subjects[subject], v->style->measure);
        if (mean->ratio.n_blocks == 0)
            continue;
        wording_ratio(text, &mean->ratio, mean->verdict);
        set_text(v, line, COLUMN_TYPES + 2 * (size_t)i + 1, text);
    }
}

static bool is_contender(const struct machines *m, uint32_t subject)
{
    return !summary_is_bench(&m->types[0].summary, subject);
}

static void add_rows(struct view *v)
{
    const struct summary *s = &v->m->types[0].summary;
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        for (uint32_t i = 0; i < s->run.n_subjects && !summary_is_control(s, c); i++)
            if (is_contender(v->m, i))
                add_row(v, c, i);
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (v->m->is_whole && s->n_mean_cells > 1 && is_contender(v->m, i) && i != s->baseline)
            add_mean(v, i);
}

static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    char *text = NULL;
    v->first = (uint32_t)first;
    v->n = (uint32_t)n;
    v->table = report_new_table(colour);
    if (!v->table)
        return NULL;
    put_columns(v);
    add_rows(v);
    if (!v->failed && scols_print_table_to_string(v->table, &text) < 0)
        text = NULL;
    scols_unref_table(v->table);
    v->table = NULL;
    return text;
}

static int print_measure(FILE *out, const struct machines *m, const struct style *style,
                         const struct report_look *look, struct err *err)
{
    struct view v = {.m = m, .style = style};
    const struct report_panels panels = {.end = m->n,
                                         .width = look->width,
                                         .colour = look->colour,
                                         .between = "",
                                         .behind = "\n",
                                         .draw = draw,
                                         .context = &v};
    fprintf(out, "%s\n", style->title);
    bool is_drawn = report_put_panels(out, &panels);
    fputc('\n', out);
    return is_drawn ? 0 : err_set(err, ENOMEM, "no memory for the table");
}

int machines_print(FILE *out, const struct machines *m, const struct report_look *look,
                   struct err *err)
{
    int result = 0;
    fprintf(out, "%u types of machines, baseline ", m->n);
    report_put_clean(out, base_run(m)->baseline);
    fputs(" on each\n", out);
    for (uint32_t i = 0; i < m->n; i++) {
        fprintf(out, "%s  ", m->types[i].label);
        report_put_clean(out, machines_describe(&m->types[i]));
        fprintf(out, " (run %s)\n", m->types[i].summary.run.name);
    }
    fputc('\n', out);
    for (size_t i = 0; i < ARRAY_SIZE(styles) && result == 0; i++)
        result = print_measure(out, m, &styles[i], look, err);
    if (result < 0)
        return result;
    fputs(
        "every figure is of one type: ratios are to the baseline in the same block on the same machine\n"
        "= no difference found; ~ few blocks: nothing is claimed\n"
        "differ: the intervals of two types do not meet; speeds themselves tell of the machines\n",
        out);
    if (!m->is_whole)
        fputs("no geometric means: the types did not measure the same workloads\n", out);
    return report_finish(out, err);
}
