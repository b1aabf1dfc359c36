#include "report_measure.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"

#define TEXT_BYTES WORDING_RATIO_BYTES

/* How a measure is shown. */
static const struct style {
    const char *title, *unit;
    double unit_size;
    bool is_speed; /* the bench's own cost and the control cells belong to it */
} styles[] = {
    [MEASURE_THROUGHPUT] =
        {
            .title = "Throughput: calls per second of wall clock, all threads; above 1 is faster",
            .unit = "Mop/s",
            .unit_size = 1e6,
            .is_speed = true,
        },
    [MEASURE_PEAK_RSS] =
        {
            .title =
                "Peak resident memory, less what was there before the start; below 1 is leaner",
            .unit = "MiB",
            .unit_size = (double)MIB,
        },
};

enum column_kind { COLUMN_WORKLOAD, COLUMN_THREADS, COLUMN_ABSOLUTE, COLUMN_RATIO, COLUMN_CPU };

struct column {
    enum column_kind kind;
    uint32_t subject;
};

/*
 * A measure in all its columns; what is drawn at a time is a panel: the first N_LEADING columns and some of the
 * others.
 */
struct view {
    const struct summary *s;
    enum measure measure;
    const struct style *style;
    bool colour;
    struct libscols_table *table; /* of the panel */
    struct column *all, *columns; /* of the measure; of the panel */
    size_t n_all, n_columns;
    size_t first; /* of those behind the leading ones, in the panel */
    bool failed;  /* libsmartcols had no memory */
};

#define N_LEADING 2u /* workload and threads */

static void add_column(struct view *v, enum column_kind kind, uint32_t subject)
{
    v->all[v->n_all++] = (struct column){.kind = kind, .subject = subject};
}

static void add_columns(struct view *v)
{
    const struct summary *s = v->s;
    add_column(v, COLUMN_WORKLOAD, 0);
    add_column(v, COLUMN_THREADS, 0);
    add_column(v, COLUMN_ABSOLUTE, s->baseline);
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (i != s->baseline && !summary_is_bench(s, i))
            add_column(v, COLUMN_RATIO, i);
    for (uint32_t i = 0; v->style->is_speed && i < s->run.n_subjects; i++)
        if (i == s->baseline || summary_is_bench(s, i))
            add_column(v, COLUMN_CPU, i);
}

static void format_header(char *out, const struct view *v, const struct column *column)
{
    const char *subject = v->s->run.subjects[column->subject].name;
    switch (column->kind) {
    case COLUMN_WORKLOAD:
        snprintf(out, TEXT_BYTES, "workload");
        return;
    case COLUMN_THREADS:
        snprintf(out, TEXT_BYTES, "thr");
        return;
    case COLUMN_ABSOLUTE:
        snprintf(out, TEXT_BYTES, "%.60s %s", subject, v->style->unit);
        return;
    case COLUMN_RATIO:
        snprintf(out, TEXT_BYTES, "%s%s", subject,
                 summary_entry(v->s, 0, column->subject)->is_confirmed ? ", confirmed" : "");
        return;
    case COLUMN_CPU:
        snprintf(out, TEXT_BYTES, "%.60s ns", subject);
        return;
    }
}

static void put_header(struct view *v, const struct column *column)
{
    char header[TEXT_BYTES];
    bool is_number = column->kind != COLUMN_WORKLOAD && column->kind != COLUMN_RATIO;
    format_header(header, v, column);
    struct libscols_column *c =
        scols_table_new_column(v->table, header, 0, is_number ? SCOLS_FL_RIGHT : 0);
    if (!c)
        v->failed = true;
    else if (v->colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
}

static void format_failures(char *out, const struct summary_entry *e)
{
    const char *word = e->failures_differ ? "failed" : trial_status_name(e->first_failure);
    snprintf(out, TEXT_BYTES, "%s %u/%u", word, e->n_trials - e->n_ok, e->n_trials);
}

static void format_absolute(char *out, const struct view *v, double value, bool with_unit)
{
    char number[WORDING_NUMBER_BYTES];
    wording_number(number, value / v->style->unit_size);
    snprintf(out, TEXT_BYTES, "%s%s%s", number, with_unit ? " " : "",
             with_unit ? v->style->unit : "");
}

/* What one subject has to show in one cell. */
static void format_entry(char *out, const struct view *v, const struct column *column,
                         const struct summary_entry *e)
{
    const struct measured *m = &e->measured[column->kind == COLUMN_CPU ? MEASURE_CPU : v->measure];
    bool is_told_elsewhere = column->kind == COLUMN_CPU && column->subject == v->s->baseline;
    if (e->n_trials > 0 && e->n_ok == 0 && !is_told_elsewhere)
        format_failures(out, e);
    else if (isnan(m->median))
        snprintf(out, TEXT_BYTES, "-");
    else if (column->kind == COLUMN_CPU)
        wording_number(out, m->median);
    else if (column->kind == COLUMN_ABSOLUTE)
        format_absolute(out, v, m->median, false);
    else if (m->ratio.n_blocks == 0)
        format_absolute(out, v, m->median, true); /* the baseline has nothing to compare with */
    else
        wording_ratio(out, &m->ratio, m->verdict);
}

static struct libscols_line *add_line(struct view *v)
{
    struct libscols_line *line = scols_table_new_line(v->table, NULL);
    if (!line)
        v->failed = true;
    return line;
}

static void set_text(struct view *v, struct libscols_line *line, size_t column, const char *text)
{
    if (line && scols_line_set_data(line, column, text) < 0)
        v->failed = true;
}

static void colour_verdict(const struct view *v, struct libscols_line *line, size_t column,
                           enum verdict verdict)
{
    if (!v->colour || !line)
        return;
    if (verdict == VERDICT_BETTER)
        scols_cell_set_color(scols_line_get_cell(line, column), "green");
    else if (verdict == VERDICT_WORSE)
        scols_cell_set_color(scols_line_get_cell(line, column), "red");
}

/* Failures of a subject that also has good trials stand on a line of their own below its ratio. */
static void add_failure_line(struct view *v, uint32_t cell)
{
    struct libscols_line *line = NULL;
    for (size_t i = 0; i < v->n_columns; i++) {
        const struct column *column = &v->columns[i];
        if (column->kind != COLUMN_RATIO && column->kind != COLUMN_ABSOLUTE)
            continue;
        const struct summary_entry *e = summary_entry(v->s, cell, column->subject);
        if (e->n_ok == 0 || e->n_ok == e->n_trials)
            continue;
        if (!line)
            line = add_line(v);
        char text[TEXT_BYTES];
        format_failures(text, e);
        set_text(v, line, i, text);
    }
}

static void add_cell(struct view *v, uint32_t cell)
{
    struct libscols_line *line = add_line(v);
    const struct store_cell *c = &v->s->run.cells[cell];
    for (size_t i = 0; i < v->n_columns; i++) {
        const struct column *column = &v->columns[i];
        char text[TEXT_BYTES];
        if (column->kind == COLUMN_WORKLOAD) {
            set_text(v, line, i, c->workload);
            continue;
        }
        if (column->kind == COLUMN_THREADS) {
            snprintf(text, sizeof(text), "%u", c->threads);
        } else {
            const struct summary_entry *e = summary_entry(v->s, cell, column->subject);
            format_entry(text, v, column, e);
            if (column->kind == COLUMN_RATIO)
                colour_verdict(v, line, i, e->measured[v->measure].verdict);
        }
        set_text(v, line, i, text);
    }
    add_failure_line(v, cell);
}

/* The means without the workload that carries them, where one does. */
static void add_means_without(struct view *v)
{
    const struct summary_lever *lever = &v->s->levers[v->measure];
    char text[TEXT_BYTES];
    if (!lever->workload)
        return;
    struct libscols_line *line = add_line(v);
    snprintf(text, sizeof(text), "  without %s", lever->workload);
    set_text(v, line, 0, text);
    for (size_t i = 0; i < v->n_columns; i++) {
        if (v->columns[i].kind != COLUMN_RATIO)
            continue;
        const struct summary_mean *mean = &lever->means[v->columns[i].subject];
        if (mean->n_used == 0)
            continue;
        wording_ratio(text, &mean->ratio, mean->verdict);
        set_text(v, line, i, text);
        colour_verdict(v, line, i, mean->verdict);
    }
}

static void add_means(struct view *v)
{
    struct libscols_line *line = add_line(v), *below = NULL;
    set_text(v, line, 0, "geometric mean");
    for (size_t i = 0; i < v->n_columns; i++) {
        if (v->columns[i].kind != COLUMN_RATIO)
            continue;
        const struct summary_mean *mean = summary_mean(v->s, v->columns[i].subject, v->measure);
        char text[TEXT_BYTES] = "-";
        if (mean->n_used > 0)
            wording_ratio(text, &mean->ratio, mean->verdict);
        set_text(v, line, i, text);
        colour_verdict(v, line, i, mean->verdict);
        if (mean->n_used == v->s->n_mean_cells)
            continue;
        if (!below)
            below = add_line(v);
        snprintf(text, sizeof(text), "over %u of %u", mean->n_used, v->s->n_mean_cells);
        set_text(v, below, i, text);
    }
}

static bool has_ratios(const struct view *v)
{
    for (size_t i = 0; i < v->n_columns; i++)
        if (v->columns[i].kind == COLUMN_RATIO)
            return true;
    return false;
}

/* The panel of `n` columns from v->first on, behind those that every panel has; NULL without memory. */
static char *draw_panel(struct view *v, size_t n, bool colour)
{
    const struct summary *s = v->s;
    char *text = NULL;
    v->colour = colour;
    v->table = report_new_table(colour);
    if (!v->table)
        return NULL;
    memcpy(v->columns, v->all, N_LEADING * sizeof(*v->all));
    memcpy(v->columns + N_LEADING, v->all + v->first, n * sizeof(*v->all));
    v->n_columns = N_LEADING + n;
    for (size_t i = 0; i < v->n_columns; i++)
        put_header(v, &v->columns[i]);
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (v->style->is_speed || !summary_is_control(s, c) || s->n_mean_cells == 0)
            add_cell(v, c);
    if (has_ratios(v)) {
        if (s->n_mean_cells > 1)
            add_means(v);
        add_means_without(v);
    }
    if (!v->failed && scols_print_table_to_string(v->table, &text) < 0)
        text = NULL;
    scols_unref_table(v->table);
    v->table = NULL;
    return text;
}

static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    v->first = first;
    return draw_panel(v, n, colour);
}

static void print_panels(FILE *out, struct view *v, const struct report_look *look)
{
    fprintf(out, "%s\n", v->style->title);
    v->failed |= !report_put_panels(out, &(struct report_panels){.first = N_LEADING,
                                                                 .end = v->n_all,
                                                                 .width = look->width,
                                                                 .colour = look->colour,
                                                                 .between = "",
                                                                 .behind = "\n\n",
                                                                 .draw = draw,
                                                                 .context = v});
}

int report_measure(FILE *out, const struct summary *s, enum measure measure,
                   const struct report_look *look, struct err *err)
{
    struct view v = {.s = s, .measure = measure, .style = &styles[measure]};
    size_t most = (size_t)s->run.n_subjects * 2 + 4;
    v.all = calloc(most, sizeof(*v.all));
    v.columns = calloc(most, sizeof(*v.columns));
    bool complete = v.all && v.columns;
    if (complete) {
        add_columns(&v);
        print_panels(out, &v, look);
    }
    free(v.all);
    free(v.columns);
    return complete && !v.failed
               ? 0
               : err_set(err, ENOMEM, "no memory for the table of run %s", s->run.name);
}
