#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct tally *tally;
    struct store *store;
};

const struct tally_line *tally_find(const struct tally_entry *e, enum statistic_kind kind,
                                    const char *name)
{
    for (size_t i = 0; i < e->n_lines; i++)
        if (e->lines[i].kind == kind && strcmp(e->lines[i].name, name) == 0)
            return &e->lines[i];
    return NULL;
}

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for the statistics of a run");
}

/* Array `*items` of `n` grows by one, zeroed; doubled at powers of 2. */
static int grow(void *items, size_t n, size_t item_bytes, struct err *err)
{
    void **array = items;
    if ((n & (n - 1)) == 0) {
        void *more = reallocarray(*array, n ? 2 * n : 1, item_bytes);
        if (!more)
            return no_memory(err);
        *array = more;
    }
    memset((char *)*array + n * item_bytes, 0, item_bytes);
    return 0;
}

static int line_of(struct tally_entry *e, const struct statistic *row, struct tally_line **out,
                   struct err *err)
{
    enum statistic_kind kind = (enum statistic_kind)row->kind;
    *out = (struct tally_line *)tally_find(e, kind, row->name);
    if (*out)
        return 0;
    int result = grow(&e->lines, e->n_lines, sizeof(*e->lines), err);
    if (result < 0)
        return result;
    *out = &e->lines[e->n_lines++];
    (*out)->kind = kind;
    memcpy((*out)->name, row->name, sizeof(row->name));
    return 0;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* The rows of one trial, of which a line has `arenas[line]` so far. */
static int add_row(struct tally_entry *e, const struct statistic *row, unsigned *arenas,
                   struct err *err)
{
    struct tally_line *line;
    int result = line_of(e, row, &line, err);
    if (result < 0)
        return result;
    unsigned *n_arenas = &arenas[line - e->lines];
    if (*n_arenas == 0) {
        result = grow(&line->values, line->n_values, sizeof(*line->values), err);
        if (result < 0)
            return result;
        line->n_values++;
    }
    struct tally_value *value = &line->values[line->n_values - 1];
    value->sum = add(value->sum, row->value);
    if (value->most < row->value)
        value->most = row->value;
    if (++*n_arenas > line->most_arenas)
        line->most_arenas = *n_arenas;
    return 0;
}

static int add_rows(struct tally_entry *e, const struct statistic *rows, size_t n, struct err *err)
{
    unsigned *arenas = calloc(e->n_lines + n, sizeof(*arenas));
    if (!arenas)
        return no_memory(err);
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++)
        result = add_row(e, &rows[i], arenas, err);
    free(arenas);
    return result;
}

static int add_trial(void *context, const struct store_trial *trial, struct err *err)
{
    struct reader *r = context;
    struct tally *t = r->tally;
    const struct store_place *at = &trial->place;
    if (trial->result.status != TRIAL_OK || at->cell >= t->n_cells || at->subject >= t->n_subjects)
        return 0;
    struct statistic *rows;
    size_t n;
    int result = store_load_statistics(r->store, trial->id, &rows, &n, err);
    if (result == 0 && n > 0) {
        t->n_trials++;
        t->n_cut += trial->result.statistics_lost > 0;
        result =
            add_rows(&t->entries[(size_t)at->cell * t->n_subjects + at->subject], rows, n, err);
    }
    free(rows);
    return result;
}

int tally_read(struct tally *t, struct store *store, const struct summary *s, struct err *err)
{
    *t = (struct tally){.n_cells = s->run.n_cells, .n_subjects = s->run.n_subjects};
    struct reader r = {.tally = t, .store = store};
    t->entries = calloc((size_t)t->n_cells * t->n_subjects + 1, sizeof(*t->entries));
    return t->entries ? store_each_trial(store, s->run.id, add_trial, &r, err) : no_memory(err);
}

void tally_release(struct tally *t)
{
    for (size_t i = 0; t->entries && i < (size_t)t->n_cells * t->n_subjects; i++) {
        for (size_t k = 0; k < t->entries[i].n_lines; k++)
            free(t->entries[i].lines[k].values);
        free(t->entries[i].lines);
    }
    free(t->entries);
    *t = (struct tally){0};
}

int tally_range(const struct tally_line *line, enum tally_part part, struct tally_range *out,
                struct err *err)
{
    double *values = calloc(line->n_values + 1, sizeof(*values));
    if (!values)
        return no_memory(err);
    for (size_t i = 0; i < line->n_values; i++) {
        const struct tally_value *v = &line->values[i];
        values[i] = (double)(part == TALLY_SUM ? v->sum : v->most);
        if (i == 0 || values[i] < out->least)
            out->least = values[i];
        if (i == 0 || values[i] > out->greatest)
            out->greatest = values[i];
    }
    out->median = stats_median(values, line->n_values);
    free(values);
    return 0;
}
