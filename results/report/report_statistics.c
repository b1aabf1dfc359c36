/* What allocators told of themselves: a table for each workload and thread count. */
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report_text.h"
#include "tally.h"

#define TEXT_BYTES 160

struct view {
    FILE *out;
    const struct summary *s;
    const struct tally *tally;
    uint32_t cell;
    uint32_t *tellers; /* subjects that told anything in the cell */
    uint32_t n_tellers;
    uint32_t first, n; /* of them, in the panel that is drawn */
    struct libscols_table *table;
    const struct report_look *look;
    struct err *err;
    int failed; /* the first negative errno */
};

static void fail_without_memory(struct view *v)
{
    if (v->failed == 0)
        v->failed =
            err_set(v->err, ENOMEM, "no memory for the statistics of run %s", v->s->run.name);
}

static void set_text(struct view *v, struct libscols_line *line, size_t column, const char *text)
{
    if (!line || scols_line_set_data(line, column, text) < 0)
        fail_without_memory(v);
}

/* "12.5M" or "0.5M" of bytes, "17" or "17.5" of anything else. */
static void format_value(char *out, double value, bool is_bytes)
{
    static const char units[] = "KMGTPE";
    unsigned unit = 0;
    if (!is_bytes || value < KIB) {
        snprintf(out, WORDING_NUMBER_BYTES, value == (double)(uint64_t)value ? "%.0f" : "%.1f",
                 value);
        return;
    }
    for (value /= KIB; value >= 1000 && units[unit + 1]; value /= KIB)
        unit++;
    char number[WORDING_NUMBER_BYTES - 1];
    snprintf(number, sizeof(number), "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
    snprintf(out, WORDING_NUMBER_BYTES, "%s%c", number, units[unit]);
}

/* As settings are written: 128K where that is exactly it. */
static void format_setting(char *out, uint64_t value, bool is_bytes)
{
    static const char units[] = "KMGT";
    int unit = -1;
    while (is_bytes && value >= KIB && value % KIB == 0 && units[unit + 1]) {
        value /= KIB;
        unit++;
    }
    /* Settings are numbers with a sign: -1, which some take, is the greatest. */
    snprintf(out, WORDING_NUMBER_BYTES, "%" PRId64 "%.*s", (int64_t)value, unit < 0 ? 0 : 1,
             unit < 0 ? "" : &units[unit]);
}

/* Exact, and a range where it differed between trials. */
static void print_setting(FILE *out, const struct tally_line *line)
{
    bool is_bytes = statistic_is_bytes(line->name);
    uint64_t least = line->values[0].sum, most = least;
    char text[WORDING_NUMBER_BYTES];
    for (size_t i = 1; i < line->n_values; i++) {
        uint64_t value = line->values[i].sum;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    format_setting(text, least, is_bytes);
    fprintf(out, " %s=%s", line->name, text);
    if (least == most)
        return;
    format_setting(text, most, is_bytes);
    fprintf(out, "..%s", text);
}

static void print_settings_of(const struct view *v, uint32_t subject)
{
    const struct tally_entry *e = tally_entry(v->tally, v->cell, subject);
    bool any = false;
    for (size_t k = 0; k < e->n_lines; k++) {
        if (e->lines[k].kind != STATISTIC_SETTING && e->lines[k].kind != STATISTIC_UNPROVED)
            continue;
        if (!any) {
            fputs("settings of ", v->out);
            report_put_clean(v->out, v->s->run.subjects[subject].name);
            fputc(':', v->out);
        }
        any = true;
        print_setting(v->out, &e->lines[k]);
        if (e->lines[k].kind == STATISTIC_UNPROVED)
            fputs(" (not proved)", v->out);
    }
    fputs(any ? "\n" : "", v->out);
}

/* "12.5M [12.1M, 13.0M] / 4.20M": median, least and greatest trial; the greatest in one arena. */
static void format_line(struct view *v, char *out, const struct tally_line *line)
{
    bool is_bytes = statistic_is_bytes(line->name);
    struct tally_range sum = {0}, most = {0};
    char median[WORDING_NUMBER_BYTES], least[WORDING_NUMBER_BYTES], greatest[WORDING_NUMBER_BYTES];
    int rc = tally_range(line, TALLY_SUM, &sum, v->err);
    if (rc == 0)
        rc = tally_range(line, TALLY_MOST, &most, v->err);
    if (rc < 0) {
        v->failed = rc;
        return;
    }
    format_value(median, sum.median, is_bytes);
    format_value(least, sum.least, is_bytes);
    format_value(greatest, sum.greatest, is_bytes);
    int n = snprintf(out, TEXT_BYTES, "%s", median);
    if (strcmp(least, greatest) != 0)
        n += snprintf(out + n, TEXT_BYTES - (size_t)n, " [%s, %s]", least, greatest);
    if (line->most_arenas > 1 && sum.greatest > 0) {
        format_value(median, most.median, is_bytes);
        snprintf(out + n, TEXT_BYTES - (size_t)n, " / %s", median);
    }
}

/* Of the panel's i-th subject. */
static const struct tally_entry *told_by(const struct view *v, uint32_t i)
{
    return tally_entry(v->tally, v->cell, v->tellers[v->first + i]);
}

static void add_line(struct view *v, enum statistic_kind kind, const char *name)
{
    struct libscols_line *line = scols_table_new_line(v->table, NULL);
    set_text(v, line, 0, name);
    for (uint32_t i = 0; i < v->n && v->failed == 0; i++) {
        const struct tally_line *told = tally_find(told_by(v, i), kind, name);
        char text[TEXT_BYTES] = "-";
        if (told)
            format_line(v, text, told);
        set_text(v, line, i + 1, text);
    }
}

/* Every name that any subject of the panel told, once. */
static void add_lines(struct view *v, enum statistic_kind kind, const char *title)
{
    bool any = false;
    for (uint32_t i = 0; i < v->n; i++) {
        const struct tally_entry *e = told_by(v, i);
        for (size_t k = 0; k < e->n_lines && v->failed == 0; k++) {
            bool seen = e->lines[k].kind != kind;
            for (uint32_t before = 0; before < i && !seen; before++)
                seen = tally_find(told_by(v, before), kind, e->lines[k].name);
            if (seen)
                continue;
            if (!any)
                set_text(v, scols_table_new_line(v->table, NULL), 0, title);
            any = true;
            add_line(v, kind, e->lines[k].name);
        }
    }
}

static void add_column(struct view *v, const char *header, bool colour)
{
    struct libscols_column *c = scols_table_new_column(v->table, header, 0, 0);
    if (!c)
        fail_without_memory(v);
    else if (colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
}

/* The panel as a string; NULL when something failed. */
static char *draw_panel(struct view *v, bool colour)
{
    char *text = NULL;
    v->table = report_new_table(colour);
    if (!v->table) {
        fail_without_memory(v);
        return NULL;
    }
    add_column(v, "", colour);
    for (uint32_t i = 0; i < v->n; i++)
        add_column(v, v->s->run.subjects[v->tellers[v->first + i]].name, colour);
    add_lines(v, STATISTIC_PROCESS, "of the process");
    add_lines(v, STATISTIC_ARENA, "of its arenas");
    if (v->failed == 0 && scols_print_table_to_string(v->table, &text) < 0)
        fail_without_memory(v);
    scols_unref_table(v->table);
    return text;
}

static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    v->first = (uint32_t)first;
    v->n = (uint32_t)n;
    return draw_panel(v, colour);
}

static void print_panels(struct view *v)
{
    if (!report_put_panels(v->out, &(struct report_panels){.end = v->n_tellers,
                                                           .width = v->look->width,
                                                           .colour = v->look->colour,
                                                           .between = "\n",
                                                           .behind = "\n",
                                                           .draw = draw,
                                                           .context = v}) &&
        v->failed == 0)
        fail_without_memory(v);
}

/* Whether there is more to tell than which settings held, which has lines of its own. */
static bool tells_numbers(const struct tally_entry *e)
{
    for (size_t k = 0; k < e->n_lines; k++)
        if (e->lines[k].kind == STATISTIC_PROCESS || e->lines[k].kind == STATISTIC_ARENA)
            return true;
    return false;
}

/* Whether any subject told anything; fills in who has a column. */
static bool find_tellers(struct view *v)
{
    bool any = false;
    v->n_tellers = 0;
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++) {
        const struct tally_entry *e = tally_entry(v->tally, v->cell, i);
        any |= e->n_lines > 0;
        if (tells_numbers(e))
            v->tellers[v->n_tellers++] = i;
    }
    return any;
}

static void print_cell(struct view *v)
{
    const struct store_cell *cell = &v->s->run.cells[v->cell];
    fputs("\nStatistics: ", v->out);
    report_put_clean(v->out, cell->workload);
    fprintf(v->out, ", %u thread%s\n", cell->threads, cell->threads == 1 ? "" : "s");
    if (!find_tellers(v)) {
        fputs("none: no trial that ended well told any\n", v->out);
        return;
    }
    print_panels(v);
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++)
        print_settings_of(v, i);
}

static void print_legend(FILE *out, const struct tally *t)
{
    fputs("\nstatistics: what the allocator told of itself when all threads had ended; the median "
          "over trials [least, greatest], bytes in powers of 1024\n"
          "of its arenas: summed over them / the greatest in one\n"
          "-: not told by this allocator\n",
          out);
    if (t->n_cut > 0)
        fprintf(
            out,
            "%u of %u trials told more than the %u rows that are kept: their sums lack arenas\n",
            t->n_cut, t->n_trials, STATISTICS_ROOM);
}

int report_statistics(FILE *out, struct store *store, const struct summary *s,
                      const struct report_look *look, struct err *err)
{
    struct tally tally;
    struct view v = {.out = out, .s = s, .tally = &tally, .look = look, .err = err};
    v.failed = tally_read(&tally, store, s, err);
    v.tellers = calloc(s->run.n_subjects, sizeof(*v.tellers));
    if (!v.tellers)
        fail_without_memory(&v);
    if (v.failed == 0 && tally.n_trials == 0)
        fputs("\nStatistics: none; no allocator of this run tells any\n", out);
    for (; v.failed == 0 && tally.n_trials > 0 && v.cell < tally.n_cells; v.cell++)
        print_cell(&v);
    if (v.failed == 0 && tally.n_trials > 0)
        print_legend(out, &tally);
    tally_release(&tally);
    free(v.tellers);
    return v.failed < 0 ? v.failed : report_finish(out, err);
}
