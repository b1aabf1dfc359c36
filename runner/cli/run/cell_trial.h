/* One trial of a cell with a subject, as the user's options have it. One at a time in a process. */
#pragma once

#include "cell.h"
#include "run_config.h"
#include "subject.h"
#include "survey_host.h"
#include "trial_host.h"

/* What all trials of a run have in common. */
struct cell_trial {
    const struct run_config *config;
    const struct places *places;
    const struct topology *topology;
    const volatile sig_atomic_t *interrupted;
};

/* Fills *result, which the caller releases with trial_result_release(). */
void cell_trial_execute(const struct cell_trial *t, const struct cell *cell,
                        const struct subject *subject, const struct placement *placement,
                        struct trial_result *result);

#define SURVEY_LIMIT \
    4u /* times the limit of a trial: the observed loop is slower, and marks take time */

/*
 * One survey likewise, as host_survey_begin() has it: NULL when out of memory. All that `t` points to, the cell,
 * the subject and the placement live until it ends.
 */
struct survey_flight *cell_survey_begin(const struct cell_trial *t, const struct cell *cell,
                                        const struct subject *subject,
                                        const struct placement *placement);
