/* Handing a run to Slurm, and handing in again what of it was lost. */
#pragma once

#include "submission.h"

/*
 * Submits a run of which words, shards and place are given; fills in the rest. `folder` NULL: one in `root`, named by the
 * time. What cannot work is refused before anything is submitted, and leaves no folder behind. Tells on stdout what was done. -EINVAL,
 * -ENOENT ...: nothing is in the queue.
 */
int submit_new(struct submission *s, const char *folder, const char *root,
               struct err *err) MUST_CHECK;

/* Prints the scripts that submit_new() would hand in. Needs no Slurm. */
int submit_dry(struct submission *s, const char *folder, const char *root,
               struct err *err) MUST_CHECK;

/*
 * Submits the shards that are neither there nor in the queue, and a job behind them that merges. `time` is their limit, as
 * sbatch takes it; NULL: as before.
 */
int submit_again(struct submission *s, const char *time, struct err *err) MUST_CHECK;
