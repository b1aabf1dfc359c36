#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "report_text.h"

#define TEXT_BYTES 128

bool report_wants_colour(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

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

struct view {
    const struct summary *s;
    enum measure measure;
    const struct style *style;
    bool colour;
    struct libscols_table *table;
    struct column *columns;
    size_t n_columns;
    bool failed; /* libsmartcols had no memory */
};

static void add_column(struct view *v, enum column_kind kind, uint32_t subject, const char *header)
{
    v->columns[v->n_columns++] = (struct column){.kind = kind, .subject = subject};
    bool is_number = kind != COLUMN_WORKLOAD && kind != COLUMN_RATIO;
    struct libscols_column *c =
        scols_table_new_column(v->table, header, 0, is_number ? SCOLS_FL_RIGHT : 0);
    if (!c)
        v->failed = true;
    else if (v->colour)
        scols_cell_set_color(scols_column_get_header(c), "bold");
}

static void add_columns(struct view *v)
{
    const struct summary *s = v->s;
    const struct store_subject *subjects = s->run.subjects;
    char header[TEXT_BYTES];
    add_column(v, COLUMN_WORKLOAD, 0, "workload");
    add_column(v, COLUMN_THREADS, 0, "thr");
    snprintf(header, sizeof(header), "%.60s %s", subjects[s->baseline].name, v->style->unit);
    add_column(v, COLUMN_ABSOLUTE, s->baseline, header);
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (i != s->baseline && !summary_is_bench(s, i))
            add_column(v, COLUMN_RATIO, i, subjects[i].name);
    for (uint32_t i = 0; v->style->is_speed && i < s->run.n_subjects; i++) {
        if (i != s->baseline && !summary_is_bench(s, i))
            continue;
        snprintf(header, sizeof(header), "%.60s ns", subjects[i].name);
        add_column(v, COLUMN_CPU, i, header);
    }
}

/* "1.23 [1.19, 1.28]" and the marks that the legend explains. */
static void format_ratio(char *out, const struct interval *ratio, enum verdict verdict)
{
    char estimate[REPORT_NUMBER_BYTES], low[REPORT_NUMBER_BYTES], high[REPORT_NUMBER_BYTES];
    report_format_number(estimate, ratio->estimate);
    if (ratio->n_blocks == 1) {
        snprintf(out, TEXT_BYTES, "%s (1 block)", estimate);
        return;
    }
    report_format_number(low, ratio->low);
    report_format_number(high, ratio->high);
    snprintf(out, TEXT_BYTES, "%s [%s, %s]%s%s", estimate, low, high,
             verdict == VERDICT_NO_DIFFERENCE ? "=" : "",
             ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS ? "~" : "");
}

static void format_failures(char *out, const struct summary_entry *e)
{
    const char *word = e->failures_differ ? "failed" : trial_status_name(e->first_failure);
    snprintf(out, TEXT_BYTES, "%s %u/%u", word, e->n_trials - e->n_ok, e->n_trials);
}

static void format_absolute(char *out, const struct view *v, double value, bool with_unit)
{
    char number[REPORT_NUMBER_BYTES];
    report_format_number(number, value / v->style->unit_size);
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
        report_format_number(out, m->median);
    else if (column->kind == COLUMN_ABSOLUTE)
        format_absolute(out, v, m->median, false);
    else if (m->ratio.n_blocks == 0)
        format_absolute(out, v, m->median, true); /* the baseline has nothing to compare with */
    else
        format_ratio(out, &m->ratio, m->verdict);
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
        format_ratio(text, &mean->ratio, mean->verdict);
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
            format_ratio(text, &mean->ratio, mean->verdict);
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

static void print_view(FILE *out, struct view *v)
{
    char *text = NULL;
    if (scols_print_table_to_string(v->table, &text) < 0) {
        v->failed = true;
        return;
    }
    fprintf(out, "%s\n", v->style->title);
    report_put_trimmed(out, text);
    fputs("\n\n", out);
    free(text);
}

static int print_measure(FILE *out, const struct summary *s, enum measure measure, bool colour,
                         struct err *err)
{
    struct view v = {.s = s, .measure = measure, .style = &styles[measure], .colour = colour};
    v.columns = calloc((size_t)s->run.n_subjects * 2 + 4, sizeof(*v.columns));
    v.table = report_new_table(colour);
    if (v.columns && v.table) {
        add_columns(&v);
        for (uint32_t c = 0; c < s->run.n_cells; c++)
            if (v.style->is_speed || !summary_is_control(s, c) || s->n_mean_cells == 0)
                add_cell(&v, c);
        if (s->n_mean_cells > 1)
            add_means(&v);
        add_means_without(&v);
        print_view(out, &v);
    }
    bool complete = v.columns && v.table && !v.failed;
    scols_unref_table(v.table);
    free(v.columns);
    return complete ? 0 : err_set(err, ENOMEM, "no memory for the table of run %s", s->run.name);
}

static void print_head(FILE *out, const struct summary *s)
{
    const struct store_run *run = &s->run;
    fprintf(out, "run %s: %u cells, %u of %u blocks, baseline ", run->name, run->n_cells,
            s->n_blocks, run->n_blocks);
    report_put_clean(out, run->baseline);
    fprintf(out, ", seed %llu, arenabench ", (unsigned long long)run->seed);
    report_put_clean(out, run->program_version);
    fputc('\n', out);
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, "machine") == 0) {
            report_put_clean(out, run->facts[i].value);
            fputc('\n', out);
        }
    uint64_t n_wanted = (uint64_t)run->n_cells * run->n_subjects * run->n_blocks;
    if (s->n_trials < n_wanted && run->finished_s == 0)
        fprintf(out, "not finished: %u of %llu trials are stored\n", s->n_trials,
                (unsigned long long)n_wanted);
    else if (s->n_trials < n_wanted)
        fprintf(out,
                "%llu of %llu trials were given up: those before had failed, or took too long (--budget)\n",
                (unsigned long long)n_wanted - s->n_trials, (unsigned long long)n_wanted);
    fputc('\n', out);
}

static void print_coverage(FILE *out, const struct summary *s)
{
    if (s->fewest_blocks > 0 && s->fewest_blocks < STATS_FULL_COVERAGE_BLOCKS)
        fprintf(
            out,
            "~ fewer than %u blocks, here as few as %u: nothing is claimed; even the widest interval "
            "holds the true ratio at most %.0f times in 100, not %.0f\n",
            STATS_FULL_COVERAGE_BLOCKS, s->fewest_blocks,
            floor(stats_coverage(s->fewest_blocks) * 100), STATS_CONFIDENCE * 100);
    if (s->has_single_block)
        fputs("(1 block): no interval; whether such a ratio is chance cannot be told\n", out);
}

static bool has_lever(const struct summary *s)
{
    return s->levers[MEASURE_THROUGHPUT].workload || s->levers[MEASURE_PEAK_RSS].workload;
}

static bool has_bench(const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (summary_is_bench(s, i))
            return true;
    return false;
}

static void print_legend(FILE *out, const struct summary *s)
{
    fputs("ratios: to ", out);
    report_put_clean(out, s->run.baseline);
    fprintf(out, " in the same block, median over blocks [%.0f %% bootstrap interval]\n",
            STATS_CONFIDENCE * 100);
    fprintf(
        out,
        "= no difference found: the interval holds 1, or the ratio is within %g %% of 1, or memory "
        "within %lu KiB\n",
        s->options.noise * 100, SUMMARY_RSS_GRAIN / KIB);
    print_coverage(out, s);
    fprintf(out, "ns: CPU time per call, user and system%s\n",
            has_bench(s) ? "; null is what the bench itself costs, and is taken off nothing" : "");
    if (s->n_mean_cells > 1)
        fprintf(out, "geometric mean: over %u cells%s\n", s->n_mean_cells,
                s->n_mean_cells < s->run.n_cells ? "; nop, the bench's own control, does not count"
                                                 : "");
    if (has_lever(s))
        fputs("without ...: the same without the workload that moves it most\n", out);
}

/* How much of what a workload frees another thread had allocated: of those where any is. */
static void print_remote_shares(FILE *out, const struct summary *s)
{
    const struct store_cell *cells = s->run.cells;
    bool first = true;
    for (uint32_t i = 0; i < s->run.n_cells; i++) {
        bool told = i > 0 && strcmp(cells[i].workload, cells[i - 1].workload) == 0 &&
                    cells[i - 1].remote_frees > 0;
        if (cells[i].remote_frees == 0 || cells[i].frees == 0 || told)
            continue;
        fputs(first ? "freed by another thread than the allocating one: " : ", ", out);
        report_put_clean(out, cells[i].workload);
        fprintf(out, " %.3g %%", 100 * (double)cells[i].remote_frees / (double)cells[i].frees);
        first = false;
    }
    if (!first)
        fputc('\n', out);
}

static void print_failures(FILE *out, const struct summary *s)
{
    for (unsigned i = 0; i < s->n_failures; i++) {
        const struct summary_failure *f = &s->failures[i];
        const struct store_cell *cell = &s->run.cells[f->cell];
        fputs(i == 0 ? "\nFailures\n" : "", out);
        report_put_clean(out, s->run.subjects[f->subject].name);
        fputs(" on ", out);
        report_put_clean(out, cell->workload);
        fprintf(out, ", %u thread%s: %s in %u of %u trials", cell->threads,
                cell->threads == 1 ? "" : "s", trial_status_name(f->status), f->n,
                summary_entry(s, f->cell, f->subject)->n_trials);
        const char *signal = f->signal ? sigdescr_np(f->signal) : NULL;
        if (f->signal)
            fprintf(out, ", signal %d (%s)", f->signal, signal ? signal : "unknown");
        if (f->message[0]) {
            fputs(": ", out);
            report_put_clean(out, f->message);
        }
        fputc('\n', out);
    }
}

/* What the runner found that spoils a measurement: facts whose key begins with "warning". */
static void print_warnings(FILE *out, const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_facts; i++) {
        if (strncmp(s->run.facts[i].key, "warning", 7) != 0)
            continue;
        fputs("warning: ", out);
        report_put_clean(out, s->run.facts[i].value);
        fputc('\n', out);
    }
}

/* The same, seen while the trials ran. */
static void print_disturbance(FILE *out, const struct summary_disturbance *d)
{
    if (d->foreign_cpus > SUMMARY_DISTURBED)
        fprintf(
            out,
            "warning: Other programs kept %.2f CPUs busy on average while the trials ran, which "
            "slows down and scatters what was measured: stop them, or keep off their CPUs with "
            "--cores\n",
            d->foreign_cpus);
    if (d->stolen_cpus > SUMMARY_DISTURBED)
        fprintf(
            out,
            "warning: The hypervisor took %.2f CPUs on average while the trials ran, which slows "
            "down and scatters what was measured: use a host with fewer guests, or more blocks\n",
            d->stolen_cpus);
}

static bool has_warnings(const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_facts; i++)
        if (strncmp(s->run.facts[i].key, "warning", 7) == 0)
            return true;
    return s->disturbance.foreign_cpus > SUMMARY_DISTURBED ||
           s->disturbance.stolen_cpus > SUMMARY_DISTURBED;
}

int report_table(FILE *out, const struct summary *s, bool colour, struct err *err)
{
    print_head(out, s);
    int result = print_measure(out, s, MEASURE_THROUGHPUT, colour, err);
    if (result == 0)
        result = print_measure(out, s, MEASURE_PEAK_RSS, colour, err);
    if (result < 0)
        return result;
    print_legend(out, s);
    print_remote_shares(out, s);
    print_failures(out, s);
    fputs(has_warnings(s) ? "\n" : "", out);
    print_warnings(out, s);
    print_disturbance(out, &s->disturbance);
    return report_finish(out, err);
}
