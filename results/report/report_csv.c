#include <inttypes.h>
#include <string.h>

#include "report.h"
#include "report_text.h"

struct csv {
    FILE *out;
    const struct summary *s;
};

/* RFC 4180: what holds a comma, a quote or an end of line stands in quotes, with quotes doubled. */
static void put_text(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

static void put_header(FILE *out)
{
    fputs("run,workload,threads,subject,allocator,setting,block,position,status,signal", out);
    for (int m = 0; m < MEASURES; m++)
        fprintf(out, ",%s", measure_name((enum measure)m));
    for (const struct store_number *n = store_numbers; n->name; n++)
        fprintf(out, ",%s", n->name);
    for (const struct store_text *t = store_texts; t->name; t++)
        fprintf(out, ",%s", t->name);
    fputc('\n', out);
}

static int put_trial(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    const struct csv *csv = context;
    const struct store_run *run = &csv->s->run;
    if (t->place.cell >= run->n_cells || t->place.subject >= run->n_subjects)
        return 0; /* summary_make() refused such a file */
    const struct store_cell *cell = &run->cells[t->place.cell];
    const struct store_subject *subject = &run->subjects[t->place.subject];
    FILE *out = csv->out;

    put_text(out, run->name);
    fputc(',', out);
    put_text(out, cell->workload);
    fprintf(out, ",%" PRIu32 ",", cell->threads);
    put_text(out, subject->name);
    fputc(',', out);
    put_text(out, subject->allocator);
    fputc(',', out);
    put_text(out, subject->setting);
    fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%s,%d", t->place.block, t->place.position,
            trial_status_name(t->result.status), t->result.signal);
    for (int m = 0; m < MEASURES; m++) {
        double value = measure_of((enum measure)m, &t->result);
        if (value > 0)
            fprintf(out, ",%.9g", value);
        else
            fputc(',', out); /* nothing was measured, which is not 0 */
    }
    for (const struct store_number *n = store_numbers; n->name; n++)
        fprintf(out, ",%" PRIu64, store_number_of(&t->result, n));
    for (const struct store_text *text = store_texts; text->name; text++) {
        fputc(',', out);
        put_text(out, store_text_of(&t->result, text));
    }
    fputc('\n', out);
    return 0;
}

int report_csv(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    struct csv csv = {.out = out, .s = s};
    put_header(out);
    int result = store_each_trial(store, s->run.id, put_trial, &csv, err);
    return result < 0 ? result : report_finish(out, err);
}
