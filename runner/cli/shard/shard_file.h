/*
 * Where a shard is kept: FOLDER/shard-IofN.db, which is there only when the shard is complete. Until then it is
 * written to a draft beside it, FOLDER/shard-IofN.ATTEMPT.part, whose name no other process in the world has: a task
 * that a scheduler starts twice, or whose lost twin still runs, writes a file of its own, and the first to complete it
 * wins. A complete shard is never replaced. Needs no locks of the file system.
 */
#pragma once

#include <limits.h>

#include "shard.h"
#include "store.h"

struct shard_file {
    char path[PATH_MAX], draft[PATH_MAX];
    char host[65];
    char attempt
        [192]; /* HOST-PID-NANOSECONDS; of a Slurm task JOB_TASK-rRESTARTS- stands before it */
};

/* Finds the names; -EINVAL when they are too long. Touches no file. */
int shard_file_name(struct shard_file *f, const char *folder, const struct shard *shard,
                    struct err *err) MUST_CHECK;

/*
 * Puts the closed draft in its place, on the disk before it gets its name: 0, or -EEXIST when another attempt was first,
 * which is no error: there is no sentence. The draft is gone in either case.
 */
int shard_file_publish(const struct shard_file *f, struct err *err) MUST_CHECK;

/* Of a shard that is not completed. */
void shard_file_discard(const struct shard_file *f);
