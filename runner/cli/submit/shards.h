/* The files of a run's shards in a folder. */
#pragma once

#include "err.h"

struct shard_found {
    bool is_whole;  /* it is there, readable, and its run is finished */
    double seconds; /* that its run took */
};

/*
 * Fills files[n], by the shards' numbers, from what lies in the folder. A folder that is not there holds none. What is no
 * whole shard of `n` is passed over. A negative errno when the folder cannot be read.
 */
int shards_look(const char *folder, uint32_t n, struct shard_found *files,
                struct err *err) MUST_CHECK;
