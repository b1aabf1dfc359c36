/*
 * Runs copied from one file of runs into another, row by row, with all that hangs on them. What is copied is what
 * SQLite reads; whether it makes sense is to be asked before, with store_each_trial() and its like.
 */
#pragma once

#include <signal.h>

#include "store.h"

/*
 * For a file made with STORE_NEW that is thrown away when making it does not succeed: nothing waits for the disk. The
 * caller syncs the file after it was closed.
 */
int store_hurry(struct store *s, struct err *err) MUST_CHECK;

struct store_copy {
    struct store *from, *to;
    const struct store_run *run;       /* loaded of `from` */
    const volatile sig_atomic_t *stop; /* not 0: ends with -ECANCELED; may be NULL */
    const uint8_t *held;               /* by shard of the run: 1 to leave it out; NULL for none */
    uint64_t n_trials, n_surveys;      /* that were new; set by store_copy_run() */
    bool is_source_bad;                /* on failure: it is `from` that could not be read */
};

/*
 * Copies a run in one transaction. With *to_run 0 as a new one, which keeps its name where that is free; else into that
 * run, whose subjects and cells must be the same: facts whose keys are not there, shards, and the trials and surveys
 * whose places are free. Of a shard that is left out neither it nor its trials and surveys come along. *to_run is set.
 */
int store_copy_run(struct store_copy *c, int64_t *to_run, struct err *err) MUST_CHECK;
