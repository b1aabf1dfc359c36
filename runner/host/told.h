/* What the allocator of a worker told of itself at the end: taken over as hostile input. */
#pragma once

#include "trial_host.h"
#include "worker_process.h"

/*
 * The worker is gone. Fills in statistics, n_statistics and statistics_lost of *result. 0; -EINVAL
 * with the row that breaks a rule, nothing being taken then; or -ENOMEM.
 */
int told_take(const struct worker_process *w, struct trial_result *result,
              struct err *err) MUST_CHECK;
