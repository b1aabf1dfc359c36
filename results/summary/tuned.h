/*
 * What a stored tuning is made of: its knobs with the levels that were tried, and at which of them each subject
 * stands. Which numbers are of the search and which of its confirmation the summary knows.
 */
#pragma once

#include "summary.h"

#define TUNED_KNOBS_MAX  16u
#define TUNED_LEVELS_MAX 24u

struct tuned_level {
    char text[32]; /* "128K"; "" is unset */
    double value;  /* "unset" before all numbers; NaN: a word */
};

struct tuned_knob {
    char name[64];
    struct tuned_level
        levels[TUNED_LEVELS_MAX]; /* unset first, numbers ascend, words as they came */
    unsigned n_levels;            /* 1 or more */
};

struct tuned_point {
    bool is_known; /* it is the baseline with settings of knobs, and nothing else */
    unsigned n_set, n_set_off_grid; /* knobs; those of them that are not of the grid */
    uint8_t level[TUNED_KNOBS_MAX];
};

struct tuned {
    struct tuned_knob knobs[TUNED_KNOBS_MAX]; /* as searched: the grid's one or two first */
    unsigned n_knobs, n_grid;
    struct tuned_point *points; /* by subject; owned */
    bool has_recommended; /* a point other than the default; else leave it, or no answer yet */
    uint32_t recommended;
};

bool tuned_is(const struct store_run *run);

/* The caller calls tuned_release() in any case. -EINVAL: the run is no tuning, or damaged; -ENOMEM. */
int tuned_read(const struct summary *s, struct tuned *out, struct err *err) MUST_CHECK;
void tuned_release(struct tuned *t);

/* Of a subject to the default, whose own is 1 and rests on enough blocks for anything. */
const struct interval *tuned_ratio(const struct summary *s, uint32_t subject, enum measure m);

/* Whether the ratios of a point rest on so few blocks that they bear no claim. */
bool tuned_is_uncertain(const struct summary *s, uint32_t subject);

/*
 * The front: of the points with two blocks or more and no failed trial, and the default, those that no other is at least as
 * fast and as lean as, and better in one of the two.
 */
bool tuned_is_on_front(const struct summary *s, uint32_t subject);

/* Whether a subject ran well, and never failed, in two blocks or more, or is the default: it may stand in the front. */
bool tuned_may_stand(const struct summary *s, uint32_t subject);
