/*
 * The search for an allocator's best setting on one workload. Pure: it asks for the trials of the next block,
 * is told what they gave, and gives the answer; who executes them, and how, is the caller's.
 *
 *   tune_begin(&space, &options)
 *   while tune_next(&block): for each of block.points: tune_tell(point, outcome)
 *   tune_answer()
 *
 * A point is a level for each knob; level 0 of every knob is "unset", and the default, point 0, has nothing
 * set. In a block the default and all points that are still in the race run once, so that each is held
 * against the default by ratios of trials that ran close to each other. The search goes through phases:
 *
 *   grid     all levels of the first knobs (the two thresholds), or as many as the budget bears
 *   rest     each level of each other knob, beside the best points so far and the default
 *   combine  each setting of the best points left out, pairs of them in one, each step to a neighbouring level
 *   confirm  fresh blocks of the default and up to TUNE_CANDIDATES: the one that won, and those that may be as good or,
 *            near the limit, are more safely within it. What is claimed rests on these blocks alone, for the
 *            winner of many won with luck too; and as several are held against the default at once, their
 *            intervals are such that all hold together (Bonferroni), so that the one that is chosen may be
 *            read as it stands, and a gain counts as certain where Holm's procedure says so, too
 *
 * Inside a phase points leave by two rules: after each block from the second on, those that are certainly worse than
 * the leader, or certainly break the limit (one-sided t test of paired differences of logarithms at
 * TUNE_DOUBT, whose variance is drawn to the median of all points' as if that had TUNE_PRIOR degrees of freedom);
 * and whenever the phase has spent another equal part of its budget, the worse half by rank (successive halving:
 * Karnin, Koren and Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", 2013). A point whose trial failed
 * leaves at once.
 *
 * The same options and the same outcomes give the same questions on every machine: a search that was cut off goes on
 * when its outcomes are told again. One thread.
 */
#pragma once

#include "stats.h"

#define TUNE_KNOBS_MAX     16u
#define TUNE_LEVELS_MAX    17u /* of a knob, unset included */
#define TUNE_POINTS_MAX    1024u
#define TUNE_BLOCKS_MAX    140u /* of a search, confirmation included */
#define TUNE_BUDGET_MAX    1e6  /* trials */
#define TUNE_DOUBT         0.005
#define TUNE_PRIOR         4u
#define TUNE_CONFIRM_LEAST STATS_FULL_COVERAGE_BLOCKS /* blocks */
#define TUNE_CONFIRM_MOST  20u
#define TUNE_CANDIDATES    3u
#define TUNE_REASON_BYTES  512

struct tune_knob {
    unsigned n_levels; /* with level 0, which is unset; 2 or more */
    bool is_ordered;   /* levels from 1 on ascend: neighbours are close */
};

struct tune_space {
    struct tune_knob knobs[TUNE_KNOBS_MAX];
    unsigned n_knobs, n_grid; /* the first n_grid, 1 or 2, make the grid */
};

struct tune_point {
    uint8_t level[TUNE_KNOBS_MAX];
};

/* All but the first are better when lower. */
enum tune_measure {
    TUNE_THROUGHPUT, /* calls per second */
    TUNE_PEAK_RSS,   /* bytes */
    TUNE_MEAN_RSS,   /* bytes, over time */
    TUNE_COST,       /* integral of resident by integral of live bytes */
    TUNE_P99,        /* ns */
    TUNE_FAULTS,     /* page faults, for each call */
    TUNE_MAPPINGS,
    TUNE_MEASURES
};

/* "throughput_calls_per_s", "peak_rss_bytes", ... */
const char *tune_measure_name(enum tune_measure measure);

enum direction tune_direction(enum tune_measure measure);

/*
 * What is wanted: the goal as good as it gets while the limited measure, by the default's, is `limit` at least
 * (throughput) or at most (all others).
 */
struct tune_objective {
    enum tune_measure goal, limited; /* two */
    double limit; /* the default is within: at most 1 for throughput, at least 1 for all others */
};

struct tune_options {
    struct tune_objective objective;
    double budget; /* in trials as long as the default's, confirmation included */
    uint64_t seed;
    bool looks_always; /* every block looks, and its trials take no longer for that */
};

/* Of one trial; NaN, or 0 or less, is not known. */
struct tune_outcome {
    double figures[TUNE_MEASURES];
    double weight;       /* how long it took, in trials of the default */
    const char *failure; /* one sentence; NULL when it ended well */
};

enum tune_phase { TUNE_GRID, TUNE_REST, TUNE_COMBINE, TUNE_CONFIRM, TUNE_DONE, TUNE_PHASES };

/* "grid", "rest", "combine", "confirm", "done". */
const char *tune_phase_name(enum tune_phase phase);

struct tune_block {
    unsigned number; /* from 0 */
    enum tune_phase phase;
    bool looks; /* its trials are to measure all there is, those of other blocks need not */
    const unsigned
        *points; /* in the order of execution, the default among them; until the next call */
    unsigned n_points;
};

/* What the search means to do: known before the first trial. */
struct tune_plan {
    unsigned grid_levels[2];   /* with unset; 1 for a second knob that is not there */
    unsigned n_grid_points;    /* with the default */
    unsigned n_rest_points;    /* at most; 0: there is no such phase */
    unsigned n_candidates;     /* at most */
    unsigned n_confirm_blocks; /* more where there are fewer candidates */
    bool looks; /* the first blocks of the confirmation do, whose trials may take twice as long */
    double search_trials, confirm_trials; /* at most */
    bool is_thinned; /* the budget bears not all levels of the grid, or not all of the rest */
};

struct tune;

/* Trials of the default that the least search and its confirmation take, whatever the space. */
double tune_least_budget(void);

/*
 * *out is released by tune_end(). -EINVAL: a space or objective that makes no sense, or a budget too small for
 * one block of the least grid and the confirmation; *least_budget, which may be NULL, is what would do.
 */
int tune_begin(const struct tune_space *space, const struct tune_options *options,
               struct tune **out, double *least_budget, struct err *err) MUST_CHECK;
void tune_end(struct tune *t);

const struct tune_plan *tune_plan(const struct tune *t);

/*
 * The next block; its phase is TUNE_DONE, and it has no points, when all is done. All points of the block before must
 * have been told. -EIO when the default's own trial failed: nothing can be compared; -ENOMEM.
 */
int tune_next(struct tune *t, struct tune_block *out, struct err *err) MUST_CHECK;

/* -EINVAL for a point that is not of this block, or was told already. -ENOMEM. */
int tune_tell(struct tune *t, unsigned point, const struct tune_outcome *outcome,
              struct err *err) MUST_CHECK;

/*
 * The time is up, though the budget in trials is not: after this block the confirmation begins, or, where it has
 * begun, goes on. To be repeated at the same block when a search is replayed.
 */
void tune_hurry(struct tune *t);

/* Trials that were told, by their weights. */
double tune_spent(const struct tune *t);

unsigned tune_n_points(const struct tune *t); /* so far; numbers are never reused */
const struct tune_point *tune_point(const struct tune *t, unsigned point);

enum tune_state {
    TUNE_RACING,    /* or never beaten */
    TUNE_WORSE,     /* certainly, than the leader of its time */
    TUNE_BEYOND,    /* certainly beyond the limit */
    TUNE_OUTRANKED, /* not among the better half */
    TUNE_FAILED,
    TUNE_STATES
};

/* "in the race", "worse", "beyond the limit", "outranked", "failed". */
const char *tune_state_name(enum tune_state state);

/* What is known of a point from all blocks of the search, without the confirmation. */
struct tune_estimate {
    enum tune_state state;
    unsigned n_blocks;            /* that it ran well in */
    double value[TUNE_MEASURES];  /* medians; NaN: not known */
    double ratio[TUNE_MEASURES];  /* medians of the paired ratios to the default */
    double spread[TUNE_MEASURES]; /* standard error of the logarithm of the ratio; NaN: not known */
    bool is_pareto;
    const char *failure; /* TUNE_FAILED: its sentence; else "" */
};

enum tune_verdict {
    TUNE_UNCONFIRMED,  /* the search, or the confirmation, was cut off */
    TUNE_NO_CANDIDATE, /* nothing looked better than the default within the limit: leave it */
    TUNE_FAILED_LATER, /* measured again, it failed: leave the default */
    TUNE_NO_GAIN,      /* measured again, no gain is certain: leave the default */
    TUNE_LIMIT_BROKEN, /* measured again, it is beyond the limit: leave the default */
    TUNE_LIMIT_UNSURE, /* a certain gain; its interval of the limited measure holds the limit */
    TUNE_GAIN,         /* a certain gain, certainly within the limit */
    TUNE_VERDICTS
};

/* One that was measured again. */
struct tune_candidate {
    unsigned point;
    enum tune_verdict verdict;   /* as if there were no other */
    unsigned n_blocks;           /* that it ran well in */
    double value[TUNE_MEASURES]; /* medians; NaN: not known */
    struct interval ratio
        [TUNE_MEASURES]; /* to the default; of a measure, all candidates' hold together at STATS_CONFIDENCE */
    enum verdict claims[TUNE_MEASURES];
};

struct tune_answer {
    enum tune_verdict verdict; /* of the best */
    unsigned
        best; /* the point that is recommended, else the one that won the search; 0: the default */
    unsigned recommended;          /* the same when the gain is certain; else 0 */
    unsigned n_confirmed;          /* blocks */
    unsigned n_candidates, chosen; /* chosen: the best among the candidates */
    struct tune_candidate candidates[TUNE_CANDIDATES]; /* the search's winner first */
    double default_confirmed[TUNE_MEASURES]; /* medians in the confirmation; NaN: not known */
    struct tune_estimate *points;            /* [n_points], owned */
    unsigned n_points;
};

/* NULL when nothing was measured again. */
static inline const struct tune_candidate *tune_chosen(const struct tune_answer *a)
{
    return a->n_confirmed > 0 ? &a->candidates[a->chosen] : NULL;
}

/* NULL for a point that was not measured again. */
const struct tune_candidate *tune_confirmed(const struct tune_answer *a, unsigned point);

/*
 * At any time; the caller calls tune_answer_release() in any case. The Pareto set is of the points that did not fail
 * and ran in two blocks at least: those that none other beats in one measure by more than both their spreads
 * (and STATS_NOISE) without losing by more in another. The default and the candidates are in it always.
 *
 * Recommended is, of the candidates with a certain gain, one that certainly keeps the limit before one that likely does;
 * and of several such the search's favourite, but for one that the confirmation shows to be better (t test of paired
 * differences, 1 in 40).
 * -ENOMEM.
 */
int tune_answer(const struct tune *t, struct tune_answer *out, struct err *err) MUST_CHECK;
void tune_answer_release(struct tune_answer *a);
