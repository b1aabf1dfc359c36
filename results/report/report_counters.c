#include "report_counters.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"

#define MILLION 1000000u

#define COUNTER(field, text) \
    { \
        .name = #field "_per_call", .title = text, .offset = offsetof(struct trial_result, field) \
    }

const struct report_counter report_counters[] = {
    COUNTER(instructions, "instructions"),
    COUNTER(cycles, "cycles"),
    COUNTER(cache_misses, "cache misses"),
    COUNTER(dtlb_load_misses, "dTLB load misses"),
    {0},
};
static_assert(ARRAY_SIZE(report_counters) == REPORT_COUNTERS + 1, "and one row for the end");

double report_per_call(const struct report_counter *c, const struct trial_result *result)
{
    uint64_t value = *(const uint64_t *)((const char *)result + c->offset);
    if (result->status != TRIAL_OK || result->calls == 0 || value == TRIAL_UNKNOWN)
        return NAN;
    return (double)value / (double)result->calls;
}

void report_counters_line(FILE *out, const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_facts; i++) {
        const struct store_fact *fact = &s->run.facts[i];
        if (strcmp(fact->key, REPORT_COUNTERS_FACT) != 0)
            continue;
        fputs("hardware counters: ", out);
        report_put_clean(out, fact->value);
        fputs(strncmp(fact->value, "none", 4) == 0 ? "\n" : " (show --counters)\n", out);
    }
}

/* One trial. */
struct row {
    uint32_t cell, subject;
    double per_call[REPORT_COUNTERS];
};

struct view {
    const struct summary *s;
    struct row *rows;
    size_t n, room;
    uint64_t least_millionths; /* of the time that a counter was running */
    struct libscols_table *table;
    double *scratch;
    bool failed;
};

static int note_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct view *v = context;
    if (t->place.cell >= v->s->run.n_cells || t->place.subject >= v->s->run.n_subjects ||
        t->result.status != TRIAL_OK || t->result.counted_millionths == TRIAL_UNKNOWN)
        return 0;
    if (v->n == v->room) {
        size_t room = v->room ? 2 * v->room : 64;
        struct row *rows = reallocarray(v->rows, room, sizeof(*rows));
        if (!rows)
            return err_set(err, ENOMEM, "no memory for the counters of run %s", v->s->run.name);
        v->rows = rows;
        v->room = room;
    }
    struct row *row = &v->rows[v->n++];
    *row = (struct row){.cell = t->place.cell, .subject = t->place.subject};
    for (unsigned i = 0; i < REPORT_COUNTERS; i++)
        row->per_call[i] = report_per_call(&report_counters[i], &t->result);
    if (t->result.counted_millionths < v->least_millionths)
        v->least_millionths = t->result.counted_millionths;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return (x->subject > y->subject) - (x->subject < y->subject);
}

static void set(struct view *v, struct libscols_line *line, size_t column, const char *text)
{
    if (!line || scols_line_set_data(line, column, text) < 0)
        v->failed = true;
}

/* Of the trials that know it. */
static double median_of(const struct view *v, const struct row *rows, size_t n, unsigned counter)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(rows[i].per_call[counter]))
            v->scratch[known++] = rows[i].per_call[counter];
    return known > 0 ? stats_median(v->scratch, known) : NAN;
}

/* The rows of one cell and subject. */
static void add_line(struct view *v, const struct row *rows, size_t n)
{
    struct libscols_line *line = scols_table_new_line(v->table, NULL);
    const struct store_cell *cell = &v->s->run.cells[rows->cell];
    char text[REPORT_NUMBER_BYTES];
    snprintf(text, sizeof(text), "%u", cell->threads);
    set(v, line, 0, cell->workload);
    set(v, line, 1, text);
    set(v, line, 2, v->s->run.subjects[rows->subject].name);
    for (unsigned i = 0; i < REPORT_COUNTERS; i++) {
        double median = median_of(v, rows, n, i);
        if (isnan(median))
            strcpy(text, "-");
        else
            report_format_number(text, median);
        set(v, line, 3 + i, text);
    }
}

static void add_columns(struct view *v, bool colour)
{
    const char *titles[3 + REPORT_COUNTERS] = {"workload", "thr", "subject"};
    for (unsigned i = 0; i < REPORT_COUNTERS; i++)
        titles[3 + i] = report_counters[i].title;
    for (unsigned i = 0; i < ARRAY_SIZE(titles); i++) {
        bool is_number = i == 1 || i >= 3;
        struct libscols_column *c =
            scols_table_new_column(v->table, titles[i], 0, is_number ? SCOLS_FL_RIGHT : 0);
        if (!c)
            v->failed = true;
        else if (colour)
            scols_cell_set_color(scols_column_get_header(c), "bold");
    }
}

static void draw(struct view *v, FILE *out, const struct report_look *look)
{
    char *text = NULL;
    v->table = report_new_table(look->colour);
    v->scratch = calloc(v->n, sizeof(*v->scratch));
    v->failed = !v->table || !v->scratch;
    if (!v->failed) {
        add_columns(v, look->colour);
        for (size_t i = 0, end; i < v->n; i = end) {
            for (end = i + 1; end < v->n && compare(&v->rows[i], &v->rows[end]) == 0; end++)
                continue;
            add_line(v, v->rows + i, end - i);
        }
    }
    if (!v->failed && scols_print_table_to_string(v->table, &text) == 0)
        report_put_trimmed(out, text);
    else
        v->failed = true;
    free(text);
    free(v->scratch);
    scols_unref_table(v->table);
}

static void print(struct view *v, FILE *out, const struct report_look *look)
{
    fputs("\nCounters of the processor, per call, in user mode; the bench's own part included\n",
          out);
    qsort(v->rows, v->n, sizeof(*v->rows), compare);
    draw(v, out, look);
    fputs("\n-: not counted; workloads that start threads while the clock runs are not\n", out);
    if (v->least_millionths < MILLION)
        fprintf(
            out,
            "counters had to take turns, one of them ran for %.0f %% of the time only: figures are scaled "
            "up to the whole\n",
            100.0 * (double)v->least_millionths / MILLION);
}

int report_counters_table(FILE *out, struct store *store, const struct summary *s,
                          const struct report_look *look, struct err *err)
{
    struct view v = {.s = s, .least_millionths = MILLION};
    int result = store_each_trial(store, s->run.id, note_trial, &v, err);
    if (result == 0 && v.n > 0)
        print(&v, out, look);
    else if (result == 0)
        fputs("\nCounters of the processor: none were read in this run\n", out);
    if (result == 0 && v.failed)
        result = err_set(err, ENOMEM, "no memory for the counters of run %s", s->run.name);
    free(v.rows);
    return result < 0 ? result : report_finish(out, err);
}
