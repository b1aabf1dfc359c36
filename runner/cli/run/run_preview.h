/* `run --dry-run`: what a run would measure, and what it needs, without measuring. */
#pragma once

#include "campaign.h"

/*
 * On stdout: the number of trials, the cells with their plans' sizes, the libraries that are loaded. `c` is prepared. As JSON: n_blocks,
 * n_trials, live_bytes_most (greatest live set of a cell), threads_most (of -t) and threads_follow_cpus (whether it names CPUs), subjects[], cells[], files[] (libraries and recordings of the user's,
 * real paths). 0 or -ENOMEM.
 */
int run_preview(const struct campaign *c, bool as_json, struct err *err) MUST_CHECK;
