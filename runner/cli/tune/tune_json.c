/* What a tuning says, as JSON. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *measures(const double *values)
{
    json_t *object = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        json_object_set_new(object, tune_measure_name(m), number(values[m]));
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

static json_t *point(const struct tuning *t, const struct tune_answer *a, unsigned p)
{
    const struct tune_estimate *e = &a->points[p];
    return json_pack("{so ss si sb so so so ss}", "settings", settings(t, tune_point(t->tune, p)),
                     "state", tune_state_name(e->state), "blocks", (int)e->n_blocks, "pareto",
                     e->is_pareto, "medians", measures(e->value), "ratios", measures(e->ratio),
                     "standard_errors", measures(e->spread), "failure", e->failure);
}

static json_t *confirmation(const struct tune_answer *a)
{
    json_t *object = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        const struct interval *x = &a->ratio[m];
        json_object_set_new(object, tune_measure_name(m),
                            json_pack("{so so so ss}", "ratio", number(x->estimate), "low",
                                      number(x->low), "high", number(x->high), "verdict",
                                      stats_verdict_name(a->claims[m])));
    }
    return object;
}

/* The lines of the environment, as an array. */
static json_t *environment(const struct tuning *t, unsigned p)
{
    json_t *array = json_array();
    for (size_t i = 0; p > 0 && i < t->subjects[p].n_environment; i++)
        json_array_append_new(array, json_string(t->subjects[p].environment[i]));
    return array;
}

int tune_print_json(FILE *out, struct tuning *t, const struct tune_answer *a, struct err *err)
{
    const struct tune_objective *o = &t->config->objective;
    const struct cell *cell = &t->campaign.cells[0];
    json_t *points = json_array();
    for (unsigned p = 0; p < a->n_points; p++)
        json_array_append_new(points, point(t, a, p));
    json_t *json = json_pack(
        "{ss ss si s{ss ss sf} ss si si sI si so so so so so}", "allocator",
        t->campaign.subjects[0].name, "workload", cell->name, "threads", (int)cell->threads,
        "objective", "goal", tune_measure_name(o->goal), "limited", tune_measure_name(o->limited),
        "limit", o->limit, "verdict", verdict_name(a->verdict), "best", (int)a->best, "recommended",
        (int)a->recommended, "trials", (json_int_t)t->n_trials, "confirmation_blocks",
        (int)a->n_confirmed, "confirmation", confirmation(a), "confirmed_medians",
        measures(a->confirmed), "default_confirmed_medians", measures(a->default_confirmed),
        "environment", environment(t, a->recommended), "points", points);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ENOMEM, "no memory for the answer");
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
