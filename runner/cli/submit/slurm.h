/*
 * What is asked of Slurm, through its commands: they are the interface that stays the same between its versions.
 * A refusal is told in Slurm's own words. Any thread.
 */
#pragma once

#include "err.h"

#define SLURM_ID_BYTES 32

struct slurm_site {
    uint32_t array_max;       /* tasks of one array, at most: MaxArraySize */
    uint64_t most_node_bytes; /* of the partition's (or all) nodes, the most memory; 0: not known */
    uint32_t least_node_cpus, most_node_cpus; /* likewise; 0: not known */
};

/* `partition` is NULL for all. -ENOENT: there is no Slurm here; -EIO: it does not answer. */
int slurm_look(const char *partition, struct slurm_site *out, struct err *err) MUST_CHECK;

/*
 * Hands a batch script in; `words` (NULL-terminated) are options that stand before those in the script. *id is the number
 * of the job. -EINVAL with what Slurm said.
 */
int slurm_submit(const char *script, const char *const *words, char id[SLURM_ID_BYTES],
                 struct err *err) MUST_CHECK;

/* The path of a job's batch script, while Slurm knows the job. -ENOENT: it does not; -EIO: it does not answer. */
int slurm_script_of(const char *id, char *out, size_t n, struct err *err) MUST_CHECK;

/* Takes a job out of the queue that is not wanted after all; what Slurm says of it is ignored. */
void slurm_cancel(const char *id);

/*
 * Whether a node of the kind can read the files, by a short job that looks. `words` are options of srun's that
 * choose the node. 1: yes; 0: no node was free to look, with why in err; -ENOENT with the node and the first
 * file that it cannot read.
 */
int slurm_can_read(char *const *words, size_t n_words, char *const *files, size_t n_files,
                   struct err *err) MUST_CHECK;

struct slurm_task {
    uint32_t index;    /* in the array */
    const char *state; /* as Slurm names it: PENDING, RUNNING, NODE_FAIL ... */
    const char *node;  /* "" when it has none */
    const char *reason;
    uint32_t n_restarts;
    int64_t left_s; /* of its time limit; -1: no limit, or not known */
    bool is_alive;  /* it runs, or will without anybody's doing */
};

typedef void slurm_task_fn(void *context, const struct slurm_task *task);

/*
 * All tasks of an array that Slurm still knows; the texts live until the callback returns. One that it has forgotten, some minutes
 * after its end, has none.
 */
int slurm_tasks(const char *id, slurm_task_fn *each, void *context, struct err *err) MUST_CHECK;
