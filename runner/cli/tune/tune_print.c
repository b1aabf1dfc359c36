#include "tune_print.h"

#include <errno.h>
#include <libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "report.h"
#include "report_text.h"
#include "text.h"

#define ROWS_MOST 16u /* of the Pareto set */

const char *tune_print_measure(enum tune_measure m)
{
    static const char *const names[TUNE_MEASURES] = {
        [TUNE_THROUGHPUT] = "throughput",
        [TUNE_PEAK_RSS] = "peak RSS",
        [TUNE_MEAN_RSS] = "mean RSS",
        [TUNE_COST] = "memory cost",
        [TUNE_P99] = "p99",
        [TUNE_FAULTS] = "faults",
        [TUNE_MAPPINGS] = "mappings",
    };
    return names[m];
}

/* --- the plan --- */

void tune_print_plan(FILE *out, const struct tuning *t)
{
    const struct tune_plan *p = tune_plan(t->tune);
    const struct tune_config *c = t->config;
    const struct cell *cell = &t->campaign.cells[0];
    const struct tune_objective *o = &c->objective;
    bool above = tune_direction(o->limited) == HIGHER_IS_BETTER;
    fprintf(out, "tuning %s on %s, %u thread%s: %s %s with %s %s %g %% of the default's\n",
            t->campaign.subjects[0].name, cell->name, cell->threads, cell->threads == 1 ? "" : "s",
            tune_direction(o->goal) == HIGHER_IS_BETTER ? "greatest" : "least",
            tune_print_measure(o->goal), tune_print_measure(o->limited),
            above ? "at least" : "at most", o->limit * 100);
    fprintf(out, "  grid     %u settings of %s%s%s\n", p->n_grid_points, t->knobs[0]->name,
            t->space.n_grid > 1 ? " and " : "", t->space.n_grid > 1 ? t->knobs[1]->name : "");
    if (p->n_rest_points > 0) {
        fprintf(out, "  rest     at most %u more, of ", p->n_rest_points);
        for (unsigned k = t->space.n_grid; k < t->n_knobs; k++)
            fprintf(out, "%s%s", k > t->space.n_grid ? ", " : "", t->knobs[k]->name);
        fputs(", beside the best and the default\n", out);
    } else if (t->n_knobs > t->space.n_grid) {
        fprintf(out, "  rest     none of the %u other knobs: the budget bears no more\n",
                t->n_knobs - t->space.n_grid);
    }
    fputs("  combine  what was best, together and one level on\n", out);
    fprintf(out, "  confirm  %u fresh blocks of the default and the winner%s%s\n",
            p->n_confirm_blocks,
            p->n_candidates > 2    ? " and the next two"
            : p->n_candidates == 2 ? " and the next"
                                   : "",
            p->looks ? ", single calls timed as well" : ", too few to time single calls");
    fprintf(
        out,
        "some %.0f trials of %.3g s, %.1f minutes%s; in each block the default and all settings "
        "still in the race run once\n\n",
        p->search_trials + p->confirm_trials, c->trial_s, c->budget_s / 60,
        p->is_thinned ? ", too few for all levels (--budget)" : "");
}

/* --- the table --- */

/* A column: a knob, or a measure. */
static void set_cell(struct libscols_line *line, size_t column, const char *text)
{
    scols_line_set_data(line, column, text);
}

/* The ratio with two standard errors to each side; without them where they are next to nothing, or not known. */
static void format_ratio(const struct tune_estimate *e, enum tune_measure m, char *out, size_t n)
{
    double ratio = e->ratio[m], factor = exp(2 * e->spread[m]);
    char middle[WORDING_NUMBER_BYTES], low[WORDING_NUMBER_BYTES], high[WORDING_NUMBER_BYTES];
    wording_number(middle, ratio);
    wording_number(low, ratio / factor);
    wording_number(high, ratio * factor);
    if (isnan(ratio))
        text_format(out, n, "-");
    else if (!(factor > 1.005) || !isfinite(factor))
        text_format(out, n, "%s", middle);
    else
        text_format(out, n, "%s [%s, %s]", middle, low, high);
}

const enum tune_measure tune_print_order[TUNE_MEASURES] = {
    TUNE_THROUGHPUT, TUNE_PEAK_RSS, TUNE_MEAN_RSS, TUNE_COST, TUNE_P99, TUNE_FAULTS, TUNE_MAPPINGS};

static bool is_known(const struct tune_answer *a, enum tune_measure m)
{
    for (unsigned p = 0; p < a->n_points; p++)
        if (!isnan(a->points[p].ratio[m]))
            return true;
    return m == TUNE_P99; /* what was not measured is said */
}

/* What the trials of the search do not measure is of the confirmation, where the point was in it. */
static void format_p99(const struct tune_answer *a, unsigned point, char *out, size_t n)
{
    const struct tune_candidate *c = tune_confirmed(a, point);
    char numbers[3][WORDING_NUMBER_BYTES];
    if (point == 0 && !isnan(a->default_confirmed[TUNE_P99])) {
        text_format(out, n, "1.00");
    } else if (!c || c->ratio[TUNE_P99].n_blocks == 0) {
        text_format(out, n, "not measured");
    } else {
        const struct interval *x = &c->ratio[TUNE_P99];
        wording_number(numbers[0], x->estimate);
        wording_number(numbers[1], x->low);
        wording_number(numbers[2], x->high);
        text_format(out, n, "%s [%s, %s]", numbers[0], numbers[1], numbers[2]);
    }
}

static void add_row(struct libscols_table *table, const struct tuning *t,
                    const struct tune_answer *a, unsigned point)
{
    const struct tune_estimate *e = &a->points[point];
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char words[SUBJECT_TEXT_MAX], text[128];
    size_t column = 0;
    tuning_words(t, tune_point(t->tune, point), words, sizeof(words));
    set_cell(line, column++, point == a->best && point ? "*" : "");
    set_cell(line, column++, words);
    for (size_t i = 0; i < TUNE_MEASURES; i++) {
        if (!is_known(a, tune_print_order[i]))
            continue;
        if (tune_print_order[i] == TUNE_P99 && isnan(e->ratio[TUNE_P99]))
            format_p99(a, point, text, sizeof(text));
        else
            format_ratio(e, tune_print_order[i], text, sizeof(text));
        set_cell(line, column++, text);
    }
    text_format(text, sizeof(text), "%u", e->n_blocks);
    set_cell(line, column, text);
}

struct entry {
    unsigned point;
    double throughput;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->throughput != y->throughput)
        return x->throughput > y->throughput ? -1 : 1;
    return x->point < y->point ? -1 : 1;
}

/* The default first, then by throughput; of a long set the surest, what was confirmed always. */
static unsigned choose_rows(const struct tune_answer *a, struct entry *out)
{
    unsigned n = 0, least = 2, shown;
    do {
        shown = n = 0;
        for (unsigned p = 1; p < a->n_points; p++)
            if (a->points[p].is_pareto &&
                (a->points[p].n_blocks >= least || p == a->best || tune_confirmed(a, p))) {
                out[n++] = (struct entry){p, a->points[p].ratio[TUNE_THROUGHPUT]};
                shown++;
            }
        least++;
    } while (shown > ROWS_MOST && least < TUNE_BLOCKS_MAX);
    qsort(out, n, sizeof(*out), compare);
    return n;
}

static int print_table(FILE *out, const struct tuning *t, const struct tune_answer *a,
                       struct err *err)
{
    struct libscols_table *table = report_new_table(false);
    struct entry *rows = calloc(a->n_points + 1, sizeof(*rows));
    char *text = NULL;
    if (table && rows) {
        scols_table_new_column(table, "", 0, 0);
        scols_table_new_column(table, "setting", 0, 0);
        for (size_t i = 0; i < TUNE_MEASURES; i++)
            if (is_known(a, tune_print_order[i]))
                scols_table_new_column(table, tune_print_measure(tune_print_order[i]), 0, 0);
        scols_table_new_column(table, "blocks", 0, SCOLS_FL_RIGHT);
        unsigned n = choose_rows(a, rows);
        add_row(table, t, a, 0);
        for (unsigned i = 0; i < n; i++)
            add_row(table, t, a, rows[i].point);
        scols_print_table_to_string(table, &text);
    }
    if (text)
        report_put_trimmed(out, text);
    free(text);
    free(rows);
    scols_unref_table(table);
    return text ? 0 : err_set(err, ENOMEM, "no memory for the table");
}

static void print_failures(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    const char *last = "";
    unsigned n = 0;
    for (unsigned p = 1; p < a->n_points; p++) {
        char words[SUBJECT_TEXT_MAX];
        if (a->points[p].state != TUNE_FAILED)
            continue;
        n++;
        if (strcmp(last, a->points[p].failure) == 0)
            continue;
        last = a->points[p].failure;
        tuning_words(t, tune_point(t->tune, p), words, sizeof(words));
        fprintf(out, "failed: %s: ", words);
        report_put_clean(out, last);
        fputc('\n', out);
    }
    if (n > 0)
        fprintf(out, "%u setting%s failed and left the search\n\n", n, n == 1 ? "" : "s");
}

int tune_print_answer(FILE *out, const struct tuning *t, const struct tune_answer *a,
                      struct err *err)
{
    unsigned n_pareto = 0;
    for (unsigned p = 0; p < a->n_points; p++)
        n_pareto += a->points[p].is_pareto;
    fprintf(out,
            "%u settings, %.0f trials; %u that no other beats in everything, by the default's, "
            "[two standard errors to each side]%s:\n",
            a->n_points, (double)t->n_trials, n_pareto,
            isnan(a->points[0].ratio[TUNE_P99]) && !isnan(a->default_confirmed[TUNE_P99])
                ? "; p99 as measured again [95 %]"
                : "");
    int rc = print_table(out, t, a, err);
    if (rc < 0)
        return rc;
    fputc('\n', out);
    print_failures(out, t, a);
    tune_print_verdict(out, t, a);
    tune_print_confirmation(out, t, a);
    unsigned shown = tune_print_shown(a);
    if (shown > 0) {
        fputs("\nto set it:\n", out);
        tune_print_paste(out, t, shown, "  ");
    }
    tune_print_unproved(out, t, shown, shown > 0 ? "  " : "\n");
    if (a->recommended > 0) {
        fputs("\nwhat it costs elsewhere:\n", out);
        tune_print_costs(out, a, "  ");
    }
    tune_print_why(out, t, shown);
    return 0;
}
