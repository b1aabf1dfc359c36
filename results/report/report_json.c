#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report_text.h"
#include "statistics_block.h"

/*
 * Jansson's *_new calls take over what they are given even when it is NULL or they fail, so that
 * the whole is built without a check at each step; `failed` remembers that a piece is missing.
 */
struct json {
    const struct summary *s;
    struct store *store;
    json_t *trials;
    bool statistics; /* of each trial, too */
    bool failed;
};

static void put(struct json *j, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) < 0)
        j->failed = true;
}

static void append(struct json *j, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        j->failed = true;
}

/* A crashing program's last words need not be UTF-8: bytes beyond ASCII are then lost. */
static json_t *text(const char *s)
{
    json_t *value = json_string(s);
    if (value)
        return value;
    char *ascii = strdup(s);
    if (!ascii)
        return NULL;
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

/*
 * JSON as jansson reads it has signed numbers only; nothing that is measured comes near their end.
 */
static json_t *count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *moment(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    char out[REPORT_TIME_BYTES];
    report_format_time(out, seconds);
    return json_string(out);
}

static json_t *make_run(struct json *j)
{
    const struct store_run *run = &j->s->run;
    json_t *o = json_object();
    put(j, o, "id", json_integer(run->id));
    put(j, o, "name", text(run->name));
    put(j, o, "started", moment(run->started_s));
    put(j, o, "finished", moment(run->finished_s));
    put(j, o, "program_version", text(run->program_version));
    char seed[24]; /* a text, because many readers of JSON keep 53 bits only */
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
    put(j, o, "seed", json_string(seed));
    put(j, o, "baseline", text(run->baseline));
    put(j, o, "blocks_wanted", json_integer(run->n_blocks));
    json_t *manifest = json_loads(run->manifest, 0, NULL);
    put(j, o, "manifest", manifest ? manifest : text(run->manifest));
    return o;
}

static json_t *make_facts(struct json *j)
{
    json_t *o = json_object();
    for (uint32_t i = 0; i < j->s->run.n_facts; i++)
        put(j, o, j->s->run.facts[i].key, text(j->s->run.facts[i].value));
    return o;
}

static json_t *make_subjects(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_subjects; i++) {
        const struct store_subject *subject = &j->s->run.subjects[i];
        json_t *o = json_object();
        put(j, o, "name", text(subject->name));
        put(j, o, "allocator", text(subject->allocator));
        put(j, o, "library", text(subject->library));
        put(j, o, "setting", text(subject->setting));
        append(j, array, o);
    }
    return array;
}

static json_t *make_cells(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_cells; i++) {
        const struct store_cell *cell = &j->s->run.cells[i];
        json_t *o = json_object();
        put(j, o, "workload", text(cell->workload));
        put(j, o, "threads", json_integer(cell->threads));
        put(j, o, "calls_per_pass", count(cell->calls_per_pass));
        put(j, o, "frees", count(cell->frees));
        put(j, o, "remote_frees", count(cell->remote_frees));
        put(j, o, "peak_live_bytes", count(cell->peak_live_bytes));
        put(j, o, "live_error_bytes",
            cell->live_error_bytes == TRIAL_LIVE_UNKNOWN ? json_null()
                                                         : count(cell->live_error_bytes));
        append(j, array, o);
    }
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
        put(j, o, "kind", text(statistic_kind_name((enum statistic_kind)rows[i].kind)));
        put(j, o, "arena", json_integer(rows[i].arena));
        put(j, o, "name", text(rows[i].name));
        put(j, o, "value", count(rows[i].value));
        append(j, array, o);
    }
    put(j, trial, "statistics", array);
    free(rows);
    return 0;
}

static int add_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct json *j = context;
    json_t *o = json_object();
    put(j, o, "cell", json_integer(t->place.cell));
    put(j, o, "subject", json_integer(t->place.subject));
    put(j, o, "block", json_integer(t->place.block));
    put(j, o, "position", json_integer(t->place.position));
    put(j, o, "status", json_string(trial_status_name(t->result.status)));
    put(j, o, "signal", json_integer(t->result.signal));
    for (const struct store_number *n = store_numbers; n->name; n++)
        put(j, o, n->name, count(store_number_of(&t->result, n)));
    for (const struct store_text *x = store_texts; x->name; x++)
        put(j, o, x->name, text(store_text_of(&t->result, x)));
    int result = j->statistics ? put_statistics(j, o, t->id, err) : 0;
    append(j, j->trials, o);
    return result;
}

static void put_ratio(struct json *j, json_t *o, const struct interval *ratio, enum verdict verdict)
{
    put(j, o, "ratio", number(ratio->estimate));
    put(j, o, "ratio_low", number(ratio->low));
    put(j, o, "ratio_high", number(ratio->high));
    put(j, o, "blocks", json_integer(ratio->n_blocks));
    put(j, o, "verdict", ratio->n_blocks ? json_string(stats_verdict_name(verdict)) : json_null());
}

static json_t *make_entry(struct json *j, uint32_t cell, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(j->s, cell, subject);
    json_t *o = json_object();
    put(j, o, "cell", json_integer(cell));
    put(j, o, "subject", json_integer(subject));
    put(j, o, "trials", json_integer(e->n_trials));
    put(j, o, "trials_ok", json_integer(e->n_ok));
    for (int m = 0; m < MEASURES; m++) {
        json_t *measured = json_object();
        put(j, measured, "median", number(e->measured[m].median));
        put_ratio(j, measured, &e->measured[m].ratio, e->measured[m].verdict);
        put(j, o, measure_name((enum measure)m), measured);
    }
    return o;
}

static json_t *make_entries(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t c = 0; c < j->s->run.n_cells; c++)
        for (uint32_t i = 0; i < j->s->run.n_subjects; i++)
            append(j, array, make_entry(j, c, i));
    return array;
}

static json_t *make_means(struct json *j)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < j->s->run.n_subjects; i++) {
        if (i == j->s->baseline || summary_is_bench(j->s, i))
            continue;
        json_t *o = json_object();
        put(j, o, "subject", json_integer(i));
        for (int m = 0; m < MEASURES; m++) {
            const struct summary_mean *mean = summary_mean(j->s, i, (enum measure)m);
            json_t *measured = json_object();
            put_ratio(j, measured, &mean->ratio, mean->verdict);
            put(j, measured, "cells", json_integer(mean->n_used));
            put(j, measured, "cells_wanted", json_integer(j->s->n_mean_cells));
            put(j, o, measure_name((enum measure)m), measured);
        }
        append(j, array, o);
    }
    return array;
}

static json_t *make_failures(struct json *j)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < j->s->n_failures; i++) {
        const struct summary_failure *f = &j->s->failures[i];
        json_t *o = json_object();
        put(j, o, "cell", json_integer(f->cell));
        put(j, o, "subject", json_integer(f->subject));
        put(j, o, "status", json_string(trial_status_name(f->status)));
        put(j, o, "signal", json_integer(f->signal));
        put(j, o, "trials", json_integer(f->n));
        put(j, o, "message", text(f->message));
        append(j, array, o);
    }
    return array;
}

static json_t *make_summary(struct json *j)
{
    const struct summary_options *options = &j->s->options;
    json_t *o = json_object();
    put(j, o, "confidence", json_real(STATS_CONFIDENCE));
    put(j, o, "resamples", json_integer(options->bootstrap.n_resamples));
    put(j, o, "noise", number(options->noise));
    put(j, o, "foreign_cpus", number(j->s->disturbance.foreign_cpus));
    put(j, o, "stolen_cpus", number(j->s->disturbance.stolen_cpus));
    put(j, o, "entries", make_entries(j));
    put(j, o, "geometric_means", make_means(j));
    put(j, o, "failures", make_failures(j));
    return o;
}

int report_json(FILE *out, struct store *store, const struct summary *s, bool statistics,
                struct err *err)
{
    struct json j = {.s = s, .store = store, .trials = json_array(), .statistics = statistics};
    json_t *root = json_object();
    int result = store_each_trial(store, s->run.id, add_trial, &j, err);
    put(&j, root, "report_version", json_integer(REPORT_VERSION));
    put(&j, root, "run", make_run(&j));
    put(&j, root, "facts", make_facts(&j));
    put(&j, root, "subjects", make_subjects(&j));
    put(&j, root, "cells", make_cells(&j));
    put(&j, root, "trials", j.trials);
    put(&j, root, "summary", make_summary(&j));
    if (result == 0 && j.failed)
        result = err_set(err, ENOMEM, "no memory for the JSON of run %s", s->run.name);
    /* Built whole before the first byte, so that a failure leaves no half object behind. */
    if (result == 0) {
        (void)json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', out);
        result = report_finish(out, err);
    }
    json_decref(root);
    return result;
}
