/* What a trial tells a search. Pure but for its memory; any thread. */
#pragma once

#include "cell.h"
#include "trial.h"
#include "tune_config.h"

/* *failure is the sentence that *out points to when the trial failed, the caller's to free; NULL else. */
int tune_figures_take(const struct tune_config *config, const struct cell *cell,
                      const struct trial_result *result, struct tune_outcome *out, char **failure,
                      struct err *err) MUST_CHECK;
