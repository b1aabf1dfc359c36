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
    }
    fputs("  combine  what was best, together and one level on\n", out);
    fprintf(out, "  confirm  %u fresh blocks of the default and the winner\n", p->n_confirm_blocks);
    fprintf(
        out,
        "some %.0f trials of %.2g s, %.1f minutes%s; in each block the default and all settings "
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

static const enum tune_measure columns[] = {
    TUNE_THROUGHPUT, TUNE_PEAK_RSS, TUNE_MEAN_RSS, TUNE_COST, TUNE_P99, TUNE_FAULTS, TUNE_MAPPINGS};

static bool is_known(const struct tune_answer *a, enum tune_measure m)
{
    for (unsigned p = 0; p < a->n_points; p++)
        if (!isnan(a->points[p].ratio[m]))
            return true;
    return false;
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
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        if (!is_known(a, columns[i]))
            continue;
        format_ratio(e, columns[i], text, sizeof(text));
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

/* The default first, then by throughput; of a long set the surest, the best always. */
static unsigned choose_rows(const struct tune_answer *a, struct entry *out)
{
    unsigned n = 0, least = 2, shown;
    do {
        shown = n = 0;
        for (unsigned p = 1; p < a->n_points; p++)
            if (a->points[p].is_pareto && (a->points[p].n_blocks >= least || p == a->best)) {
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
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
            if (is_known(a, columns[i]))
                scols_table_new_column(table, tune_print_measure(columns[i]), 0, 0);
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

/* --- the recommendation --- */

static void print_interval(FILE *out, const struct tune_answer *a, enum tune_measure m)
{
    const struct interval *x = &a->ratio[m];
    const char *verdict = a->claims[m] == VERDICT_BETTER  ? "better"
                          : a->claims[m] == VERDICT_WORSE ? "worse"
                                                          : "no difference found";
    if (x->n_blocks > 0)
        fprintf(out, "  %-12s %.3f [%.3f, %.3f]  %s\n", tune_print_measure(m), x->estimate, x->low,
                x->high, verdict);
}

static void print_confirmation(FILE *out, const struct tune_answer *a)
{
    if (a->n_confirmed == 0)
        return;
    fprintf(out, "\nmeasured again, %u fresh blocks, by the default [%g %% interval]:\n",
            a->n_confirmed, STATS_CONFIDENCE * 100);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        print_interval(out, a, columns[i]);
}

void tune_print_verdict(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    const struct tune_objective *o = &t->config->objective;
    char words[SUBJECT_TEXT_MAX];
    tuning_words(t, tune_point(t->tune, a->best), words, sizeof(words));
    switch (a->verdict) {
    case TUNE_UNCONFIRMED:
        fprintf(out, "UNCONFIRMED, the search was cut off; the best so far: %s\n", words);
        break;
    case TUNE_NO_CANDIDATE:
        fputs("leave the default: nothing that was tried looked better within the limit\n", out);
        break;
    case TUNE_FAILED_LATER:
        fprintf(out, "leave the default: %s won the search and failed when measured again: %s\n",
                words, a->points[a->best].failure);
        break;
    case TUNE_NO_GAIN:
        fprintf(out,
                "leave the default: %s won the search, but measured again no gain is certain\n",
                words);
        break;
    case TUNE_LIMIT_BROKEN:
        fprintf(
            out,
            "leave the default: %s won the search, but measured again its %s is beyond the limit\n",
            words, tune_print_measure(o->limited));
        break;
    case TUNE_LIMIT_UNSURE:
        fprintf(
            out,
            "recommended: %s\n  the gain is certain; that %s keeps the limit of %g %% is likely, not certain\n",
            words, tune_print_measure(o->limited), o->limit * 100);
        break;
    default:
        fprintf(out, "recommended: %s\n", words);
    }
}

void tune_print_costs(FILE *out, const struct tune_answer *a, const char *before)
{
    static struct machine_facts facts;
    double mappings = a->confirmed[TUNE_MAPPINGS], by_default = a->default_confirmed[TUNE_MAPPINGS];
    machine_facts_read("/", &facts);
    const char *most = machine_fact(&facts, "max_map_count");
    if (!isnan(mappings))
        fprintf(out, "%smappings at the end %.0f, by default %.0f; vm.max_map_count allows %s\n",
                before, mappings, by_default, most ? most : "an unknown number");
    if (!isnan(a->confirmed[TUNE_FAULTS]))
        fprintf(out, "%spage faults %.3g for a thousand calls, by default %.3g\n", before,
                1000 * a->confirmed[TUNE_FAULTS], 1000 * a->default_confirmed[TUNE_FAULTS]);
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        if (a->claims[m] == VERDICT_WORSE && m != TUNE_FAULTS && m != TUNE_MAPPINGS)
            fprintf(out, "%s%s %.3f of the default's\n", before, tune_print_measure(m),
                    a->ratio[m].estimate);
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
            "[two standard errors to each side]:\n",
            a->n_points, (double)t->n_trials, n_pareto);
    int rc = print_table(out, t, a, err);
    if (rc < 0)
        return rc;
    fputc('\n', out);
    print_failures(out, t, a);
    tune_print_verdict(out, t, a);
    print_confirmation(out, a);
    unsigned shown = tune_print_shown(a);
    if (shown > 0) {
        fputs("\nto set it:\n", out);
        tune_print_paste(out, t, shown, "  ");
    }
    if (a->recommended > 0) {
        fputs("\nwhat it costs elsewhere:\n", out);
        tune_print_costs(out, a, "  ");
    }
    tune_print_why(out, t, shown);
    return 0;
}
