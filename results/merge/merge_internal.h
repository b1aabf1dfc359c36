/* What the files of the merge share. */
#pragma once

#include "merge.h"

/* Who supplied malloc for a subject: as its first good trial told. */
struct merge_build {
    bool is_known;
    char path[512], build_id[65], version[64];
};

/* A run, of OUT or of a file that is to be added. */
struct merge_run {
    struct store_run run;
    struct merge_build *builds; /* by subject */
    uint8_t *held;              /* by shard; NULL when it is not shared out */
    uint32_t n_held;
    uint64_t n_trials;
    uint64_t least_mhz, most_mhz; /* of the facts; 0: not told */
    int64_t id;                   /* in OUT */
    unsigned group;
};

/* Reads a run with its trials, and what they hold, once: -EINVAL for what cannot be. The caller releases *r. */
int merge_read(struct store *store, int64_t run_id, const volatile sig_atomic_t *stop,
               struct merge_run *r, struct err *err) MUST_CHECK;
void merge_run_release(struct merge_run *r);

enum merge_match {
    MATCH_NONE,
    MATCH_GROUP, /* the same but for the machine, or a build */
    MATCH_RUN,   /* trials of both may stand in one run */
};

/* Whether `b` is a part of the run that `a` is, or is it; *why says what differs, unless nothing does. */
enum merge_match merge_match(const struct merge_run *a, const struct merge_run *b, struct err *why);
