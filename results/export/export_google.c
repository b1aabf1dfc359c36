/*
 * The JSON of Google Benchmark: an iteration for each trial that ended well, and the median of each cell and
 * subject. Its readers (compare.py among them) take the time of every row: a trial that failed has none, and
 * stands in the context.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_parts.h"
#include "report_text.h"

struct google {
    struct json json;
    json_t **rows; /* an array for each cell and subject: its trials, then their median */
};

/* "churn/glibc/threads:2"; NULL without memory. */
static char *make_name(const struct store_run *run, uint32_t cell, uint32_t subject,
                       const char *behind)
{
    char *name = NULL;
    const struct store_cell *c = &run->cells[cell];
    if (asprintf(&name, "%s/%s/threads:%u%s", c->workload, run->subjects[subject].name, c->threads,
                 behind) < 0)
        return NULL;
    return name;
}

static json_t *name_of(const struct store_run *run, uint32_t cell, uint32_t subject,
                       const char *behind)
{
    char *name = make_name(run, cell, subject, behind);
    json_t *value = name ? part_text(name) : NULL;
    free(name);
    return value;
}

static json_t *make_row(struct json *j, uint32_t cell, uint32_t subject, const char *behind)
{
    const struct store_run *run = &j->s->run;
    json_t *o = json_object();
    part_put(j, o, "name", name_of(run, cell, subject, behind));
    part_put(j, o, "family_index", json_integer((json_int_t)cell * run->n_subjects + subject));
    part_put(j, o, "per_family_instance_index", json_integer(0));
    part_put(j, o, "run_name", name_of(run, cell, subject, ""));
    part_put(j, o, "threads", json_integer(run->cells[cell].threads));
    part_put(j, o, "repetitions", json_integer(summary_entry(j->s, cell, subject)->n_ok));
    return o;
}

/* Time is wall clock, and CPU time of all threads, per call by any thread. */
static void put_numbers(struct json *j, json_t *o, double calls_per_s, double cpu_ns, double peak)
{
    part_put(j, o, "real_time", part_number(1e9 / calls_per_s));
    part_put(j, o, "cpu_time", part_number(cpu_ns));
    part_put(j, o, "time_unit", json_string("ns"));
    part_put(j, o, "items_per_second", part_number(calls_per_s));
    part_put(j, o, "peak_rss_bytes", part_number(peak));
}

static json_t **rows_of(const struct google *g, uint32_t cell, uint32_t subject)
{
    return &g->rows[(size_t)cell * g->json.s->run.n_subjects + subject];
}

static int add_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct google *g = context;
    struct json *j = &g->json;
    const struct trial_result *r = &t->result;
    const struct store_run *run = &j->s->run;
    double calls_per_s = measure_of(MEASURE_THROUGHPUT, r);
    (void)err;
    if (t->place.cell >= run->n_cells || t->place.subject >= run->n_subjects || calls_per_s <= 0)
        return 0;
    json_t *rows = *rows_of(g, t->place.cell, t->place.subject);
    json_t *o = make_row(j, t->place.cell, t->place.subject, "");
    part_put(j, o, "run_type", json_string("iteration"));
    part_put(j, o, "repetition_index", json_integer((json_int_t)json_array_size(rows)));
    part_put(j, o, "block", json_integer(t->place.block));
    part_put(j, o, "iterations", part_count(r->calls));
    put_numbers(j, o, calls_per_s, measure_of(MEASURE_CPU, r), measure_of(MEASURE_PEAK_RSS, r));
    part_put(j, o, "end_rss_bytes", part_count(r->end_bytes));
    part_put(j, o, "minor_faults", part_count(r->minor_faults));
    part_put(j, o, "major_faults", part_count(r->major_faults));
    part_append(j, rows, o);
    return 0;
}

static void append_median(struct google *g, uint32_t cell, uint32_t subject)
{
    struct json *j = &g->json;
    json_t *rows = *rows_of(g, cell, subject);
    const struct measured *m = summary_entry(j->s, cell, subject)->measured;
    if (json_array_size(rows) == 0)
        return;
    json_t *o = make_row(j, cell, subject, "_median");
    part_put(j, o, "run_type", json_string("aggregate"));
    part_put(j, o, "aggregate_name", json_string("median"));
    part_put(j, o, "aggregate_unit", json_string("time"));
    part_put(j, o, "iterations", json_integer((json_int_t)json_array_size(rows)));
    put_numbers(j, o, m[MEASURE_THROUGHPUT].median, m[MEASURE_CPU].median,
                m[MEASURE_PEAK_RSS].median);
    part_append(j, rows, o);
}

static const char *fact_of(const struct store_run *run, const char *key)
{
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, key) == 0)
            return run->facts[i].value;
    return "";
}

static json_t *make_load(struct json *j)
{
    double load[3];
    json_t *array = json_array();
    if (sscanf(fact_of(&j->s->run, "load_average"), "%lf %lf %lf", &load[0], &load[1], &load[2]) ==
        3)
        for (unsigned i = 0; i < 3; i++)
            part_append(j, array, part_number(load[i]));
    return array;
}

static json_t *make_failures(struct json *j)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < j->s->n_failures; i++) {
        const struct summary_failure *x = &j->s->failures[i];
        json_t *o = json_object();
        part_put(j, o, "name", name_of(&j->s->run, x->cell, x->subject, ""));
        part_put(j, o, "status", json_string(trial_status_name(x->status)));
        part_put(j, o, "signal", json_integer(x->signal));
        part_put(j, o, "trials", json_integer(x->n));
        part_put(j, o, "message", part_text(x->message));
        part_append(j, array, o);
    }
    return array;
}

static json_t *make_context(struct json *j)
{
    const struct store_run *run = &j->s->run;
    char date[WORDING_TIME_BYTES];
    wording_time(date, run->started_s);
    json_t *o = json_object(), *facts = json_object();
    part_put(j, o, "date", json_string(date));
    part_put(j, o, "executable", json_string("arenabench"));
    part_put(j, o, "num_cpus", json_integer(strtol(fact_of(run, "cpus_online"), NULL, 10)));
    part_put(j, o, "caches", json_array());
    part_put(j, o, "load_avg", make_load(j));
    part_put(j, o, "library_build_type", json_string("release"));
    part_put(j, o, "arenabench_version", part_text(run->program_version));
    part_put(j, o, "arenabench_run", part_text(run->name));
    for (uint32_t i = 0; i < run->n_facts; i++)
        part_put(j, facts, run->facts[i].key, part_text(run->facts[i].value));
    part_put(j, o, "arenabench_facts", facts);
    part_put(j, o, "failures", make_failures(j));
    return o;
}

/* All arrays of rows in one; they are given up. */
static json_t *make_benchmarks(struct google *g)
{
    json_t *all = json_array();
    const struct store_run *run = &g->json.s->run;
    for (uint32_t c = 0; c < run->n_cells; c++)
        for (uint32_t i = 0; i < run->n_subjects; i++) {
            append_median(g, c, i);
            if (json_array_extend(all, *rows_of(g, c, i)) < 0)
                g->json.failed = true;
            json_decref(*rows_of(g, c, i));
        }
    return all;
}

int export_google(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct google g = {.json = {.s = s, .store = store}};
    size_t n = (size_t)s->run.n_cells * s->run.n_subjects;
    g.rows = calloc(n + 1, sizeof(*g.rows));
    if (!g.rows)
        return err_set(err, ENOMEM, "no memory for the JSON of run %s", s->run.name);
    for (size_t i = 0; i < n; i++)
        g.rows[i] = json_array();
    int result = store_each_trial(store, s->run.id, add_trial, &g, err);
    json_t *root = json_object();
    part_put(&g.json, root, "context", make_context(&g.json));
    part_put(&g.json, root, "benchmarks", make_benchmarks(&g));
    if (result == 0)
        result = part_write(&g.json, root, out, JSON_INDENT(2), err);
    json_decref(root);
    free(g.rows);
    return result;
}
