/* When a trial counts as hung. Pure; any thread may call. */
#pragma once

#include "plan.h"
#include "run_config.h"

/* Without --limit, so often the limit begins anew while operations are done. */
#define LIMIT_EXTENSIONS 20u

/*
 * Nanoseconds that a worker may take from its start to its end: what the user said, or a bound that
 * no honest trial comes near. `plan` has passed plan_check().
 */
uint64_t limit_of_trial(const struct run_config *config, const struct plan *plan);
