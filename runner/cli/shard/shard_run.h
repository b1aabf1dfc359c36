/*
 * `arenabench run --shard I/N -o FOLDER`: executes one shard of a run and leaves it, complete, as FOLDER/shard-IofN.db.
 *
 * For who distributes shards (a batch script, GNU parallel): every shard is started with the same words but for I,
 * on any machine, in any order, as often as one likes.
 *   status 0    the shard is there, complete: now, or because it was before, which is told. Trials that failed are
 *               results, and told; they do not change the status
 *   status 2    it cannot be: wrong words, or FOLDER holds this shard of another run. Trying again does not help
 *   status 130  by SIGINT or SIGTERM: nothing is left behind, start it again
 * Killed in another way it leaves a draft, FOLDER/shard-*.part, which nobody reads: remove it when no attempt runs. The file says
 * who did it: table `shard`, columns attempt (see shard_file.h) and host.
 */
#pragma once

#include "places.h"
#include "run_config.h"

/* An exit status or a negative errno. Tells on stderr how it ended. */
int shard_run(struct run_config *config, const struct places *places, const char *folder,
              struct err *err) MUST_CHECK;
