/* What the environment says to Slurm's commands, made a part of the submission, or kept from them. */
#pragma once

#include "submission.h"

/*
 * Variables hold more than what stands in a batch script, and inside a job (an interactive one, say) they are about that job:
 * a submission would go elsewhere than it says, and differently the next time. Takes where to run (SBATCH_PARTITION and
 * the like) into `s`, where that does not say it itself, and unsets all that Slurm's commands read but for what says how to reach it.
 * `s` is NULL where nothing is to be taken. -EINVAL for a value that cannot stand in a script. Before there are threads.
 */
int surroundings_take(struct submission *s, struct err *err) MUST_CHECK;
