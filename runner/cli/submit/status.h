/* How far a submission is: told by the shards that are there, and by what Slurm still knows of the others. */
#pragma once

#include <stdio.h>

#include "shards.h"
#include "submission.h"

enum shard_state {
    SHARD_DONE, /* its file is there and whole */
    SHARD_RUNNING,
    SHARD_WAITING, /* in the queue */
    SHARD_LOST,    /* neither: nothing will bring it but a new submission */
    SHARD_STATES
};

/* "done", "running", "waiting", "lost". */
const char *shard_state_name(enum shard_state state);

struct shard_status {
    enum shard_state state;
    uint32_t
        n_restarts; /* by Slurm, after a node was lost: as it tells, or when it has forgotten, the file */
    uint32_t n_told; /* of them by Slurm */
    int64_t left_s;  /* of Slurm's limit while it runs; -1: none, or not known */
    char node[64];   /* "" where not known */
    char reason[96]; /* Slurm's, of one that waits or was lost */
};

struct status {
    struct shard_status *shards; /* [n_shards], owned */
    uint32_t n_shards, n[SHARD_STATES];
    uint32_t n_retried; /* shards with restarts */
    double shard_s;     /* median duration of those that are done; 0: not known */
    double left_s;      /* until the last is done, estimated from it; negative: not known */
    struct shards_merged merged; /* what merged.db holds */
    bool is_merged;              /* all that are done */
    bool slurm_is_silent;        /* it could not be asked: what is not done counts as lost */
    char silence[512];           /* and what it said */
};

/*
 * Looks. Slurm need not be there any more when all shards are. The caller calls status_release() on success.
 */
int status_look(const struct submission *s, struct status *out, struct err *err) MUST_CHECK;
void status_release(struct status *st);

/* A summary and a line for each shard that is not done. */
void status_print(const struct submission *s, const struct status *st, FILE *out);

/* The same as JSON. */
int status_print_json(const struct submission *s, const struct status *st, FILE *out,
                      struct err *err) MUST_CHECK;
