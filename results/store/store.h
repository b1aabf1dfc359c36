/*
 * The store: one SQLite file in which runs are kept. The schema, with units, is in store_schema.h.
 *
 * What a caller may rely on:
 *   whole      a run's beginning, and a trial with its series and statistics, are each written in one transaction:
 *              a process killed at any moment leaves all of one or nothing of it
 *   shared     any number of processes may read and write the same file at once; a writer waits up
 *              to STORE_WAIT_MS for another
 *   untouched  a file that is not ours, or of another version, is refused and not changed
 *
 * A struct store belongs to one thread and does not survive fork(): open after forking. Functions
 * return 0 or a negative errno with a sentence that names the file.
 */
#pragma once

#include "err.h"
#include "trial.h"

#define STORE_WAIT_MS    10000
#define STORE_BLOCKS_MAX 100000u
#define STORE_SHARDS_MAX STORE_BLOCKS_MAX

struct store;

enum store_access {
    STORE_READ,
    STORE_WRITE, /* makes the file, and the folders above it, where they are missing */
    /*
     * Makes a file that is not there yet, for this process alone: no other may open it until it is closed. It has no
     * log and needs no locks, which some file systems of clusters lack; once closed it is one file that can be renamed.
     */
    STORE_NEW,
};

int store_open(const char *path, enum store_access access, struct store **out,
               struct err *err) MUST_CHECK;
void store_close(struct store *s);
const char *store_path(const struct store *s);

struct store_fact {
    const char *key, *value;
};

/*
 * Facts of a run that is a tuning; others have none of them. Its subjects are the baseline with settings: the
 * points of the search, in the order in which they came.
 */
#define FACT_TUNE_KNOBS       "tune_knobs" /* names, ','-separated; the first two made the grid */
#define FACT_TUNE_HURRIED     "tune_hurried_at_block" /* a block's number: then time ran out */
#define FACT_TUNE_CONFIRMED   "tune_confirmed_from_block"
#define FACT_TUNE_RECOMMENDED "tune_recommended_subject" /* an ordinal; the baseline's: leave the default */
#define FACT_TUNE_ANSWER      "tune_answer" /* JSON: what the tuning said when it was last left */

struct store_subject {
    const char *name; /* unique in the run; how tables call it */
    const char *allocator;
    const char *library; /* path; "" when linked in */
    const char *setting; /* "" for the allocator's defaults */
};

struct store_cell {
    const char *workload; /* with its parameters */
    uint32_t threads;
    /* Of the plan: frees, and those by another thread, are of what is repeated, if anything is. */
    uint64_t calls_per_pass, frees, remote_frees, peak_live_bytes;
    uint64_t live_error_bytes; /* see plan_profile.h; TRIAL_LIVE_UNKNOWN: what is live is unknown */
    uint64_t bound_bytes;      /* of an adversary, see workload.h; 0: it is none */
};

/* A part of a run: the blocks b with b mod n_shards == ordinal, all on one machine. */
struct store_shard {
    uint32_t ordinal;
    const char *attempt; /* who did it: unique among all who tried */
    const char *host;
    int64_t started_s, finished_s; /* finished_s 0: not finished */
};

/*
 * A run without its trials. A subject's or cell's ordinal is its index in these arrays. Texts are
 * UTF-8 and never NULL in what is loaded; NULL stands for "" in what is stored.
 */
struct store_run {
    int64_t id;
    const char *name; /* of the start, in UTC: 20261120-231455, or with -2, -3 .. behind it */
    int64_t started_s, finished_s; /* since 1970; finished_s 0: not finished */
    const char *program_version;
    const char *manifest; /* JSON: all that going on with the run needs */
    const char *baseline; /* the name of one of the subjects */
    uint64_t seed;
    uint32_t n_blocks; /* wanted */
    uint32_t n_shards; /* that the run is shared out to; 0: it is not, and has no shards */
    uint32_t n_facts, n_subjects, n_cells, n_held;
    const struct store_fact *facts; /* loaded in the order of their keys */
    const struct store_subject *subjects;
    const struct store_cell *cells;
    const struct store_shard *shards; /* the n_held that are here, by ordinal */
    struct store_memory *memory; /* private: what a loaded run points to; NULL in a caller's own */
};

/* The blocks that are to be here: all, or those of the shards that are. */
uint32_t store_run_blocks(const struct store_run *run);

/* NULL when the run has none of that key. */
const char *store_run_fact(const struct store_run *run, const char *key);

/* Frees what was loaded, and empties the struct. */
void store_run_release(struct store_run *run);

/*
 * Stores a new run whole; id, name, finished_s are ignored. *run_id is what the other functions
 * take.
 */
int store_run_begin(struct store *s, const struct store_run *run, int64_t *run_id,
                    struct err *err) MUST_CHECK;

/* For facts that are known later only; a key that exists gets the new value. */
int store_add_fact(struct store *s, int64_t run_id, const struct store_fact *fact,
                   struct err *err) MUST_CHECK;

/*
 * For subjects that are found while a run goes on; ordinals have no gaps. One that is there already by that ordinal stays,
 * and must have the same name: -EINVAL.
 */
int store_put_subject(struct store *s, int64_t run_id, uint32_t ordinal,
                      const struct store_subject *subject, struct err *err) MUST_CHECK;

/* The run, and the shards of it that are not finished yet. */
int store_run_finish(struct store *s, int64_t run_id, int64_t finished_s,
                     struct err *err) MUST_CHECK;

/* "" or NULL is the latest run; else a name or an id. An unknown one lists the newest. -ENOENT. */
int store_find_run(struct store *s, const char *which, int64_t *run_id, struct err *err) MUST_CHECK;

/* The caller releases *run, on failure too. */
int store_load_run(struct store *s, int64_t run_id, struct store_run *run,
                   struct err *err) MUST_CHECK;

struct store_run_line {
    int64_t id;
    const char *name, *baseline;
    int64_t started_s, finished_s; /* finished_s 0: not finished */
    uint32_t n_blocks, n_subjects, n_cells;
    uint32_t n_shards, n_held;   /* as in struct store_run */
    uint64_t n_trials, n_failed; /* stored; of them not ok */
};

/*
 * What a callback gets lives until it returns. A negative result ends the walk and is its result.
 */
typedef int store_run_fn(void *context, const struct store_run_line *line, struct err *err);

/* Newest first. */
int store_list_runs(struct store *s, store_run_fn *each, void *context, struct err *err) MUST_CHECK;

/* Where a trial stands in its run. */
struct store_place {
    uint32_t cell, subject; /* ordinals */
    uint32_t block;         /* from 0 */
    uint32_t position;      /* in the order in which the block was executed */
};

/*
 * Stores a trial that has ended, whatever its status, with its series and statistics. -EEXIST when this cell,
 * subject and block are there already (another runner works on the same run); -EINVAL for
 * TRIAL_INTERRUPTED, which is no result.
 */
int store_add_trial(struct store *s, int64_t run_id, const struct store_place *place,
                    const struct trial_result *result, struct err *err) MUST_CHECK;

typedef int store_place_fn(void *context, const struct store_place *place, struct err *err);

/* The trials that need not be executed again. */
int store_done_trials(struct store *s, int64_t run_id, store_place_fn *each, void *context,
                      struct err *err) MUST_CHECK;

struct store_trial {
    int64_t id;
    struct store_place place;
    struct trial_result result; /* without samples and statistics */
};

typedef int store_trial_fn(void *context, const struct store_trial *trial, struct err *err);

/* By block and position. */
int store_each_trial(struct store *s, int64_t run_id, store_trial_fn *each, void *context,
                     struct err *err) MUST_CHECK;

/* *samples is the caller's to free; NULL and 0 for a trial without a series. */
int store_load_series(struct store *s, int64_t trial_id, struct trial_sample **samples,
                      size_t *n_samples, struct err *err) MUST_CHECK;

/*
 * What the allocator told, in its order; *rows is the caller's to free, NULL and 0 where it told
 * nothing. -EINVAL for what no worker can have told.
 */
int store_load_statistics(struct store *s, int64_t trial_id, struct statistic **rows,
                          size_t *n_rows, struct err *err) MUST_CHECK;

/*
 * The fields of struct trial_result that are numbers, and those that are texts, with their names in
 * the store; ends with a row without a name. Reports name their columns from these.
 */
struct store_number {
    const char *name;
    size_t offset;    /* of a uint64_t */
    bool is_optional; /* TRIAL_UNKNOWN where the machine does not tell it; NULL in the store */
};

struct store_text {
    const char *name;
    size_t offset, n_bytes; /* of a char array */
};

extern const struct store_number store_numbers[];
extern const struct store_text store_texts[];

static inline uint64_t store_number_of(const struct trial_result *r, const struct store_number *n)
{
    return *(const uint64_t *)((const char *)r + n->offset);
}

static inline const char *store_text_of(const struct trial_result *r, const struct store_text *t)
{
    return (const char *)r + t->offset;
}
