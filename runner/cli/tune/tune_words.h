/* The words of `arenabench tune`: what it is told, and what holds where nothing is said. */
#pragma once

#include "tune_config.h"

struct tune_words {
    struct tune_config config;       /* owned: tune_config_release() */
    const char *file, *resume;       /* NULL: not said; resume "": the latest run */
    const char *minimize, *maximize; /* NULL: not said */
    double keep, rss_at_most;        /* NaN: not said */
    bool json;
    bool given; /* anything that a tuning to be resumed has already */
};

/* Fills in *w; its texts are argv's. -EINVAL, -ENOMEM; help and words that argp cannot read end the process. */
int tune_words_parse(struct tune_words *w, int argc, char **argv, struct err *err) MUST_CHECK;

/* Objective and defaults of a tuning that is to begin. -EINVAL for what contradicts itself, or lacks. */
int tune_words_complete(struct tune_words *w, struct err *err) MUST_CHECK;
