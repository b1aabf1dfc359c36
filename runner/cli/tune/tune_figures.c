#include "tune_figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fragmentation.h"
#include "limit.h"
#include "summary.h"
#include "tuning.h"

/* Mean residency and memory cost, from the series. */
static int take_series(const struct cell *cell, const struct trial_result *r, double *figures,
                       struct err *err)
{
    size_t n = r->n_samples;
    double *columns = malloc((3 * n + 1) * sizeof(*columns));
    if (!columns)
        return err_set(err, ENOMEM, "no memory for a series of %zu samples", n);
    for (size_t i = 0; i < n; i++) {
        const struct trial_sample *s = &r->samples[i];
        columns[i] = (double)s->t_ns * 1e-9;
        columns[n + i] = s->live_bytes == TRIAL_LIVE_UNKNOWN ? NAN : (double)s->live_bytes;
        columns[2 * n + i] = (double)s->rss_bytes;
    }
    const struct fragmentation_series series = {
        .t = columns, .live = columns + n, .resident = columns + 2 * n, .n = n};
    figures[TUNE_MEAN_RSS] = fragmentation_mean(series.t, series.resident, n);
    if (cell->profile.threads)
        figures[TUNE_COST] = fragmentation_memory_cost(&series);
    free(columns);
    return 0;
}

/* Whether its calls were timed in a second execution, which trial_s does not know of. */
static bool was_looked_at(const struct tune_config *c, const struct trial_result *r)
{
    for (size_t i = 0; i < r->n_statistics && !tuning_goal_is_tail(c); i++)
        if (strcmp(r->statistics[i].name, TUNING_P99) == 0)
            return true;
    return false;
}

/* A hang takes what it was given; what ended early, no less than its start. */
static double weight_of(const struct tune_config *c, const struct cell *cell,
                        const struct trial_result *r)
{
    double seconds = (double)r->wall_ns * 1e-9 + c->overhead_s;
    if (r->status == TRIAL_HUNG)
        seconds = (double)limit_of_trial(&c->run, cell->plan) * 1e-9;
    return seconds / c->trial_s * (was_looked_at(c, r) ? 2 : 1);
}

int tune_figures_take(const struct tune_config *config, const struct cell *cell,
                      const struct trial_result *r, struct tune_outcome *out, char **failure,
                      struct err *err)
{
    *failure = NULL;
    *out = (struct tune_outcome){.weight = weight_of(config, cell, r)};
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        out->figures[m] = NAN;
    if (r->status != TRIAL_OK) {
        if (asprintf(failure, "%s%s%s", trial_status_name(r->status), r->message[0] ? ": " : "",
                     r->message) < 0)
            return err_set(err, ENOMEM, "out of memory");
        out->failure = *failure;
        return 0;
    }
    out->figures[TUNE_THROUGHPUT] = measure_of(MEASURE_THROUGHPUT, r);
    out->figures[TUNE_PEAK_RSS] = measure_of(MEASURE_PEAK_RSS, r);
    if (r->calls > 0)
        out->figures[TUNE_FAULTS] = (double)(r->minor_faults + r->major_faults) / (double)r->calls;
    for (size_t i = 0; i < r->n_statistics; i++)
        if (strcmp(r->statistics[i].name, TUNING_P99) == 0)
            out->figures[TUNE_P99] = (double)r->statistics[i].value;
    out->figures[TUNE_MAPPINGS] = (double)r->n_mappings;
    return r->n_samples > 0 ? take_series(cell, r, out->figures, err) : 0;
}
