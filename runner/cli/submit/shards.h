/* The shards of a run that are there. */
#pragma once

#include "err.h"

struct shard_found {
    bool is_whole;  /* its file is there, can be read, and its run is finished */
    double seconds; /* that it took */
};

/* Fills found[n], by the shards' numbers, from the files in the folder. A negative errno for a path that is too long. */
int shards_look(const char *folder, uint32_t n, struct shard_found *found,
                struct err *err) MUST_CHECK;
