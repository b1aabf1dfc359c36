#include "report_waiting.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "report_text.h"

#define TEXT_BYTES 128

struct view {
    const struct summary *s;
    bool colour;
    bool paced;      /* any thread waited for its turn */
    uint32_t *shown; /* subjects; the bench's own cost is none */
    size_t n_shown;
    size_t first; /* of the panel */
};

static double share_of(double part_ns, const struct summary_entry *e)
{
    return e->thread_ns > 0 ? part_ns / e->thread_ns : 0;
}

static bool waits(const struct view *v, uint32_t cell)
{
    for (size_t i = 0; i < v->n_shown; i++) {
        const struct summary_entry *e = summary_entry(v->s, cell, v->shown[i]);
        if (share_of(e->stall_ns + e->pace_ns, e) >= REPORT_WAITING_LEAST)
            return true;
    }
    return false;
}

static void format_entry(char *out, const struct view *v, const struct summary_entry *e)
{
    double stall = 100 * share_of(e->stall_ns, e), pace = 100 * share_of(e->pace_ns, e);
    if (e->thread_ns == 0)
        snprintf(out, TEXT_BYTES, "-");
    else if (v->paced)
        snprintf(out, TEXT_BYTES, "%.1f + %.1f", stall, pace);
    else
        snprintf(out, TEXT_BYTES, "%.1f", stall);
}

static bool add_text(struct libscols_line *line, size_t column, const char *text)
{
    return line && scols_line_set_data(line, column, text) == 0;
}

static bool add_cell(const struct view *v, struct libscols_table *table, uint32_t cell, size_t n)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char text[TEXT_BYTES];
    bool good = add_text(line, 0, v->s->run.cells[cell].workload);
    snprintf(text, sizeof(text), "%u", v->s->run.cells[cell].threads);
    good = good && add_text(line, 1, text);
    for (size_t i = 0; good && i < n; i++) {
        format_entry(text, v, summary_entry(v->s, cell, v->shown[v->first + i]));
        good = add_text(line, 2 + i, text);
    }
    return good;
}

static bool add_header(const struct view *v, struct libscols_table *table, const char *text,
                       int flags)
{
    struct libscols_column *c = scols_table_new_column(table, text, 0, flags);
    if (c && v->colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
    return c != NULL;
}

/* The panel of `n` subjects from v->first on, to be freed; NULL without memory. */
static char *draw_panel(const struct view *v, size_t n)
{
    struct libscols_table *table = report_new_table(v->colour);
    char *text = NULL;
    if (!table)
        return NULL;
    bool good = add_header(v, table, "workload", 0) && add_header(v, table, "thr", SCOLS_FL_RIGHT);
    for (size_t i = 0; good && i < n; i++)
        good =
            add_header(v, table, v->s->run.subjects[v->shown[v->first + i]].name, SCOLS_FL_RIGHT);
    for (uint32_t c = 0; good && c < v->s->run.n_cells; c++)
        if (waits(v, c))
            good = add_cell(v, table, c, n);
    if (!good || scols_print_table_to_string(table, &text) < 0)
        text = NULL;
    scols_unref_table(table);
    return text;
}

static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    v->first = first;
    v->colour = colour;
    return draw_panel(v, n);
}

static bool print_panels(FILE *out, struct view *v, const struct report_look *look)
{
    fprintf(out, "Waiting: %% of the threads' time, for objects and ends of other threads%s\n",
            v->paced ? "; + for their turn" : "");
    return report_put_panels(out, &(struct report_panels){.end = v->n_shown,
                                                          .width = look->width,
                                                          .colour = look->colour,
                                                          .between = "",
                                                          .behind = "\n\n",
                                                          .draw = draw,
                                                          .context = v});
}

int report_waiting(FILE *out, const struct summary *s, const struct report_look *look,
                   struct err *err)
{
    struct view v = {.s = s};
    bool any = false, good = true;
    v.shown = calloc((size_t)s->run.n_subjects + 1, sizeof(*v.shown));
    for (uint32_t i = 0; v.shown && i < s->run.n_subjects; i++)
        if (!summary_is_bench(s, i))
            v.shown[v.n_shown++] = i;
    for (uint32_t c = 0; v.shown && c < s->run.n_cells; c++) {
        any |= waits(&v, c);
        for (size_t i = 0; i < v.n_shown; i++)
            v.paced |= summary_entry(s, c, v.shown[i])->pace_ns > 0;
    }
    if (any)
        good = print_panels(out, &v, look);
    good = good && v.shown;
    free(v.shown);
    return good ? 0 : err_set(err, ENOMEM, "no memory for the table of run %s", s->run.name);
}
