/* Adversaries: a line for each of their cells, a column for each allocator. */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report_text.h"

#define TEXT_BYTES 96

struct view {
    const struct summary *s;
    bool colour;
};

static bool is_adversary(const struct store_cell *cell)
{
    return cell->bound_bytes > 0;
}

static bool add_column(const struct view *v, struct libscols_table *table, const char *head,
                       int flags)
{
    struct libscols_column *c = scols_table_new_column(table, head, 0, flags);
    if (c && v->colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
    return c != NULL;
}

static void format_mib(char *out, double bytes)
{
    char number[WORDING_NUMBER_BYTES];
    wording_number(number, bytes / (double)MIB);
    snprintf(out, TEXT_BYTES, "%s", number);
}

/* "29.4 (127 %)": the median of the peaks, and how much of the bound that is. */
static void format_peak(char *out, const struct summary_entry *e, uint64_t bound_bytes)
{
    double peak = e->measured[MEASURE_PEAK_RSS].median;
    if (e->n_trials == 0)
        snprintf(out, TEXT_BYTES, "not run");
    else if (e->n_ok == 0)
        snprintf(out, TEXT_BYTES, "%s", trial_status_name(e->first_failure));
    else {
        char number[WORDING_NUMBER_BYTES];
        wording_number(number, peak / (double)MIB);
        snprintf(out, TEXT_BYTES, "%s (%.0f %%)", number, 100 * peak / (double)bound_bytes);
    }
}

static bool add_cell(const struct view *v, struct libscols_table *table, uint32_t c, size_t first,
                     size_t n)
{
    const struct store_cell *cell = &v->s->run.cells[c];
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char text[TEXT_BYTES];
    bool good = line && scols_line_set_data(line, 0, cell->workload) == 0;
    snprintf(text, sizeof(text), "%u", cell->threads);
    good = good && scols_line_set_data(line, 1, text) == 0;
    format_mib(text, (double)cell->peak_live_bytes);
    good = good && scols_line_set_data(line, 2, text) == 0;
    format_mib(text, (double)cell->bound_bytes);
    good = good && scols_line_set_data(line, 3, text) == 0;
    size_t column = 4, left = n;
    for (uint32_t i = 0, k = 0; good && i < v->s->run.n_subjects && left > 0; i++) {
        if (summary_is_bench(v->s, i) || k++ < first)
            continue;
        format_peak(text, summary_entry(v->s, c, i), cell->bound_bytes);
        good = scols_line_set_data(line, column++, text) == 0;
        left--;
    }
    return good;
}

static bool add_columns(const struct view *v, struct libscols_table *table, size_t first, size_t n)
{
    bool good = add_column(v, table, "workload", 0) &&
                add_column(v, table, "thr", SCOLS_FL_RIGHT) &&
                add_column(v, table, "live MiB", SCOLS_FL_RIGHT) &&
                add_column(v, table, "bound MiB", SCOLS_FL_RIGHT);
    for (uint32_t i = 0, k = 0; good && i < v->s->run.n_subjects && n > 0; i++) {
        if (summary_is_bench(v->s, i) || k++ < first)
            continue;
        good = add_column(v, table, v->s->run.subjects[i].name, SCOLS_FL_RIGHT);
        n--;
    }
    return good;
}

/* Allocators from the `first` on, `n` of them; to be freed; NULL without memory. */
static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    struct libscols_table *table = report_new_table(colour);
    char *text = NULL;
    if (!table)
        return NULL;
    v->colour = colour;
    bool good = add_columns(v, table, first, n);
    for (uint32_t c = 0; good && c < v->s->run.n_cells; c++)
        if (is_adversary(&v->s->run.cells[c]))
            good = add_cell(v, table, c, first, n);
    if (!good || scols_print_table_to_string(table, &text) < 0)
        text = NULL;
    scols_unref_table(table);
    return text;
}

static bool has_adversaries(const struct summary *s)
{
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (is_adversary(&s->run.cells[c]))
            return true;
    return false;
}

/* Where plans were aimed at what the allocators told of themselves. */
static void put_classes(FILE *out, const struct summary *s)
{
    const char *classes = store_run_fact(&s->run, "size_classes");
    if (classes && strchr(classes, ','))
        fputs("segregated-worst: its sizes are the size classes of these allocators, joined "
              "(`arenabench show --json`: size_classes), unless it says sizes=even\n",
              out);
}

int report_bounds(FILE *out, const struct summary *s, const struct report_look *look,
                  struct err *err)
{
    struct view v = {.s = s};
    size_t n_shown = 0;
    if (!has_adversaries(s))
        return 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        n_shown += !summary_is_bench(s, i);
    fputs("\nAdversaries: peak resident MiB, and its share of the bound\n", out);
    if (!report_put_panels(out, &(struct report_panels){.end = n_shown,
                                                        .width = look->width,
                                                        .colour = look->colour,
                                                        .between = "",
                                                        .behind = "\n",
                                                        .draw = draw,
                                                        .context = &v}))
        return err_set(err, ENOMEM, "no memory for the table of run %s", s->run.name);
    fputs(
        "live: the most that was requested at one time; bound: what theory has the workload drive an "
        "allocator of the kind to that it is made for (docs/method.md)\n",
        out);
    put_classes(out, s);
    return report_finish(out, err);
}
