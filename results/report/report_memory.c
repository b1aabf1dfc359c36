/* Fragmentation: a table for each workload and thread count, a line for each allocator. */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "report.h"
#include "report_text.h"

#define TEXT_BYTES 128

struct column {
    const char *head;
    enum memory_figure figure;
    bool is_percent;
};

static const struct column columns[] = {
    {"peak/ideal", MEMORY_BLOW_UP, false},
    {"cost", MEMORY_COST, false},
    {"F1 %", MEMORY_F1, true},
    {"F2 %", MEMORY_F2, true},
    {"F3 %", MEMORY_F3, true},
    {"F4 %", MEMORY_F4, true},
    {"internal %", MEMORY_INTERNAL, true},
    {"unused %", MEMORY_UNUSED, true},
    {"empty pages %", MEMORY_EMPTY, true},
    {"shared lines %", MEMORY_SHARED, true},
    {"held F1 %", MEMORY_HELD_F1, true},
    {"held F2 %", MEMORY_HELD_F2, true},
    {"held F3 %", MEMORY_HELD_F3, true},
    {"held F4 %", MEMORY_HELD_F4, true},
};

struct view {
    const struct summary *s;
    const struct memory *m;
    bool colour;
    uint32_t cell;
    size_t n_columns, first; /* of `columns`: without surveys theirs are left out; of the panel */
};

static bool is_shown(const struct view *v, uint32_t subject)
{
    return !summary_is_bench(v->s, subject) && summary_entry(v->s, v->cell, subject)->n_trials > 0;
}

static void format_figure(char *out, double value, bool is_percent)
{
    char number[WORDING_NUMBER_BYTES];
    wording_number(number, is_percent ? 100 * value : value);
    snprintf(out, TEXT_BYTES, "%s", isnan(value) ? "?" : number);
}

static bool add_header(const struct view *v, struct libscols_table *table, const char *text,
                       int flags)
{
    struct libscols_column *c = scols_table_new_column(table, text, 0, flags);
    if (c && v->colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
    return c != NULL;
}

static bool add_subject(const struct view *v, struct libscols_table *table, uint32_t subject,
                        size_t n)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char text[TEXT_BYTES];
    double peak = summary_entry(v->s, v->cell, subject)->measured[MEASURE_PEAK_RSS].median;
    bool good = line && scols_line_set_data(line, 0, v->s->run.subjects[subject].name) == 0;
    format_figure(text, peak / (double)MIB, false);
    good = good && scols_line_set_data(line, 1, text) == 0;
    for (size_t i = 0; good && i < n; i++) {
        const struct column *c = &columns[v->first + i];
        format_figure(text, memory_entry(v->m, v->cell, subject)->figures[c->figure],
                      c->is_percent);
        good = scols_line_set_data(line, 2 + i, text) == 0;
    }
    return good;
}

/* `n` columns from v->first on, to be freed; NULL without memory. */
static char *draw_panel(const struct view *v, size_t n)
{
    struct libscols_table *table = report_new_table(v->colour);
    char *text = NULL;
    if (!table)
        return NULL;
    bool good =
        add_header(v, table, "allocator", 0) && add_header(v, table, "peak MiB", SCOLS_FL_RIGHT);
    for (size_t i = 0; good && i < n; i++)
        good = add_header(v, table, columns[v->first + i].head, SCOLS_FL_RIGHT);
    for (uint32_t i = 0; good && i < v->s->run.n_subjects; i++)
        if (is_shown(v, i))
            good = add_subject(v, table, i, n);
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
    return report_put_panels(out, &(struct report_panels){.end = v->n_columns,
                                                          .width = look->width,
                                                          .colour = look->colour,
                                                          .between = "",
                                                          .behind = "\n",
                                                          .draw = draw,
                                                          .context = v});
}

/* What became of the memory when the work was over; and of surveys that failed, why. */
static void print_tails(FILE *out, const struct view *v)
{
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++) {
        const struct memory_entry *e = memory_entry(v->m, v->cell, i);
        char words[TAIL_WORDS_BYTES];
        if (!e->is_surveyed || !is_shown(v, i))
            continue;
        fputs("afterwards, ", out);
        report_put_clean(out, v->s->run.subjects[i].name);
        if (e->survey_status == TRIAL_OK) {
            fputc(' ', out);
            report_put_clean(out, tail_words(&e->tail, e->purge, words));
        } else {
            fprintf(out, ": not known, its survey failed: %s", trial_status_name(e->survey_status));
            fputs(e->survey_message[0] ? ": " : "", out);
            report_put_clean(out, e->survey_message);
        }
        fputc('\n', out);
    }
}

static void print_legend(FILE *out, const struct memory *m)
{
    bool any_vague = false;
    for (uint32_t c = 0; c < m->n_cells; c++)
        any_vague |= m->is_vague[c];
    fputs(
        "peak/ideal: peak by that of an allocator that wastes nothing but parts of pages; cost: resident by "
        "live bytes, over time\n"
        "F1 to F4: resident beyond live bytes: on average, when most is live, at the peak, peak by most live "
        "(Johnstone and Wilson)\n",
        out);
    if (m->has_surveys)
        fputs(
            "of the second pass, when most is live: internal: usable beyond requested; unused: held, "
            "in no block; empty pages: of those resident\n"
            "shared lines: cache lines with objects that more than one thread holds, of those with objects; at all times\n"
            "held F1 to F4: bytes held in place of resident ones, where the allocator tells them; by operations\n",
            out);
    else
        fputs(
            "without a second pass nothing is known of blocks, empty pages and what comes afterwards\n",
            out);
    if (any_vague)
        fprintf(out,
                "~ what is live is known from outside only to more than %.0f %% of it: threads "
                "make and free so much between two words on their progress; %s\n",
                100 * MEMORY_LIVE_ERROR_MOST,
                m->has_surveys ? "figures here are those of the second pass, by operations and by "
                                 "resident pages of the heap"
                               : "a second pass knows");
    fputs("? not known\n", out);
}

static bool has_trials(const struct view *v)
{
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++)
        if (is_shown(v, i))
            return true;
    return false;
}

static bool print_cells(FILE *out, struct view *v, const struct report_look *look)
{
    for (v->cell = 0; v->cell < v->m->n_cells; v->cell++) {
        const struct store_cell *cell = &v->s->run.cells[v->cell];
        if (!has_trials(v))
            continue;
        fputs("Memory: ", out);
        report_put_clean(out, cell->workload);
        fprintf(out, ", %u thread%s%s\n", cell->threads, cell->threads == 1 ? "" : "s",
                v->m->is_vague[v->cell] ? " ~" : "");
        if (!print_panels(out, v, look))
            return false;
        print_tails(out, v);
        fputc('\n', out);
    }
    return true;
}

int report_memory(FILE *out, struct store *store, const struct summary *s,
                  const struct report_look *look, struct err *err)
{
    struct memory m;
    int rc = memory_make(store, s, &m, err);
    struct view v = {
        .s = s, .m = &m, .n_columns = m.has_surveys ? ARRAY_SIZE(columns) : MEMORY_OF_SERIES};
    fputc('\n', out);
    if (rc == 0 && !m.has_series && !m.has_surveys)
        fputs("Memory: the run has no series and no surveys\n", out);
    else if (rc == 0 && !print_cells(out, &v, look))
        rc = err_set(err, ENOMEM, "no memory for the table of run %s", s->run.name);
    else if (rc == 0)
        print_legend(out, &m);
    memory_release(&m);
    return rc == 0 ? report_finish(out, err) : rc;
}
