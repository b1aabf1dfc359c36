/*
 * What a tuning is to do, with every default filled in: the manifest of its run, from which it can go on.
 */
#pragma once

#include "run_config.h"
#include "tune.h"

struct tune_config {
    struct run_config run; /* allocators, workloads: one each; threads: one count */
    char *knobs;           /* names, ','-separated, in the order of the search; owned */
    struct tune_objective objective;
    double budget_s;
    double trial_s,
        overhead_s; /* measured: a trial of the default, and what of it is not its clock */
};

/* Then single calls are timed with every trial. */
static inline bool tuning_goal_is_tail(const struct tune_config *c)
{
    return c->objective.goal == TUNE_P99;
}

/* A text that the caller frees; NULL when out of memory. */
char *tune_config_to_json(const struct tune_config *c);

/* Reads a manifest into *c, which must be zero and is to be released. 0 or -EINVAL: also for a run that is no tuning. */
int tune_config_from_json(struct tune_config *c, const char *json, struct err *err) MUST_CHECK;

void tune_config_release(struct tune_config *c);
