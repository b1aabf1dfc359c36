#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "json_parts.h"
#include "report_counters.h"
#include "report_text.h"
#include "statistics_block.h"

static json_t *make_shards(struct json *j)
{
    const struct store_run *run = &j->s->run;
    json_t *o = json_object(), *here = json_array();
    for (uint32_t i = 0; i < run->n_held; i++) {
        const struct store_shard *s = &run->shards[i];
        json_t *one = json_object();
        part_put(j, one, "shard", json_integer(s->ordinal));
        part_put(j, one, "host", part_text(s->host));
        part_put(j, one, "attempt", part_text(s->attempt));
        part_put(j, one, "started", part_moment(s->started_s));
        part_put(j, one, "finished", part_moment(s->finished_s));
        part_append(j, here, one);
    }
    part_put(j, o, "of", json_integer(run->n_shards));
    part_put(j, o, "here", here);
    return o;
}

static json_t *make_run(struct json *j)
{
    const struct store_run *run = &j->s->run;
    json_t *o = json_object();
    part_put(j, o, "id", json_integer(run->id));
    part_put(j, o, "name", part_text(run->name));
    part_put(j, o, "started", part_moment(run->started_s));
    part_put(j, o, "finished", part_moment(run->finished_s));
    part_put(j, o, "program_version", part_text(run->program_version));
    char seed[24]; /* a text, because many readers of JSON keep 53 bits only */
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
    part_put(j, o, "seed", json_string(seed));
    part_put(j, o, "baseline", part_text(run->baseline));
    part_put(j, o, "blocks_wanted", json_integer(run->n_blocks));
    if (run->n_shards > 0)
        part_put(j, o, "shards", make_shards(j));
    json_t *manifest = json_loads(run->manifest, 0, NULL);
    part_put(j, o, "manifest", manifest ? manifest : part_text(run->manifest));
    return o;
}

static json_t *make_facts(struct json *j)
{
    json_t *o = json_object();
    for (uint32_t i = 0; i < j->s->run.n_facts; i++)
        part_put(j, o, j->s->run.facts[i].key, part_text(j->s->run.facts[i].value));
    return o;
}

static json_t *make_subjects(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_subjects; i++)
        part_append(j, array, part_subject(j, &j->s->run.subjects[i]));
    return array;
}

static json_t *make_cells(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_cells; i++)
        part_append(j, array, part_cell(j, &j->s->run.cells[i]));
    return array;
}

static int put_statistics(struct json *j, json_t *trial, int64_t id, struct err *err)
{
    struct statistic *rows;
    size_t n;
    int result = store_load_statistics(j->store, id, &rows, &n, err);
    if (result < 0)
        return result;
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        part_put(j, o, "kind", part_text(statistic_kind_name((enum statistic_kind)rows[i].kind)));
        part_put(j, o, "arena", json_integer(rows[i].arena));
        part_put(j, o, "name", part_text(rows[i].name));
        part_put(j, o, "value", part_count(rows[i].value));
        part_append(j, array, o);
    }
    part_put(j, trial, "statistics", array);
    free(rows);
    return 0;
}

/* By columns: an object for each sample would be mostly names. */
static int put_series(struct json *j, json_t *trial, int64_t id, struct err *err)
{
    struct trial_sample *samples;
    size_t n;
    int result = store_load_series(j->store, id, &samples, &n, err);
    if (result < 0)
        return result;
    json_t *series = json_object();
    for (const struct report_series *x = report_series; x->name; x++) {
        json_t *column = json_array();
        for (size_t i = 0; i < n; i++)
            part_append(j, column, part_known(report_sample_of(&samples[i], x)));
        part_put(j, series, x->name, column);
    }
    part_put(j, trial, "series", series);
    free(samples);
    return 0;
}

static int add_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct json *j = context;
    json_t *o = json_object();
    part_put(j, o, "cell", json_integer(t->place.cell));
    part_put(j, o, "subject", json_integer(t->place.subject));
    part_put(j, o, "block", json_integer(t->place.block));
    part_put(j, o, "position", json_integer(t->place.position));
    part_put(j, o, "status", json_string(trial_status_name(t->result.status)));
    part_put(j, o, "signal", json_integer(t->result.signal));
    for (const struct store_number *n = store_numbers; n->name; n++)
        part_put(j, o, n->name, part_stored(n, &t->result));
    for (const struct report_counter *c = report_counters; c->name; c++)
        part_put(j, o, c->name, part_number(report_per_call(c, &t->result)));
    for (const struct store_text *x = store_texts; x->name; x++)
        part_put(j, o, x->name, part_text(store_text_of(&t->result, x)));
    int result = j->detail->statistics ? put_statistics(j, o, t->id, err) : 0;
    if (result == 0 && j->detail->series)
        result = put_series(j, o, t->id, err);
    part_append(j, j->trials, o);
    return result;
}

static void put_ratio(struct json *j, json_t *o, const struct interval *ratio, enum verdict verdict)
{
    part_put(j, o, "ratio", part_number(ratio->estimate));
    part_put(j, o, "ratio_low", part_number(ratio->low));
    part_put(j, o, "ratio_high", part_number(ratio->high));
    part_put(j, o, "blocks", json_integer(ratio->n_blocks));
    part_put(j, o, "verdict",
             ratio->n_blocks ? json_string(stats_verdict_name(verdict)) : json_null());
}

static json_t *make_entry(struct json *j, uint32_t cell, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(j->s, cell, subject);
    json_t *o = json_object();
    part_put(j, o, "cell", json_integer(cell));
    part_put(j, o, "subject", json_integer(subject));
    part_put(j, o, "trials", json_integer(e->n_trials));
    part_put(j, o, "trials_ok", json_integer(e->n_ok));
    for (int m = 0; m < MEASURES; m++) {
        json_t *measured = json_object();
        part_put(j, measured, "median", part_number(e->measured[m].median));
        put_ratio(j, measured, &e->measured[m].ratio, e->measured[m].verdict);
        part_put(j, o, measure_name((enum measure)m), measured);
    }
    return o;
}

static json_t *make_entries(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t c = 0; c < j->s->run.n_cells; c++)
        for (uint32_t i = 0; i < j->s->run.n_subjects; i++)
            part_append(j, array, make_entry(j, c, i));
    return array;
}

static json_t *make_means(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_subjects; i++) {
        if (i == j->s->baseline || summary_is_bench(j->s, i))
            continue;
        json_t *o = json_object();
        part_put(j, o, "subject", json_integer(i));
        for (int m = 0; m < MEASURES; m++) {
            const struct summary_mean *mean = summary_mean(j->s, i, (enum measure)m);
            json_t *measured = json_object();
            put_ratio(j, measured, &mean->ratio, mean->verdict);
            part_put(j, measured, "cells", json_integer(mean->n_used));
            part_put(j, measured, "cells_wanted", json_integer(j->s->n_mean_cells));
            part_put(j, o, measure_name((enum measure)m), measured);
        }
        part_append(j, array, o);
    }
    return array;
}

static json_t *make_failures(struct json *j)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < j->s->n_failures; i++) {
        const struct summary_failure *f = &j->s->failures[i];
        json_t *o = json_object();
        part_put(j, o, "cell", json_integer(f->cell));
        part_put(j, o, "subject", json_integer(f->subject));
        part_put(j, o, "status", json_string(trial_status_name(f->status)));
        part_put(j, o, "signal", json_integer(f->signal));
        part_put(j, o, "trials", json_integer(f->n));
        part_put(j, o, "message", part_text(f->message));
        part_append(j, array, o);
    }
    return array;
}

static json_t *make_case(struct json *j, const struct finding *f, const struct finding_case *c)
{
    json_t *o = json_object();
    part_put(j, o, "cell", json_integer(c->cell));
    part_put(j, o, "subject", json_integer(c->subject));
    part_put(j, o, "ratio", part_number(exp(c->size)));
    if (f->kind == FINDING_OUTLIERS)
        part_put(j, o, "block", json_integer(c->block));
    if (f->kind != FINDING_MODES)
        return o;
    part_put(j, o, "measure",
             json_string(measure_name(c->is_memory ? MEASURE_PEAK_RSS : MEASURE_THROUGHPUT)));
    part_put(j, o, "low", part_number(c->low));
    part_put(j, o, "high", part_number(c->high));
    part_put(j, o, "trials_low", json_integer(c->n_low));
    part_put(j, o, "trials_high", json_integer(c->n_high));
    return o;
}

static json_t *make_findings(struct json *j)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < j->s->n_findings; i++) {
        const struct finding *f = &j->s->findings[i];
        json_t *o = json_object(), *worst = json_array();
        part_put(j, o, "kind", json_string(finding_kind_name(f->kind)));
        part_put(j, o, "text", part_text(f->text));
        part_put(j, o, "cases", json_integer(f->n_cases));
        part_put(j, o, "of", json_integer(f->n_of));
        for (uint32_t k = 0; k < f->n_worst; k++)
            part_append(j, worst, make_case(j, f, &f->worst[k]));
        part_put(j, o, "worst", worst);
        part_append(j, array, o);
    }
    return array;
}

static json_t *make_summary(struct json *j)
{
    const struct summary_options *options = &j->s->options;
    json_t *o = json_object();
    part_put(j, o, "confidence", json_real(STATS_CONFIDENCE));
    part_put(j, o, "resamples", json_integer(options->bootstrap.n_resamples));
    part_put(j, o, "noise", part_number(options->noise));
    part_put(j, o, "foreign_cpus", part_number(j->s->disturbance.foreign_cpus));
    part_put(j, o, "stolen_cpus", part_number(j->s->disturbance.stolen_cpus));
    part_put(j, o, "entries", make_entries(j));
    part_put(j, o, "geometric_means", make_means(j));
    part_put(j, o, "failures", make_failures(j));
    part_put(j, o, "findings", make_findings(j));
    return o;
}

int export_json(FILE *out, struct store *store, const struct summary *s,
                const struct export_detail *detail, struct err *err)
{
    struct json j = {
        .s = s, .store = store, .trials = json_array(), .surveys = json_array(), .detail = detail};
    json_t *root = json_object();
    int result = store_each_trial(store, s->run.id, add_trial, &j, err);
    if (result == 0)
        result = json_add_surveys(&j, err);
    part_put(&j, root, "report_version", json_integer(EXPORT_VERSION));
    part_put(&j, root, "run", make_run(&j));
    part_put(&j, root, "facts", make_facts(&j));
    part_put(&j, root, "subjects", make_subjects(&j));
    part_put(&j, root, "cells", make_cells(&j));
    part_put(&j, root, "trials", j.trials);
    part_put(&j, root, "surveys", j.surveys);
    part_put(&j, root, "summary", make_summary(&j));
    if (result == 0)
        result = json_put_memory(&j, root, err);
    if (result == 0)
        result = part_write(&j, root, out, detail->series ? JSON_COMPACT : JSON_INDENT(2), err);
    json_decref(root);
    return result;
}
