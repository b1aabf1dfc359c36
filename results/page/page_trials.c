/* Every trial, a row each. */
#include <errno.h>
#include <stdlib.h>

#include "page_parts.h"

/* The columns of a row, behind cell, subject, block and status. */
static const struct {
    const char *name;
    size_t offset;
} columns[] = {
    {"wall_ns", offsetof(struct trial_result, wall_ns)},
    {"calls", offsetof(struct trial_result, calls)},
    {"peak_bytes", offsetof(struct trial_result, peak_bytes)},
    {"end_bytes", offsetof(struct trial_result, end_bytes)},
    {"minor_faults", offsetof(struct trial_result, minor_faults)},
    {"involuntary_switches", offsetof(struct trial_result, involuntary_switches)},
};

struct walk {
    struct page *page;
    json_t *rows;
    size_t room;
};

static int keep(struct page *p, const struct store_trial *t, size_t *room, struct err *err)
{
    if (p->n_trials == *room) {
        size_t more = *room ? 2 * *room : 256;
        struct page_trial *grown = reallocarray(p->trials, more, sizeof(*grown));
        if (!grown)
            return err_set(err, ENOMEM, "no memory for the trials of run %s", p->s->run.name);
        p->trials = grown;
        *room = more;
    }
    p->trials[p->n_trials++] = (struct page_trial){.id = t->id,
                                                   .place = t->place,
                                                   .is_ok = t->result.status == TRIAL_OK,
                                                   .peak_bytes = t->result.peak_bytes};
    return 0;
}

static int add_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct walk *w = context;
    struct page *p = w->page;
    if (t->place.cell >= p->s->run.n_cells || t->place.subject >= p->s->run.n_subjects)
        return 0; /* the summary refuses a file with such trials: it was stored since */
    json_t *row = json_array();
    page_append(p, row, json_integer(t->place.cell));
    page_append(p, row, json_integer(t->place.subject));
    page_append(p, row, json_integer(t->place.block));
    page_append(p, row, json_string(trial_status_name(t->result.status)));
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        page_append(p, row,
                    part_count(*(const uint64_t *)((const char *)&t->result + columns[i].offset)));
    for (int m = 0; m < MEASURES; m++) {
        double value = measure_of((enum measure)m, &t->result);
        page_append(p, row, value > 0 ? part_number(value) : json_null());
    }
    page_append(p, w->rows, row);
    return keep(p, t, &w->room, err);
}

static json_t *make_names(struct page *p)
{
    static const char *const first[] = {"cell", "subject", "block", "status"};
    json_t *names = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        page_append(p, names, json_string(first[i]));
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        page_append(p, names, json_string(columns[i].name));
    for (int m = 0; m < MEASURES; m++)
        page_append(p, names, json_string(measure_name((enum measure)m)));
    return names;
}

int page_add_trials(struct page *p, struct err *err)
{
    struct walk w = {.page = p, .rows = json_array()};
    int rc = store_each_trial(p->store, p->s->run.id, add_trial, &w, err);
    page_put(p, p->root, "trial_columns", make_names(p));
    page_put(p, p->root, "trials", w.rows);
    return rc;
}
