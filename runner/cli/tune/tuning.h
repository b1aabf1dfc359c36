/*
 * A tuning under way: a search (results/tune) whose points are executed as trials and stored as a run. A point is a
 * subject of the run: the allocator with its settings; the default is the baseline.
 */
#pragma once

#include <signal.h>

#include "campaign.h"
#include "knob.h"
#include "tune_config.h"

/* A stored trial of a tuning that goes on. */
struct tuning_told {
    uint32_t subject, block;
    struct tune_outcome outcome;
    char *failure; /* owned; outcome.failure points here */
};

struct tuning {
    struct tune_config *config;
    struct campaign campaign; /* one cell, one subject: the default; its ledger knows who that is */
    const struct setting *knobs[TUNE_KNOBS_MAX];
    unsigned n_knobs;
    struct tune_space space;
    struct tune *tune;
    struct subject *subjects; /* by point; made as they come */
    unsigned n_subjects;
    struct tuning_told *told; /* by block, and in it by position */
    size_t n_told;
    unsigned
        hurried_at; /* block at which a search before this one ran out of time; UINT_MAX: none did */
    unsigned n_blocks;           /* begun or replayed */
    uint64_t n_trials, n_failed; /* stored in all */
    /* Bit i: the allocator's setting of row i was taken there, and could not be proved. */
    uint64_t unproved[TUNE_POINTS_MAX];
    bool interrupted;
};

/*
 * Finds the allocator, the workload and the knobs. config->knobs "" is all that the allocator has; it is filled
 * in. -EINVAL with near names. The caller calls tuning_release() in any case.
 */
int tuning_prepare(struct tuning *t, struct tune_config *config, const struct places *places,
                   struct err *err) MUST_CHECK;

/*
 * Executes the default twice, and notes in the configuration how long a trial of it takes. *failure is a sentence, the
 * caller's to free, when it did not end well; NULL else. -EINVAL: the budget is too small, which is said as soon as it
 * is known: a trial is cut off when it takes twice what the budget bears (the first finds cold files).
 */
int tuning_calibrate(struct tuning *t, char **failure, struct err *err) MUST_CHECK;

/* Makes the search. -EINVAL: a budget that is too small, in minutes. */
int tuning_plan(struct tuning *t, struct err *err) MUST_CHECK;

/* Stores a new run. */
int tuning_begin(struct tuning *t, struct store *store, struct err *err) MUST_CHECK;

/* Goes on with a stored one, of the same configuration and machine. */
int tuning_resume(struct tuning *t, struct store *store, const struct store_run *run,
                  struct err *err) MUST_CHECK;

/*
 * Searches to the end, or until SIGINT or SIGTERM. 0, or a negative errno when the store failed or the default
 * itself does.
 */
int tuning_execute(struct tuning *t, struct err *err) MUST_CHECK;

void tuning_release(struct tuning *t);

/* A statistic of trials whose single calls were timed; the bench's, not the allocator's. */
#define TUNING_P99 "bench_p99_ns"

/* Executes one; `looks`: and times its calls in another execution. */
void tuning_trial(struct tuning *t, const struct subject *s, bool looks,
                  volatile sig_atomic_t *interrupted, struct trial_result *result);

/* Notes what a trial of a point could not prove: knobs, and what the user fixed. */
void tuning_note_unproved(struct tuning *t, unsigned point, const struct trial_result *result);

/* The name of the i-th such setting, from 0 on; NULL: there are no more. */
const char *tuning_unproved(const struct tuning *t, unsigned point, unsigned i);

/* The subject of a point, made where it is not there yet. */
int tuning_subject(struct tuning *t, unsigned point, const struct subject **out,
                   struct err *err) MUST_CHECK;

/* As the store wants it; the texts are the subject's. */
struct store_subject tuning_describe(const struct subject *s);

/* The level of a knob in a point as people write it: "512K", or "-" where it is unset. */
void tuning_level(const struct tuning *t, const struct tune_point *p, unsigned knob,
                  char out[SETTING_VALUE_BYTES]);

/* "mmap_threshold=1M trim_threshold=4M"; "the default" where nothing is set. Returns its length. */
size_t tuning_words(const struct tuning *t, const struct tune_point *p, char *out, size_t n);
