/* What the files of the search share. */
#pragma once

#include "tune.h"

#define TUNE_CARRIED 4u /* points that a phase hands to the next, the default besides */

/* One trial that ended well. */
struct tune_told {
    unsigned block;
    double figures[TUNE_MEASURES];
};

struct tune_runner {
    struct tune_point point;
    enum tune_state state;
    struct tune_told *told; /* ascending blocks */
    unsigned n_told, room;
    char *failure;
};

struct tune {
    struct tune_space space;
    struct tune_options options;
    struct tune_plan plan;
    uint8_t
        grid_levels[2][TUNE_LEVELS_MAX]; /* those that the budget bears: plan.grid_levels of each */
    struct tune_runner *runners;         /* [0]: the default, told in every block */
    unsigned n_runners;

    enum tune_phase phase;
    double spent;             /* in all */
    double phase_begin;       /* spent before this phase */
    double phase_budget;      /* from there on */
    unsigned phase_block;     /* the first of this phase */
    unsigned n_cuts, n_rungs; /* halvings done, and wanted, in this phase */
    bool hurried;
    unsigned candidates[TUNE_CANDIDATES]; /* once the confirmation has begun; the favourite first */
    unsigned n_candidates;
    unsigned confirm_block; /* its first; UINT_MAX until then */

    unsigned block[TUNE_POINTS_MAX]; /* the points of the block under way */
    bool is_told[TUNE_POINTS_MAX];   /* by their place in it */
    unsigned n_block, n_blocks;      /* n_blocks: begun so far */
};

/* --- tune_points.c: which points there are --- */

/* The number of the point, which is added where it is new; UINT_MAX without room. -ENOMEM. */
int tune_points_add(struct tune *t, const struct tune_point *p, unsigned *out, struct err *err);

/* Chooses the levels of the grid so that a first look at all of it costs at most `trials`. */
void tune_points_thin(struct tune *t, double trials);

int tune_points_grid(struct tune *t, struct err *err);

/* `from`: points to vary, the best first. At most `most` new ones. */
int tune_points_rest(struct tune *t, const unsigned *from, unsigned n_from, unsigned most,
                     struct err *err);
int tune_points_combine(struct tune *t, const unsigned *from, unsigned n_from, unsigned most,
                        struct err *err);

unsigned tune_points_n_set(const struct tune_point *p);

/* --- tune_race.c: who is ahead --- */

/*
 * The logarithm of a measure's ratio to the default, turned so that less is better, in the runner's told number i; NaN
 * where one of the two is not known.
 */
double tune_log_ratio(const struct tune *t, const struct tune_runner *r, unsigned i,
                      enum tune_measure m);

/* How many of what a runner was told are of the search, not of the confirmation. */
unsigned tune_n_searched(const struct tune *t, const struct tune_runner *r);

/* Of a runner in a measure over the blocks of the search: all NaN without one. */
struct tune_standing {
    unsigned n;
    double median; /* of the log ratios */
    double error;  /* standard error of it, moderated; infinite for one block without a prior */
};
struct tune_standing tune_race_standing(const struct tune *t, const struct tune_runner *r,
                                        enum tune_measure m, double prior);

/* The median variance of the log ratios of those in the race; NaN without two blocks of any. */
double tune_race_prior(const struct tune *t, enum tune_measure m);

/* How far the log ratio of the limited measure is beyond the limit; negative: within it. */
double tune_race_beyond(const struct tune *t, double log_ratio);

/*
 * Those in the race, the default among them, best first; `out` holds TUNE_POINTS_MAX. Points that look beyond the limit
 * by more than their standard error stand behind all others.
 */
unsigned tune_race_rank(const struct tune *t, unsigned *out);

/* Takes out who is certainly worse or certainly beyond the limit. */
void tune_race_drop(struct tune *t);

/* Takes out the worse half, but leaves TUNE_CARRIED. */
void tune_race_halve(struct tune *t);

/*
 * The level of the knob in the point that has it set and stands best, though it may have left by rank: what is good
 * beside others need not be among the very best alone. 0 where none looks better than the default.
 */
uint8_t tune_race_champion(const struct tune *t, unsigned knob);

/* How many are in the race, without the default. */
unsigned tune_race_n(const struct tune *t);

/*
 * The point to recommend by what is known: of those within the limit the best by the goal, without the knobs that do no
 * good; 0: the default.
 */
unsigned tune_race_best(const struct tune *t);

/*
 * At most `most` points to measure again: tune_race_best(); where that is near the limit the best of those that are
 * more safely within; the one with the knobs that it leaves out; and then by the goal. All may be gains, and
 * have run twice. Returns how many.
 */
unsigned tune_race_candidates(const struct tune *t, unsigned most, unsigned *out);
