#include "machines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comparable.h"

/* Runs to choose from, newest first, and those chosen. */
struct choice {
    struct store *store;
    struct store_run *chosen;
    int64_t *ids;
    uint32_t n_chosen, n_ids;
};

static int note_id(void *context, const struct store_run_line *line, struct err *err)
{
    struct choice *c = context;
    int64_t *more = reallocarray(c->ids, c->n_ids + 1, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "no memory for the list of runs");
    c->ids = more;
    c->ids[c->n_ids++] = line->id;
    return 0;
}

/* Whether a run is of a type that is not there yet, and measured what the first did. */
static int is_another(const struct choice *c, const struct store_run *run, bool *is,
                      struct err *err)
{
    struct comparable_cell *pairs = calloc(c->chosen[0].n_cells + 1, sizeof(*pairs));
    uint32_t n_pairs;
    struct err why;
    if (!pairs)
        return err_set(err, ENOMEM, "no memory for the types of machines");
    *is = strcmp(run->baseline, c->chosen[0].baseline) == 0 &&
          comparable_orders(&c->chosen[0], run, &why) == 0 &&
          comparable_cells(&c->chosen[0], run, pairs, &n_pairs, &why) == 0;
    free(pairs);
    for (uint32_t i = 0; i < c->n_chosen && *is; i++)
        *is = comparable_machine_differs(&c->chosen[i], run) != NULL;
    return 0;
}

static int consider(struct choice *c, int64_t id, bool is_first, struct err *err)
{
    struct store_run run;
    bool is = true;
    int result = store_load_run(c->store, id, &run, err);
    if (result == 0 && !is_first)
        result = is_another(c, &run, &is, err);
    if (result == 0 && is) {
        struct store_run *more = reallocarray(c->chosen, c->n_chosen + 1, sizeof(*more));
        if (more) {
            c->chosen = more;
            c->chosen[c->n_chosen++] = run;
            return 0;
        }
        result = err_set(err, ENOMEM, "no memory for the types of machines");
    }
    store_run_release(&run);
    return result;
}

static int compare_ids(const void *a, const void *b)
{
    const struct store_run *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int choose(struct choice *c, int64_t run_id, struct err *err)
{
    int result = store_list_runs(c->store, note_id, c, err);
    if (result == 0)
        result = consider(c, run_id, true, err);
    for (uint32_t i = 0; i < c->n_ids && result == 0; i++)
        if (c->ids[i] != run_id)
            result = consider(c, c->ids[i], false, err);
    if (result == 0 && c->n_chosen < 2)
        result = err_set(
            err, EINVAL,
            "%s holds no run that measured the same as run %s on another type of machine: merge "
            "one in, `arenabench merge`",
            store_path(c->store), c->chosen[0].name);
    if (result == 0)
        qsort(c->chosen, c->n_chosen, sizeof(*c->chosen), compare_ids);
    return result;
}

static uint32_t find_subject(const struct store_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->n_subjects; i++)
        if (strcmp(run->subjects[i].name, name) == 0)
            return i;
    return MACHINES_NONE;
}

/* Which of its cells and subjects are which of the first type's. */
static int match(struct machine_type *t, const struct store_run *first, struct err *err)
{
    const struct store_run *run = &t->summary.run;
    struct comparable_cell *pairs = calloc(first->n_cells + 1, sizeof(*pairs));
    uint32_t n = 0;
    t->cells = malloc((first->n_cells + 1) * sizeof(*t->cells));
    t->subjects = malloc((first->n_subjects + 1) * sizeof(*t->subjects));
    int result = pairs && t->cells && t->subjects
                     ? comparable_cells(first, run, pairs, &n, err)
                     : err_set(err, ENOMEM, "no memory for the types of machines");
    if (result == 0) {
        memset(t->cells, 0xff, first->n_cells * sizeof(*t->cells));
        for (uint32_t i = 0; i < n; i++)
            t->cells[pairs[i].a] = pairs[i].b;
        for (uint32_t i = 0; i < first->n_subjects; i++)
            t->subjects[i] = find_subject(run, first->subjects[i].name);
    }
    free(pairs);
    return result;
}

static int add_type(struct machines *m, struct store *store, int64_t run_id, struct err *err)
{
    static const struct summary_options as_usual;
    struct machine_type *t = &m->types[m->n++];
    snprintf(t->label, sizeof(t->label), m->n <= 26 ? "%c" : "A%u",
             m->n <= 26 ? 'A' + m->n - 1 : m->n);
    int result = summary_make(store, run_id, &as_usual, &t->summary, err);
    return result == 0 ? match(t, &m->types[0].summary.run, err) : result;
}

static bool has_all(const struct machine_type *t, const struct store_run *first)
{
    bool has = t->summary.run.n_cells == first->n_cells;
    for (uint32_t i = 0; i < first->n_cells && has; i++)
        has = t->cells[i] != MACHINES_NONE;
    return has;
}

int machines_make(struct store *store, int64_t run_id, struct machines *out, struct err *err)
{
    struct choice c = {.store = store};
    *out = (struct machines){.is_whole = true};
    int result = choose(&c, run_id, err);
    if (result == 0 && !(out->types = calloc(c.n_chosen, sizeof(*out->types))))
        result = err_set(err, ENOMEM, "no memory for the types of machines");
    for (uint32_t i = 0; i < c.n_chosen && result == 0; i++) {
        result = add_type(out, store, c.chosen[i].id, err);
        if (result == 0)
            out->is_whole &= has_all(&out->types[i], &out->types[0].summary.run);
    }
    for (uint32_t i = 0; i < c.n_chosen; i++)
        store_run_release(&c.chosen[i]);
    free(c.chosen);
    free(c.ids);
    return result;
}

void machines_release(struct machines *m)
{
    for (uint32_t i = 0; i < m->n; i++) {
        summary_release(&m->types[i].summary);
        free(m->types[i].cells);
        free(m->types[i].subjects);
    }
    free(m->types);
    *m = (struct machines){0};
}

const struct summary_entry *machines_entry(const struct machines *m, uint32_t type, uint32_t cell,
                                           uint32_t subject)
{
    const struct machine_type *t = &m->types[type];
    if (t->cells[cell] == MACHINES_NONE || t->subjects[subject] == MACHINES_NONE)
        return NULL;
    return summary_entry(&t->summary, t->cells[cell], t->subjects[subject]);
}

static bool is_apart(const struct summary_entry *a, const struct summary_entry *b,
                     enum measure measure)
{
    const struct interval *x = &a->measured[measure].ratio, *y = &b->measured[measure].ratio;
    bool is_certain =
        x->n_blocks >= STATS_FULL_COVERAGE_BLOCKS && y->n_blocks >= STATS_FULL_COVERAGE_BLOCKS;
    return is_certain && (x->high < y->low || y->high < x->low);
}

bool machines_differ(const struct machines *m, uint32_t cell, uint32_t subject,
                     enum measure measure)
{
    for (uint32_t i = 0; i < m->n; i++) {
        const struct summary_entry *a = machines_entry(m, i, cell, subject);
        for (uint32_t k = 0; k < i && a; k++) {
            const struct summary_entry *b = machines_entry(m, k, cell, subject);
            if (b && is_apart(a, b, measure))
                return true;
        }
    }
    return false;
}

const char *machines_describe(const struct machine_type *t)
{
    const char *machine = store_run_fact(&t->summary.run, "machine");
    return machine ? machine : "unknown";
}
