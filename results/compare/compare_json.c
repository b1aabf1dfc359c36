#include <errno.h>

#include "compare.h"
#include "json_parts.h"

struct maker {
    const struct comparison *c;
    struct json json; /* notes pieces that fail */
};

static void put(struct maker *m, json_t *object, const char *name, json_t *value)
{
    part_put(&m->json, object, name, value);
}

static json_t *make_side(struct maker *m, const struct summary *s)
{
    json_t *o = json_object();
    put(m, o, "run", part_text(s->run.name));
    put(m, o, "blocks", json_integer(s->n_blocks));
    put(m, o, "program_version", part_text(s->run.program_version));
    return o;
}

static json_t *make_compared(struct maker *m, const struct compared *x)
{
    json_t *o = json_object();
    put(m, o, "ratio", part_number(x->ratio.estimate));
    put(m, o, "ratio_low", part_number(x->ratio.low));
    put(m, o, "ratio_high", part_number(x->ratio.high));
    put(m, o, "blocks", json_integer(x->ratio.n_blocks));
    put(m, o, "verdict",
        x->ratio.n_blocks ? json_string(stats_verdict_name(x->verdict)) : json_null());
    return o;
}

static json_t *make_entry(struct maker *m, uint32_t pair, uint32_t cell)
{
    const struct comparison *c = m->c;
    const struct compare_pair *p = &c->pairs[pair];
    const struct comparable_cell *at = &c->cells[cell];
    const struct summary_entry *a = summary_entry(&c->a, at->a, p->a);
    const struct summary_entry *b = summary_entry(&c->b, at->b, p->b);
    json_t *o = json_object();
    put(m, o, "workload", part_text(c->a.run.cells[at->a].workload));
    put(m, o, "threads", json_integer(c->a.run.cells[at->a].threads));
    put(m, o, "trials_a", json_integer(a->n_trials));
    put(m, o, "trials_ok_a", json_integer(a->n_ok));
    put(m, o, "trials_b", json_integer(b->n_trials));
    put(m, o, "trials_ok_b", json_integer(b->n_ok));
    for (int i = 0; i < MEASURES; i++) {
        json_t *measured = make_compared(m, compared_cell(c, pair, cell, (enum measure)i));
        put(m, measured, "median_a", part_number(a->measured[i].median));
        put(m, measured, "median_b", part_number(b->measured[i].median));
        put(m, o, measure_name((enum measure)i), measured);
    }
    return o;
}

static json_t *make_pair(struct maker *m, uint32_t pair)
{
    const struct comparison *c = m->c;
    const struct compare_pair *p = &c->pairs[pair];
    json_t *o = json_object(), *cells = json_array(), *means = json_object();
    put(m, o, "subject_a", part_text(c->a.run.subjects[p->a].name));
    put(m, o, "subject_b", part_text(c->b.run.subjects[p->b].name));
    put(m, o, "same_build", json_boolean(p->is_same_build));
    put(m, o, "control", json_boolean(p->is_control));
    for (uint32_t i = 0; i < c->n_cells; i++)
        part_append(&m->json, cells, make_entry(m, pair, i));
    for (int i = 0; i < MEASURES; i++) {
        json_t *mean = make_compared(m, &p->means[i]);
        put(m, mean, "cells", json_integer(p->n_used[i]));
        put(m, means, measure_name((enum measure)i), mean);
    }
    put(m, o, "cells", cells);
    put(m, o, "geometric_means", means);
    return o;
}

static json_t *make_finding(struct maker *m, const struct gate_finding *f)
{
    const struct comparison *c = m->c;
    const struct store_cell *cell = &c->a.run.cells[c->cells[f->cell].a];
    json_t *o = json_object();
    put(m, o, "subject", part_text(c->b.run.subjects[c->pairs[f->pair].b].name));
    put(m, o, "workload", f->is_mean ? json_null() : part_text(cell->workload));
    put(m, o, "threads", f->is_mean ? json_null() : json_integer(cell->threads));
    put(m, o, "what",
        json_string(f->kind == GATE_FAILED ? "failed trials" : measure_name(f->measure)));
    return o;
}

static json_t *make_gate(struct maker *m)
{
    const struct comparison *c = m->c;
    json_t *o = json_object(), *worse = json_array();
    for (unsigned i = 0; i < c->n_findings; i++)
        part_append(&m->json, worse, make_finding(m, &c->findings[i]));
    put(m, o, "gate", part_number(c->options.gate));
    put(m, o, "passed", json_boolean(c->n_findings == 0));
    put(m, o, "judged", json_integer(c->n_judged));
    put(m, o, "not_judged", json_integer(c->n_not_judged));
    put(m, o, "not_excluded", json_integer(c->n_blind));
    put(m, o, "worse", worse);
    return o;
}

int compare_json(FILE *out, const struct comparison *c, struct err *err)
{
    struct maker m = {.c = c};
    json_t *root = json_object(), *pairs = json_array();
    for (uint32_t i = 0; i < c->n_pairs; i++)
        part_append(&m.json, pairs, make_pair(&m, i));
    put(&m, root, "compare_version", json_integer(1));
    put(&m, root, "a", make_side(&m, &c->a));
    put(&m, root, "b", make_side(&m, &c->b));
    put(&m, root, "paired", json_boolean(c->is_paired));
    put(&m, root, "pairs", pairs);
    put(&m, root, "gate", c->options.has_gate ? make_gate(&m) : json_null());
    int result = m.json.failed ? err_set(err, ENOMEM, "no memory for the JSON of the comparison")
                               : part_write(&m.json, root, out, JSON_INDENT(2), err);
    json_decref(root);
    return result;
}
