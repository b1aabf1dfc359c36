/*
 * Shards and runs of several files and machines, joined into one file of runs.
 *
 * A run that is shared out becomes one run per type of machine and build of the allocators: trials that a machine of another
 * type made never come into the same interval. Blocks keep their numbers, which are those of the whole run. A shard
 * counts once, whoever did it: the first that is given, complete. Other runs stay as they are, each once.
 *
 * The file OUT, where it is there, is the first that is read; what comes out is a new file, which takes its
 * place at the end or not at all. One thread.
 */
#pragma once

#include <signal.h>

#include "store.h"

struct merge;

/*
 * Begins, and reads what OUT holds. -EINVAL where OUT is no file of runs, or is a shard; -EBUSY while another process uses
 * it. *stop, where it becomes not 0, ends the functions with -ECANCELED.
 */
int merge_open(const char *out, const volatile sig_atomic_t *stop, struct merge **m,
               struct err *err) MUST_CHECK;

/* What became of a file. */
struct merge_added {
    unsigned n_new,
        n_known;       /* shards, and runs that are not shared out: added, and there already */
    uint64_t n_trials; /* new */
    bool is_left_out;  /* the file, or a part of it; `why` says it */
    bool
        is_apart; /* it is a shard, and became a run of its own beside other shared-out ones; `why` says it */
    char why[ERR_BYTES];
};

/* A negative errno only where nothing can come of the merge any more: of a file that is bad, *added tells. */
int merge_add(struct merge *m, const char *path, struct merge_added *added,
              struct err *err) MUST_CHECK;

/* A run of OUT that is shared out. */
struct merge_line {
    const struct store_run *run; /* as it began: without the shards that came later */
    const uint8_t *held;         /* by shard: 1 where it is here */
    uint32_t n_held;
    uint64_t n_trials;
    unsigned group; /* runs of the same group are the same but for the machine */
};

typedef int merge_line_fn(void *context, const struct merge_line *line, struct err *err);

/* Group by group. */
int merge_each(struct merge *m, merge_line_fn *each, void *context, struct err *err) MUST_CHECK;

/* Puts the new file in the place of OUT, on the disk. */
int merge_publish(struct merge *m, struct err *err) MUST_CHECK;

/* Without merge_publish() before, OUT is as it was. NULL is nothing. */
void merge_close(struct merge *m);
