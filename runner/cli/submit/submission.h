/*
 * A submission: a folder that holds all of it, so that whoever reads the folder needs nothing else.
 *
 *      FOLDER/submission.json   what was asked for, and the numbers of the jobs
 *             shards.sh         the array's batch script, merge.sh that of the job behind it
 *             log/              what the tasks printed
 *             shards/           a results file for each shard that is complete
 *             merged.db         all of them in one
 */
#pragma once

#include <limits.h>

#include "slurm.h"

#define SUBMISSION_SHARDS_MAX 100000u
#define SUBMISSION_JOBS_MAX   64u
#define SUBMISSION_WORDS_MAX  256u

struct submission {
    char folder[PATH_MAX];    /* absolute */
    char directory[PATH_MAX]; /* in which it was submitted: relative paths in the words mean it */
    char program[PATH_MAX];   /* the command as nodes are to call it, absolute */
    uint32_t n_shards;
    uint32_t at_most;      /* shards that run at once; 0: as many as there are nodes */
    uint32_t cpus;         /* that a node has to have at least; 0: any */
    uint64_t memory_bytes; /* likewise, free when a shard begins; 0: any */
    char *partition, *constraint, *time, *account; /* NULL: not given; owned, as all texts here */
    char **options;                                /* more of sbatch's own, whole words */
    size_t n_options;
    char **words; /* behind `arenabench run` */
    size_t n_words;
    char **files; /* that every node must be able to read */
    size_t n_files;
    char jobs[SUBMISSION_JOBS_MAX][SLURM_ID_BYTES];   /* the arrays, oldest first */
    char merges[SUBMISSION_JOBS_MAX][SLURM_ID_BYTES]; /* and the job behind each */
    size_t n_jobs;
};

/* Adds a copy of the word. 0 or -ENOMEM. */
int submission_add(char ***list, size_t *n, const char *word, struct err *err) MUST_CHECK;

void submission_release_list(char **list, size_t n);

/* A path in its folder. */
void submission_path(const struct submission *s, const char *name, char out[PATH_MAX]);

/* Writes submission.json, whole or not at all. */
int submission_write(const struct submission *s, struct err *err) MUST_CHECK;

/*
 * Reads it. `which` is a folder, or the number of a job of a submission whose folder lies in `root`. *s is to be released
 * on failure too. -ENOENT, -EINVAL.
 */
int submission_read(const char *which, const char *root, struct submission *s,
                    struct err *err) MUST_CHECK;

void submission_release(struct submission *s);
