/* What a tuning says, as JSON: for programs, and for the store. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_parts.h"
#include "tune_print.h"

static const char *verdict_name(enum tune_verdict v)
{
    static const char *const names[TUNE_VERDICTS] = {
        [TUNE_UNCONFIRMED] = "unconfirmed",
        [TUNE_NO_CANDIDATE] = "no candidate",
        [TUNE_FAILED_LATER] = "failed later",
        [TUNE_NO_GAIN] = "no gain",
        [TUNE_LIMIT_BROKEN] = "limit broken",
        [TUNE_LIMIT_UNSURE] = "limit unsure",
        [TUNE_GAIN] = "gain",
    };
    return names[v];
}

static json_t *measures(const double *values)
{
    json_t *object = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        json_object_set_new(object, tune_measure_name(m), part_number(values[m]));
    return object;
}

static json_t *settings(const struct tuning *t, const struct tune_point *p)
{
    json_t *object = json_object();
    for (unsigned k = 0; k < t->n_knobs; k++) {
        char level[SETTING_VALUE_BYTES];
        tuning_level(t, p, k, level);
        json_object_set_new(object, t->knobs[k]->name,
                            p->level[k] ? json_string(level) : json_null());
    }
    return object;
}

/* Names of settings that were taken there, and could not be proved. */
static json_t *unproved(const struct tuning *t, unsigned p)
{
    json_t *array = json_array();
    const char *name;
    for (unsigned i = 0; (name = tuning_unproved(t, p, i)); i++)
        json_array_append_new(array, part_text(name));
    return array;
}

static json_t *point(const struct tuning *t, const struct tune_answer *a, unsigned p)
{
    const struct tune_estimate *e = &a->points[p];
    return json_pack("{so so ss si sb so so so so}", "settings",
                     settings(t, tune_point(t->tune, p)), "unproved", unproved(t, p), "state",
                     tune_state_name(e->state), "blocks", (int)e->n_blocks, "pareto", e->is_pareto,
                     "medians", measures(e->value), "ratios", measures(e->ratio), "standard_errors",
                     measures(e->spread), "failure", part_text(e->failure));
}

static json_t *confirmation(const struct tune_candidate *c)
{
    json_t *object = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        const struct interval *x = &c->ratio[m];
        json_object_set_new(object, tune_measure_name(m),
                            json_pack("{so so so ss}", "ratio", part_number(x->estimate), "low",
                                      part_number(x->low), "high", part_number(x->high), "verdict",
                                      stats_verdict_name(c->claims[m])));
    }
    return object;
}

/* All that was measured again. */
static json_t *candidates(const struct tune_answer *a)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < a->n_candidates; i++) {
        const struct tune_candidate *c = &a->candidates[i];
        const char *verdict =
            a->verdict == TUNE_UNCONFIRMED ? "unconfirmed" : verdict_name(c->verdict);
        json_array_append_new(array,
                              json_pack("{si ss si so so}", "point", (int)c->point, "verdict",
                                        verdict, "blocks", (int)c->n_blocks, "confirmation",
                                        confirmation(c), "medians", measures(c->value)));
    }
    return array;
}

/* The lines of the environment, as an array. */
static json_t *environment(const struct tuning *t, unsigned p)
{
    json_t *array = json_array();
    for (size_t i = 0; p > 0 && i < t->subjects[p].n_environment; i++)
        json_array_append_new(array, part_text(t->subjects[p].environment[i]));
    return array;
}

/* Points, of all or of those alone that the table has. */
static json_t *points_of(const struct tuning *t, const struct tune_answer *a, bool all)
{
    json_t *array = json_array();
    for (unsigned p = 0; p < a->n_points; p++) {
        if (!all && !a->points[p].is_pareto)
            continue;
        json_t *object = point(t, a, p);
        json_object_set_new(object, "subject", json_integer(p));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *answer_of(const struct tuning *t, const struct tune_answer *a, bool all)
{
    const struct tune_objective *o = &t->config->objective;
    const struct cell *cell = &t->campaign.cells[0];
    const struct tune_candidate *chosen = &a->candidates[a->chosen];
    return json_pack("{so so si s{ss ss sf} ss si si sI si so so so so so so so}", "allocator",
                     part_text(t->campaign.subjects[0].name), "workload", part_text(cell->name),
                     "threads", (int)cell->threads, "objective", "goal", tune_measure_name(o->goal),
                     "limited", tune_measure_name(o->limited), "limit", o->limit, "verdict",
                     verdict_name(a->verdict), "best", (int)a->best, "recommended",
                     (int)a->recommended, "trials", (json_int_t)t->n_trials, "confirmation_blocks",
                     (int)a->n_confirmed, "confirmation", confirmation(chosen), "candidates",
                     candidates(a), "confirmed_medians", measures(chosen->value),
                     "default_confirmed_medians", measures(a->default_confirmed), "environment",
                     environment(t, a->recommended), "unproved", unproved(t, tune_print_shown(a)),
                     "points", points_of(t, a, all));
}

int tune_print_json(FILE *out, struct tuning *t, const struct tune_answer *a, struct err *err)
{
    json_t *json = answer_of(t, a, true);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ENOMEM, "no memory for the answer");
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}

/* What `print` writes, as a text; NULL without memory. */
static json_t *printed(const struct tuning *t, const struct tune_answer *a,
                       void (*print)(FILE *out, const struct tuning *t,
                                     const struct tune_answer *a))
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return NULL;
    print(out, t, a);
    json_t *json = fclose(out) == 0 ? part_text(text) : NULL;
    free(text);
    return json;
}

static void put_paste(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    unsigned shown = tune_print_shown(a);
    if (shown > 0)
        tune_print_paste(out, t, shown, "");
}

static void put_costs(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    (void)t;
    if (a->recommended > 0)
        tune_print_costs(out, a, "");
}

char *tune_answer_to_json(const struct tuning *t, const struct tune_answer *a)
{
    json_t *json = answer_of(t, a, false);
    int rc = json ? 0 : -1;
    rc |= json_object_set_new(json, "sentence", printed(t, a, tune_print_verdict));
    rc |= json_object_set_new(json, "paste", printed(t, a, put_paste));
    rc |= json_object_set_new(json, "costs", printed(t, a, put_costs));
    char *text = rc == 0 ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    return text;
}
