/* One trial of a search; and where single calls are to be timed, a look at these right behind it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cell_trial.h"
#include "columns.h"
#include "report.h"
#include "survey_host.h"
#include "text.h"
#include "tuning.h"

/* All timed calls of a survey as one histogram. */
static void merge(const struct survey *s, struct survey_latency *out)
{
    *out = (struct survey_latency){.min_ns = UINT64_MAX};
    for (uint32_t i = 0; i < s->n_latencies; i++) {
        const struct survey_latency *l = &s->latencies[i];
        out->n += l->n;
        out->min_ns = l->min_ns < out->min_ns ? l->min_ns : out->min_ns;
        out->max_ns = l->max_ns > out->max_ns ? l->max_ns : out->max_ns;
        for (unsigned k = 0; k < LATENCY_BUCKETS; k++)
            out->counts[k] += l->counts[k];
    }
}

/* 0 where none was timed. */
static uint64_t p99_of(const struct survey *s)
{
    static struct survey_latency all;
    const struct report_quantile *q = report_quantiles;
    merge(s, &all);
    while (q->name && strcmp(q->name, "p99_ns") != 0)
        q++;
    return all.n > 0 && q->name ? report_latency_quantile(&all, q) : 0;
}

/*
 * A survey whose tail is not waited for: calls are timed up to the end of the plan. It is kept with the trial as a
 * statistic, so that both are stored in one piece.
 */
static void look_at_calls(struct tuning *t, const struct subject *s,
                          volatile sig_atomic_t *abandoned, struct trial_result *result)
{
    struct campaign *c = &t->campaign;
    const struct cell_trial how = {&t->config->run, c->places, c->topology, abandoned};
    struct trial_result of_survey;
    struct survey survey;
    struct statistic *rows =
        reallocarray(result->statistics, result->n_statistics + 1, sizeof(*rows));
    struct survey_flight *flight =
        rows ? cell_survey_begin(&how, &c->cells[0], s, &c->placements[0]) : NULL;
    result->statistics = rows ? rows : result->statistics;
    if (!flight)
        return;
    sig_atomic_t before = *abandoned;
    *abandoned = 1;
    host_survey_end(flight, &of_survey, &survey);
    *abandoned = before;
    struct statistic row = {.name = TUNING_P99, .kind = STATISTIC_PROCESS};
    row.value = p99_of(&survey);
    if (row.value > 0)
        result->statistics[result->n_statistics++] = row;
    trial_result_release(&of_survey);
    survey_release(&survey);
}

enum { UNPROVED_MOST = 64 }; /* rows that have a bit */

void tuning_note_unproved(struct tuning *t, unsigned point, const struct trial_result *result)
{
    const struct setting *rows = t->campaign.subjects[0].allocator->settings;
    for (size_t i = 0; i < result->n_statistics; i++)
        for (unsigned k = 0; rows && rows[k].name && k < UNPROVED_MOST; k++)
            if (result->statistics[i].kind == STATISTIC_UNPROVED &&
                strcmp(result->statistics[i].name, rows[k].name) == 0)
                t->unproved[point] |= UINT64_C(1) << k;
}

const char *tuning_unproved(const struct tuning *t, unsigned point, unsigned i)
{
    for (unsigned k = 0; k < UNPROVED_MOST; k++)
        if (t->unproved[point] >> k & 1 && i-- == 0)
            return t->campaign.subjects[0].allocator->settings[k].name;
    return NULL;
}

void tuning_trial(struct tuning *t, const struct subject *s, bool looks,
                  volatile sig_atomic_t *interrupted, struct trial_result *result)
{
    struct campaign *c = &t->campaign;
    const struct cell_trial how = {&t->config->run, c->places, c->topology, interrupted};
    cell_trial_execute(&how, &c->cells[0], s, &c->placements[0], result);
    if (result->status != TRIAL_OK || !looks)
        return;
    look_at_calls(t, s, interrupted, result);
    if (*interrupted)
        result->status = TRIAL_INTERRUPTED; /* what was timed is not of the whole plan */
}
