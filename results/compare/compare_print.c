#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "report.h"
#include "report_text.h"

static const char *const titles[MEASURES] = {
    [MEASURE_THROUGHPUT] = "Throughput, B / A: above 1, B is faster",
    [MEASURE_PEAK_RSS] = "Peak resident memory, B / A: below 1, B is leaner",
    [MEASURE_CPU] = "CPU time per call, B / A: below 1, B takes less",
};

static const char *const names[MEASURES] = {
    [MEASURE_THROUGHPUT] = "throughput",
    [MEASURE_PEAK_RSS] = "peak resident memory",
    [MEASURE_CPU] = "CPU time per call",
};

/* A measure, some of whose pairs stand in a panel. */
struct view {
    const struct comparison *c;
    enum measure measure;
    struct libscols_table *table;
    uint32_t first, n; /* pairs */
    bool colour, failed;
};

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

static const char *pair_name(const struct comparison *c, uint32_t pair)
{
    return c->b.run.subjects[c->pairs[pair].b].name;
}

static void put_ratio(struct view *v, struct libscols_line *line, uint32_t i,
                      const struct compared *x, const char *otherwise)
{
    char text[WORDING_RATIO_BYTES];
    if (x->ratio.n_blocks == 0) {
        set_text(v, line, 2 + i, otherwise);
        return;
    }
    wording_ratio(text, &x->ratio, x->verdict);
    set_text(v, line, 2 + i, text);
    bool is_claimed = x->verdict == VERDICT_BETTER || x->verdict == VERDICT_WORSE;
    if (v->colour && line && is_claimed)
        scols_cell_set_color(scols_line_get_cell(line, 2 + i),
                             x->verdict == VERDICT_BETTER ? "green" : "red");
}

/* Why there is no ratio. */
static void explain(char *out, size_t n_bytes, const struct comparison *c, uint32_t pair,
                    uint32_t cell)
{
    const struct compare_pair *p = &c->pairs[pair];
    const struct summary_entry *sides[2] = {
        summary_entry(&c->a, c->cells[cell].a, p->a),
        summary_entry(&c->b, c->cells[cell].b, p->b),
    };
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < 2; i++) {
        const struct summary_entry *e = sides[i];
        if (e->n_ok > 0)
            continue;
        int n = snprintf(out + used, n_bytes - used, "%s%c %s", used ? ", " : "", "AB"[i],
                         e -> n_trials ? trial_status_name(e->first_failure) : "has no trial");
        used += n > 0 && (size_t)n < n_bytes - used ? (size_t)n : 0;
    }
    if (!out[0])
        snprintf(out, n_bytes, "-");
}

static void add_cell(struct view *v, uint32_t cell)
{
    const struct comparison *c = v->c;
    const struct store_cell *of = &c->a.run.cells[c->cells[cell].a];
    struct libscols_line *line = add_line(v);
    char text[WORDING_RATIO_BYTES];
    snprintf(text, sizeof(text), "%u", of->threads);
    set_text(v, line, 0, of->workload);
    set_text(v, line, 1, text);
    for (uint32_t i = 0; i < v->n; i++) {
        explain(text, sizeof(text), c, v->first + i, cell);
        put_ratio(v, line, i, compared_cell(c, v->first + i, cell, v->measure), text);
    }
}

static void add_means(struct view *v)
{
    struct libscols_line *line = add_line(v);
    set_text(v, line, 0, "geometric mean");
    for (uint32_t i = 0; i < v->n; i++)
        put_ratio(v, line, i, &v->c->pairs[v->first + i].means[v->measure], "-");
}

/* The table of `n` pairs from v->first on, to be freed; NULL without memory. */
static char *draw_panel(struct view *v, size_t n, bool colour)
{
    char *text = NULL;
    v->n = (uint32_t)n;
    v->colour = colour;
    v->table = report_new_table(colour);
    if (!v->table)
        return NULL;
    put_column(v, "workload", false);
    put_column(v, "thr", true);
    for (uint32_t i = 0; i < v->n; i++)
        put_column(v, v->c->is_paired ? "B / A" : pair_name(v->c, v->first + i), false);
    for (uint32_t i = 0; i < v->c->n_cells; i++)
        if (v->measure == MEASURE_THROUGHPUT || !summary_is_control(&v->c->a, v->c->cells[i].a))
            add_cell(v, i);
    if (v->c->n_mean_cells > 1)
        add_means(v);
    if (!v->failed && scols_print_table_to_string(v->table, &text) < 0)
        text = NULL;
    scols_unref_table(v->table);
    v->table = NULL;
    return text;
}

static char *draw(void *context, size_t first, size_t n, bool colour)
{
    struct view *v = context;
    v->first = (uint32_t)first;
    return draw_panel(v, n, colour);
}

static int print_measure(FILE *out, const struct comparison *c, enum measure m,
                         const struct report_look *look, struct err *err)
{
    struct view v = {.c = c, .measure = m};
    fprintf(out, "\n%s\n", titles[m]);
    bool good = report_put_panels(out, &(struct report_panels){.end = c->n_pairs,
                                                               .width = look->width,
                                                               .colour = look->colour,
                                                               .between = "",
                                                               .behind = "\n",
                                                               .draw = draw,
                                                               .context = &v});
    return good ? 0 : err_set(err, ENOMEM, "no memory for the table");
}

static void put_side(FILE *out, char letter, const struct summary *s, const char *subject)
{
    fprintf(out, "%c: run %s, %u blocks, arenabench %s", letter, s->run.name, s->n_blocks,
            s->run.program_version);
    if (subject)
        fprintf(out, ", %s", subject);
    fputc('\n', out);
}

static bool is_named(const struct comparison *c)
{
    const struct compare_pair *p = &c->pairs[0];
    return c->is_paired || (c->n_pairs == 1 && strcmp(c->a.run.subjects[p->a].name,
                                                      c->b.run.subjects[p->b].name) != 0);
}

static void print_head(FILE *out, const struct comparison *c)
{
    const struct compare_pair *p = &c->pairs[0];
    bool named = is_named(c);
    put_side(out, 'A', &c->a, named ? c->a.run.subjects[p->a].name : NULL);
    put_side(out, 'B', &c->b, named ? c->b.run.subjects[p->b].name : NULL);
    fputs(
        c->is_paired
            ? "paired: both in each block, one right after the other\n"
            : "not paired: two runs made at different times; the intervals hold what varied inside each, not "
              "what changed between them\n",
        out);
}

static void print_controls(FILE *out, const struct comparison *c)
{
    for (uint32_t i = 0; i < c->n_pairs; i++) {
        const struct compared *x = &c->pairs[i].means[MEASURE_THROUGHPUT];
        if (!c->pairs[i].is_same_build || c->is_paired)
            continue;
        fprintf(out, "%s: the same file with the same setting in both runs", pair_name(c, i));
        if (x->verdict == VERDICT_BETTER || x->verdict == VERDICT_WORSE)
            fprintf(out,
                    ", and %.2f times as fast in B: the machine changed, and the other ratios hold "
                    "that, too; compare inside one run, RUN:ALLOCATOR RUN:ALLOCATOR",
                    x->ratio.estimate);
        fputc('\n', out);
    }
}

static void print_left_out(FILE *out, const struct comparison *c)
{
    if (c->n_cells < c->a.run.n_cells)
        fprintf(out, "left out: %u of A's %u workloads and thread counts, which B does not have\n",
                c->a.run.n_cells - c->n_cells, c->a.run.n_cells);
    if (c->n_cells < c->b.run.n_cells)
        fprintf(out, "left out: %u of B's %u workloads and thread counts, which A does not have\n",
                c->b.run.n_cells - c->n_cells, c->b.run.n_cells);
}

static void print_legend(FILE *out, const struct comparison *c)
{
    fprintf(out, "\n%s [95 %% bootstrap interval]\n",
            c->is_paired ? "median over blocks of the ratio in a block"
                         : "ratio of the medians over each run's blocks");
    fputs(
        "= no difference found: the interval holds 1, or the ratio is within 1 % of 1, or memory within 64 "
        "KiB\n",
        out);
    if (c->a.n_blocks < STATS_FULL_COVERAGE_BLOCKS || c->b.n_blocks < STATS_FULL_COVERAGE_BLOCKS)
        fprintf(out, "~ fewer than %u blocks: no interval can hold 95 %%, and nothing is claimed\n",
                STATS_FULL_COVERAGE_BLOCKS);
}

static void print_where(FILE *out, const struct comparison *c, const struct gate_finding *f)
{
    const struct store_cell *cell = &c->a.run.cells[c->cells[f->cell].a];
    report_put_clean(out, pair_name(c, f->pair));
    if (f->is_mean) {
        fputs(", geometric mean", out);
        return;
    }
    fputs(", ", out);
    report_put_clean(out, cell->workload);
    fprintf(out, " with %u thread%s", cell->threads, cell->threads == 1 ? "" : "s");
}

static void print_finding(FILE *out, const struct comparison *c, const struct gate_finding *f)
{
    const struct compare_pair *p = &c->pairs[f->pair];
    if (f->kind == GATE_FAILED) {
        const struct summary_entry *a = summary_entry(&c->a, c->cells[f->cell].a, p->a);
        const struct summary_entry *b = summary_entry(&c->b, c->cells[f->cell].b, p->b);
        fputs("worse: ", out);
        print_where(out, c, f);
        fprintf(out, ": %u of %u trials failed (%s) in B, ", b->n_trials - b->n_ok, b->n_trials,
                trial_status_name(b->first_failure));
        if (a->n_ok == a->n_trials)
            fputs("none in A\n", out);
        else
            fprintf(out, "%u of %u in A\n", a->n_trials - a->n_ok, a->n_trials);
        return;
    }
    const struct compared *x =
        f->is_mean ? &p->means[f->measure] : compared_cell(c, f->pair, f->cell, f->measure);
    char ratio[WORDING_RATIO_BYTES];
    wording_ratio(ratio, &x->ratio, VERDICT_WORSE);
    fputs("worse: ", out);
    print_where(out, c, f);
    fprintf(out, ": %s %s\n", names[f->measure], ratio);
}

static void print_gate(FILE *out, const struct comparison *c)
{
    double percent = 100 * c->options.gate;
    fputc('\n', out);
    for (unsigned i = 0; i < c->n_findings; i++)
        print_finding(out, c, &c->findings[i]);
    fprintf(out, "gate %g %%: %s", percent, c->n_findings ? "not passed" : "passed");
    fprintf(out, "; %u comparison%s of throughput or peak memory judged", c->n_judged,
            c->n_judged == 1 ? "" : "s");
    if (c->n_not_judged > 0)
        fprintf(out, ", %u not: fewer than %u blocks", c->n_not_judged, STATS_FULL_COVERAGE_BLOCKS);
    fputc('\n', out);
    if (c->n_blind > 0)
        fprintf(
            out,
            "in %u of them the trials scatter so much that a change of %g %% is not excluded: take more "
            "blocks, longer trials or a quieter machine\n",
            c->n_blind, percent);
}

int compare_print(FILE *out, const struct comparison *c, const struct report_look *look,
                  struct err *err)
{
    int result = 0;
    print_head(out, c);
    for (int m = 0; m < MEASURES && result == 0; m++)
        result = print_measure(out, c, (enum measure)m, look, err);
    if (result < 0)
        return result;
    print_legend(out, c);
    print_controls(out, c);
    print_left_out(out, c);
    if (c->options.has_gate)
        print_gate(out, c);
    return report_finish(out, err);
}
