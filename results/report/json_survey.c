/* Surveys in a report's JSON. */
#include <errno.h>
#include <stdlib.h>

#include "json_parts.h"
#include "latency_bucket.h"
#include "store_survey.h"

static json_t *make_latency(struct json *j, const struct survey_latency *l)
{
    json_t *o = json_object();
    uint64_t most = latency_class_bytes(l->size_class);
    part_put(j, o, "call", json_string(latency_kind_name((enum latency_kind)l->kind)));
    part_put(j, o, "size_class", json_integer(l->size_class));
    part_put(j, o, "size_most_bytes", part_known(most)); /* the last class has no end */
    part_put(j, o, "remote", json_boolean(l->is_remote));
    part_put(j, o, "faulted", json_boolean(l->has_faulted));
    part_put(j, o, "calls", part_count(l->n));
    part_put(j, o, "min_ns", part_count(l->min_ns));
    for (const struct report_quantile *q = report_quantiles; q->name; q++)
        part_put(j, o, q->name, part_count(report_latency_quantile(l, q)));
    part_put(j, o, "max_ns", part_count(l->max_ns));
    return o;
}

static json_t *make_mark(struct json *j, const struct survey_mark *m)
{
    json_t *o = json_object();
    part_put(j, o, "kind", json_string(survey_mark_kind_name((enum survey_mark_kind)m->kind)));
    part_put(j, o, "phase", m->kind == SURVEY_PHASE ? json_integer(m->phase) : json_null());
    for (const struct store_number *n = store_mark_numbers; n->name; n++)
        part_put(j, o, n->name, part_known(store_mark_number_of(m, n)));
    part_put(j, o, "n_regions", json_integer(m->n_regions));
    return o;
}

static int put_found(struct json *j, json_t *o, int64_t id, struct err *err)
{
    struct survey found;
    int result = store_load_survey(j->store, id, &found, err);
    if (result == 0) {
        json_t *latencies = json_array(), *marks = json_array();
        for (uint32_t i = 0; i < found.n_latencies; i++)
            part_append(j, latencies, make_latency(j, &found.latencies[i]));
        part_put(j, o, "latencies", latencies);
        for (uint32_t i = 0; i < found.n_marks && j->detail->series; i++)
            part_append(j, marks, make_mark(j, &found.marks[i]));
        if (j->detail->series)
            part_put(j, o, "marks", marks);
        else
            json_decref(marks);
    }
    survey_release(&found);
    return result;
}

static int add_survey(void *context, const struct store_survey *x, struct err *err)
{
    struct json *j = context;
    if (x->cell >= j->s->run.n_cells || x->subject >= j->s->run.n_subjects)
        return err_set(err, EINVAL, "the file is damaged: run %s has no cell %u with a subject %u",
                       j->s->run.name, x->cell, x->subject);
    json_t *o = json_object();
    part_put(j, o, "cell", json_integer(x->cell));
    part_put(j, o, "subject", json_integer(x->subject));
    part_put(j, o, "status", json_string(trial_status_name(x->result.status)));
    part_put(j, o, "signal", json_integer(x->result.signal));
    for (const struct store_number *n = store_numbers; n->name; n++)
        part_put(j, o, n->name, part_stored(n, &x->result));
    for (const struct store_text *t = store_texts; t->name; t++)
        part_put(j, o, t->name, part_text(store_text_of(&x->result, t)));
    part_put(j, o, "clock_ns", part_known(x->clock_ns));
    part_put(j, o, "latency_period", json_integer(x->latency_period));
    part_put(j, o, "purge", part_text(x->purge));
    part_put(j, o, "held_source", part_text(x->held_source));
    part_put(j, o, "n_marks", json_integer(x->n_marks));
    int result = put_found(j, o, x->id, err);
    part_append(j, j->surveys, o);
    return result;
}

int json_add_surveys(struct json *j, struct err *err)
{
    return store_each_survey(j->store, j->s->run.id, add_survey, j, err);
}
