#include <errno.h>

#include "json_parts.h"
#include "machines.h"

/* One making under way: all parts end up in the root or are gone. */
struct maker {
    const struct machines *m;
    struct json json;
};

static void put(struct maker *k, json_t *object, const char *name, json_t *value)
{
    part_put(&k->json, object, name, value);
}

static json_t *make_ratio(struct maker *k, const struct interval *ratio, enum verdict verdict)
{
    if (ratio->n_blocks == 0)
        return json_null();
    json_t *o = json_object();
    put(k, o, "estimate", part_number(ratio->estimate));
    put(k, o, "low", part_number(ratio->low));
    put(k, o, "high", part_number(ratio->high));
    put(k, o, "blocks", json_integer(ratio->n_blocks));
    put(k, o, "verdict", json_string(stats_verdict_name(verdict)));
    return o;
}

static json_t *make_types(struct maker *k)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < k->m->n; i++) {
        const struct machine_type *t = &k->m->types[i];
        json_t *o = json_object(), *facts = json_object();
        put(k, o, "label", json_string(t->label));
        put(k, o, "run", part_text(t->summary.run.name));
        put(k, o, "machine", part_text(machines_describe(t)));
        for (uint32_t f = 0; f < t->summary.run.n_facts; f++)
            put(k, facts, t->summary.run.facts[f].key, part_text(t->summary.run.facts[f].value));
        put(k, o, "facts", facts);
        part_append(&k->json, array, o);
    }
    return array;
}

/* What one subject did in one cell, by type; null where a type has it not. */
static json_t *make_measure(struct maker *k, uint32_t cell, uint32_t subject, enum measure measure)
{
    json_t *o = json_object(), *types = json_object();
    for (uint32_t i = 0; i < k->m->n; i++) {
        const struct summary_entry *e = machines_entry(k->m, i, cell, subject);
        json_t *one = e ? json_object() : json_null();
        if (e) {
            put(k, one, "median", part_number(e->measured[measure].median));
            put(k, one, "ratio",
                make_ratio(k, &e->measured[measure].ratio, e->measured[measure].verdict));
        }
        put(k, types, k->m->types[i].label, one);
    }
    put(k, o, "types", types);
    put(k, o, "differ", json_boolean(machines_differ(k->m, cell, subject, measure)));
    return o;
}

static json_t *make_entries(struct maker *k)
{
    const struct store_run *run = &k->m->types[0].summary.run;
    json_t *array = json_array();
    for (uint32_t c = 0; c < run->n_cells; c++) {
        for (uint32_t i = 0; i < run->n_subjects; i++) {
            json_t *o = json_object();
            put(k, o, "workload", part_text(run->cells[c].workload));
            put(k, o, "threads", json_integer(run->cells[c].threads));
            put(k, o, "subject", part_text(run->subjects[i].name));
            for (int n = 0; n < MEASURES; n++)
                put(k, o, measure_name((enum measure)n), make_measure(k, c, i, (enum measure)n));
            part_append(&k->json, array, o);
        }
    }
    return array;
}

static json_t *make_means(struct maker *k)
{
    const struct store_run *run = &k->m->types[0].summary.run;
    json_t *array = json_array();
    for (uint32_t i = 0; i < run->n_subjects && k->m->is_whole; i++) {
        json_t *o = json_object();
        put(k, o, "subject", part_text(run->subjects[i].name));
        for (int n = 0; n < MEASURES; n++) {
            json_t *types = json_object();
            for (uint32_t t = 0; t < k->m->n; t++) {
                const struct machine_type *type = &k->m->types[t];
                const struct summary_mean *mean =
                    type->subjects[i] == MACHINES_NONE
                        ? NULL
                        : summary_mean(&type->summary, type->subjects[i], (enum measure)n);
                put(k, types, type->label,
                    mean ? make_ratio(k, &mean->ratio, mean->verdict) : json_null());
            }
            put(k, o, measure_name((enum measure)n), types);
        }
        part_append(&k->json, array, o);
    }
    return array;
}

int machines_json(FILE *out, const struct machines *m, struct err *err)
{
    struct maker k = {.m = m};
    json_t *root = json_object();
    put(&k, root, "machines_version", json_integer(1));
    put(&k, root, "baseline", part_text(m->types[0].summary.run.baseline));
    put(&k, root, "types", make_types(&k));
    put(&k, root, "entries", make_entries(&k));
    put(&k, root, "geometric_means", make_means(&k));
    int result = part_write(&k.json, root, out, JSON_INDENT(2), err);
    json_decref(root);
    return result;
}
