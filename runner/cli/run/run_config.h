/*
 * What a run is to do, as the user said it, with every default filled in. Kept in the store as the
 * run's manifest (JSON), so that a run that was cut off can go on exactly as it began. Lists stay
 * texts here; the campaign reads them.
 */
#pragma once

#include "control.h"
#include "placement.h"
#include "recorded.h"
#include "shard.h"

struct run_config {
    char *allocators; /* subjects, ','-separated; owned, as all texts here */
    char *workloads;  /* words, ','-separated */
    char *threads;    /* counts, ','-separated */
    char *cores;      /* CPU list; "" for all that are allowed */
    char *baseline;   /* a subject's name */
    char *suite;      /* the sets that it was put together from; NULL: none is known */
    char *
        classes; /* size classes that plans were aimed at (size_classes.h); NULL: none asked for one */
    uint32_t blocks;
    double seconds;   /* a trial repeats its workload for so long */
    uint32_t warm_up; /* passes of synthetic workloads before the clock */
    double budget_s;  /* measured time of a slow subject in a cell; 0: without bound */
    double limit_s;   /* a trial that takes longer is a hang; 0: chosen by the length of the plan */
    uint64_t seed;
    bool survey;     /* the second pass: see campaign_survey.h */
    bool survey_all; /* and what takes long in it */
    struct shard
        shard; /* not kept here: the store has it beside the manifest, which is the same in all shards */
    enum touch touch;
    enum pin_policy pin;
    struct recorded_spec recorded; /* of words that say nothing; not kept: `workloads` says it, once
                                      they were read */
};

/* The key that marks the manifest of a tuning, which is another kind of run. */
#define RUN_CONFIG_TUNE "tune"

#define RUN_BLOCKS_MAX  10000u
#define RUN_SECONDS_MAX 86400.0
#define RUN_WARM_UP_MAX 1000u

/* Sets a text, freeing the old one. 0 or -ENOMEM. */
int run_config_set(char **text, const char *value);

/* The manifest: a text that the caller frees; NULL when out of memory. */
char *run_config_to_json(const struct run_config *c);

/* Reads a manifest into *c, which must be zero and is to be released. 0 or -EINVAL. */
int run_config_from_json(struct run_config *c, const char *json, struct err *err) MUST_CHECK;

/* Frees the texts. */
void run_config_release(struct run_config *c);

/* "none", "first", "line", "page", "all"; parse is -EINVAL for other words. */
const char *touch_name(enum touch touch);
int touch_parse(const char *word, enum touch *out, struct err *err) MUST_CHECK;
