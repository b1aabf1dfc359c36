/* The shards of a run that are there. */
#pragma once

#include "err.h"

#define SHARD_HOST_BYTES 65

struct shard_found {
    bool is_whole;               /* its file is there, can be read, and its run is finished */
    double seconds;              /* that it took */
    uint32_t n_restarts;         /* by Slurm, of the task that did it */
    char host[SHARD_HOST_BYTES]; /* that did it */
};

/* Fills found[n], by the shards' numbers, from the files in the folder. A negative errno for a path that is too long. */
int shards_look(const char *folder, uint32_t n, struct shard_found *found,
                struct err *err) MUST_CHECK;

struct shards_merged {
    uint32_t n_shards; /* of the n, that the file holds */
    uint32_t n_runs;   /* in which they are */
};

/* What a file of runs holds of a run's n shards: nothing where it cannot be read. */
struct shards_merged shards_look_merged(const char *file, uint32_t n);
