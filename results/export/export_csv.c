#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_parts.h"
#include "report_counters.h"
#include "report_text.h"
#include "statistics_block.h"

/* What the machine did not tell is empty. */
static void put_number(FILE *out, const struct store_number *n, uint64_t value)
{
    if (n->is_optional)
        csv_put_known(out, value);
    else
        fprintf(out, ",%" PRIu64, value);
}

/* Nothing for what is no number. */
static void put_measured(FILE *out, double value)
{
    if (isnan(value))
        fputc(',', out);
    else
        fprintf(out, ",%.9g", value);
}

static void put_header(FILE *out)
{
    fputs("run,workload,threads,subject,allocator,setting,block,position,status,signal", out);
    for (int m = 0; m < MEASURES; m++)
        fprintf(out, ",%s", measure_name((enum measure)m));
    for (const struct store_number *n = store_numbers; n->name; n++)
        fprintf(out, ",%s", n->name);
    for (const struct report_counter *c = report_counters; c->name; c++)
        fprintf(out, ",%s", c->name);
    for (const struct store_text *t = store_texts; t->name; t++)
        fprintf(out, ",%s", t->name);
    fputs(",bound_bytes\n", out);
}

static int put_trial(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    const struct csv *csv = context;
    const struct store_run *run = &csv->s->run;
    if (!csv_is_of_run(run, t->place.cell, t->place.subject))
        return 0;
    const struct store_subject *subject = &run->subjects[t->place.subject];
    FILE *out = csv->out;

    csv_put_place(out, run, t->place.cell, t->place.subject);
    csv_put_text(out, subject->allocator);
    fputc(',', out);
    csv_put_text(out, subject->setting);
    fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%s,%d", t->place.block, t->place.position,
            trial_status_name(t->result.status), t->result.signal);
    for (int m = 0; m < MEASURES; m++) {
        double value = measure_of((enum measure)m, &t->result);
        put_measured(out, value > 0 ? value : NAN); /* nothing was measured, which is not 0 */
    }
    for (const struct store_number *n = store_numbers; n->name; n++)
        put_number(out, n, store_number_of(&t->result, n));
    for (const struct report_counter *c = report_counters; c->name; c++)
        put_measured(out, report_per_call(c, &t->result));
    for (const struct store_text *text = store_texts; text->name; text++) {
        fputc(',', out);
        csv_put_text(out, store_text_of(&t->result, text));
    }
    uint64_t bound = run->cells[t->place.cell].bound_bytes;
    csv_put_known(out, bound > 0 ? bound : TRIAL_UNKNOWN);
    fputc('\n', out);
    return 0;
}

int export_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct csv csv = {.out = out, .s = s};
    put_header(out);
    int result = store_each_trial(store, s->run.id, put_trial, &csv, err);
    return result < 0 ? result : report_finish(out, err);
}

static int put_rows(void *context, const struct store_trial *t, struct err *err)
{
    const struct csv *csv = context;
    struct statistic *rows;
    size_t n;
    if (!csv_is_of_run(&csv->s->run, t->place.cell, t->place.subject))
        return 0;
    int result = store_load_statistics(csv->store, t->id, &rows, &n, err);
    for (size_t i = 0; i < n; i++) {
        csv_put_place(csv->out, &csv->s->run, t->place.cell, t->place.subject);
        fprintf(csv->out, "%" PRIu32 ",%s,%s,%" PRIu32 ",%s,%" PRIu64 "\n", t->place.block,
                trial_status_name(t->result.status),
                statistic_kind_name((enum statistic_kind)rows[i].kind), rows[i].arena, rows[i].name,
                rows[i].value);
    }
    free(rows);
    return result;
}

int export_statistics_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct csv csv = {.out = out, .store = store, .s = s};
    fputs("run,workload,threads,subject,block,status,kind,arena,name,value\n", out);
    int result = store_each_trial(store, s->run.id, put_rows, &csv, err);
    return result < 0 ? result : report_finish(out, err);
}
