/* What is long: series of trials; marks and latencies of surveys. */
#include <inttypes.h>
#include <stdlib.h>

#include "csv_parts.h"
#include "latency_bucket.h"
#include "report_text.h"
#include "store_survey.h"

static int put_samples(void *context, const struct store_trial *t, struct err *err)
{
    const struct csv *csv = context;
    const struct store_run *run = &csv->s->run;
    struct trial_sample *samples;
    size_t n;
    if (!csv_is_of_run(run, t->place.cell, t->place.subject))
        return 0;
    int result = store_load_series(csv->store, t->id, &samples, &n, err);
    for (size_t i = 0; i < n; i++) {
        csv_put_place(csv->out, run, t->place.cell, t->place.subject);
        fprintf(csv->out, "%" PRIu32, t->place.block);
        for (const struct report_series *x = report_series; x->name; x++)
            csv_put_known(csv->out, report_sample_of(&samples[i], x));
        fputc('\n', csv->out);
    }
    free(samples);
    return result;
}

int report_series_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct csv csv = {.out = out, .store = store, .s = s};
    fputs("run,workload,threads,subject,block", out);
    for (const struct report_series *x = report_series; x->name; x++)
        fprintf(out, ",%s", x->name);
    fputc('\n', out);
    int result = store_each_trial(store, s->run.id, put_samples, &csv, err);
    return result < 0 ? result : report_finish(out, err);
}

/* Prints the rows of one survey that was loaded. */
typedef void put_found_fn(const struct csv *csv, const struct store_survey *x,
                          const struct survey *found);

struct survey_csv {
    struct csv csv;
    put_found_fn *put;
};

static int put_survey(void *context, const struct store_survey *x, struct err *err)
{
    const struct survey_csv *c = context;
    struct survey found;
    if (!csv_is_of_run(&c->csv.s->run, x->cell, x->subject))
        return 0;
    int result = store_load_survey(c->csv.store, x->id, &found, err);
    if (result == 0)
        c->put(&c->csv, x, &found);
    survey_release(&found);
    return result;
}

static void put_marks(const struct csv *csv, const struct store_survey *x,
                      const struct survey *found)
{
    for (uint32_t i = 0; i < found->n_marks; i++) {
        const struct survey_mark *m = &found->marks[i];
        csv_put_place(csv->out, &csv->s->run, x->cell, x->subject);
        fprintf(csv->out, "%s,%" PRIu32 ",%s", trial_status_name(x->result.status), i,
                survey_mark_kind_name((enum survey_mark_kind)m->kind));
        csv_put_known(csv->out, m->kind == SURVEY_PHASE ? m->phase : SURVEY_UNKNOWN);
        for (const struct store_number *n = store_mark_numbers; n->name; n++)
            csv_put_known(csv->out, store_mark_number_of(m, n));
        fputc('\n', csv->out);
    }
}

int report_marks_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct survey_csv c = {.csv = {.out = out, .store = store, .s = s}, .put = put_marks};
    fputs("run,workload,threads,subject,status,mark,kind,phase", out);
    for (const struct store_number *n = store_mark_numbers; n->name; n++)
        fprintf(out, ",%s", n->name);
    fputc('\n', out);
    int result = store_each_survey(store, s->run.id, put_survey, &c, err);
    return result < 0 ? result : report_finish(out, err);
}

static void put_latencies(const struct csv *csv, const struct store_survey *x,
                          const struct survey *found)
{
    for (uint32_t i = 0; i < found->n_latencies; i++) {
        const struct survey_latency *l = &found->latencies[i];
        csv_put_place(csv->out, &csv->s->run, x->cell, x->subject);
        fprintf(csv->out, "%s,%s,%" PRIu32, trial_status_name(x->result.status),
                latency_kind_name((enum latency_kind)l->kind), l->size_class);
        csv_put_known(csv->out, latency_class_bytes(l->size_class)); /* the last has no end */
        fprintf(csv->out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu64, l->is_remote, l->has_faulted, l->n);
        csv_put_known(csv->out, found->clock_ns);
        csv_put_known(csv->out, l->min_ns);
        for (const struct report_quantile *q = report_quantiles; q->name; q++)
            csv_put_known(csv->out, report_latency_quantile(l, q));
        csv_put_known(csv->out, l->max_ns);
        fputc('\n', csv->out);
    }
}

int report_latency_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct survey_csv c = {.csv = {.out = out, .store = store, .s = s}, .put = put_latencies};
    fputs("run,workload,threads,subject,status,call,size_class,size_most_bytes,remote,faulted,"
          "calls,clock_ns,min_ns",
          out);
    for (const struct report_quantile *q = report_quantiles; q->name; q++)
        fprintf(out, ",%s", q->name);
    fputs(",max_ns\n", out);
    int result = store_each_survey(store, s->run.id, put_survey, &c, err);
    return result < 0 ? result : report_finish(out, err);
}
