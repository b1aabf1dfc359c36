/* Who is ahead, and who leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "student.h"
#include "tune_internal.h"

/* Standard errors to the limit: many for a candidate, since the one that won may be within by luck. */
#define LEADER_SAFE    2.0
#define CANDIDATE_SAFE 4.0

/*
 * Likewise of a difference: the best of many points owes to luck what more knobs seem to gain. Many, where the whole is measured
 * again beside its part.
 */
#define SLACK_ALONE  1.0
#define SLACK_BESIDE 3.0

double tune_log_ratio(const struct tune *t, const struct tune_runner *r, unsigned i,
                      enum tune_measure m)
{
    const struct tune_runner *base = &t->runners[0];
    double ratio;
    if (r->told[i].block >= base->n_told || /* of a block under way */
        stats_paired_ratios(&r->told[i].figures[m], &base->told[r->told[i].block].figures[m], 1,
                            &ratio) == 0)
        return NAN;
    return tune_direction(m) == HIGHER_IS_BETTER ? -log(ratio) : log(ratio);
}

double tune_race_beyond(const struct tune *t, double log_ratio)
{
    const struct tune_objective *o = &t->options.objective;
    double limit = log(o->limit);
    return log_ratio - (tune_direction(o->limited) == HIGHER_IS_BETTER ? -limit : limit);
}

unsigned tune_n_searched(const struct tune *t, const struct tune_runner *r)
{
    unsigned n = r->n_told;
    while (n > 0 && r->told[n - 1].block >= t->confirm_block)
        n--;
    return n;
}

/* Of differences: a sum, and the sum of squares about the mean (Welford). */
struct moments {
    unsigned n;
    double mean, squares;
};

static void moments_add(struct moments *x, double value)
{
    if (isnan(value))
        return;
    double before = value - x->mean;
    x->mean += before / ++x->n;
    x->squares += before * (value - x->mean);
}

/* The variance drawn to the prior; infinite where neither says anything. */
static double moderated(const struct moments *x, double prior)
{
    double own = x->n > 1 ? x->squares : 0, weight = x->n > 1 ? x->n - 1 : 0;
    if (!isnan(prior)) {
        own += TUNE_PRIOR * prior;
        weight += TUNE_PRIOR;
    }
    return weight > 0 ? own / weight : INFINITY;
}

struct tune_standing tune_race_standing(const struct tune *t, const struct tune_runner *r,
                                        enum tune_measure m, double prior)
{
    struct tune_standing s = {.median = NAN, .error = NAN};
    struct moments x = {0};
    unsigned n = tune_n_searched(t, r);
    double *values = malloc((n + 1) * sizeof(*values));
    for (unsigned i = 0; values && i < n; i++) {
        double value = tune_log_ratio(t, r, i, m);
        moments_add(&x, value);
        if (!isnan(value))
            values[s.n++] = value;
    }
    if (s.n > 0) {
        s.median = stats_median(values, s.n);
        s.error = r == t->runners ? 0 : sqrt(moderated(&x, prior) / s.n);
    }
    free(values);
    return s;
}

static bool is_racing(const struct tune *t, unsigned point)
{
    return t->runners[point].state == TUNE_RACING;
}

double tune_race_prior(const struct tune *t, enum tune_measure m)
{
    double variances[TUNE_POINTS_MAX];
    unsigned n = 0;
    for (unsigned p = 1; p < t->n_runners; p++) {
        struct moments x = {0};
        unsigned n_told = is_racing(t, p) ? tune_n_searched(t, &t->runners[p]) : 0;
        for (unsigned i = 0; i < n_told; i++)
            moments_add(&x, tune_log_ratio(t, &t->runners[p], i, m));
        if (x.n > 1)
            variances[n++] = x.squares / (x.n - 1);
    }
    return n > 0 ? stats_median(variances, n) : NAN;
}

unsigned tune_race_n(const struct tune *t)
{
    unsigned n = 0;
    for (unsigned p = 1; p < t->n_runners; p++)
        n += is_racing(t, p);
    return n;
}

/* One in the race, as it stands. */
struct entry {
    unsigned point;
    double goal, beyond; /* beyond: with the benefit of a standard error's doubt; 0 within */
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->beyond != y->beyond)
        return x->beyond < y->beyond ? -1 : 1;
    if (x->goal != y->goal)
        return x->goal < y->goal ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

/* NaN, not known, stands behind all numbers. */
static double or_last(double value)
{
    return isnan(value) ? INFINITY : value;
}

static struct entry entry_of(const struct tune *t, unsigned point, const double *priors)
{
    const struct tune_objective *o = &t->options.objective;
    const struct tune_runner *r = &t->runners[point];
    struct tune_standing goal = tune_race_standing(t, r, o->goal, priors[0]);
    struct tune_standing limited = tune_race_standing(t, r, o->limited, priors[1]);
    double beyond = or_last(tune_race_beyond(t, limited.median) - limited.error);
    return (struct entry){point, or_last(goal.median), beyond > 0 ? beyond : 0};
}

static void find_priors(const struct tune *t, double *priors)
{
    priors[0] = tune_race_prior(t, t->options.objective.goal);
    priors[1] = tune_race_prior(t, t->options.objective.limited);
}

unsigned tune_race_rank(const struct tune *t, unsigned *out)
{
    struct entry *entries = calloc(t->n_runners + 1, sizeof(*entries));
    unsigned n = 0;
    double priors[2];
    find_priors(t, priors);
    for (unsigned p = 0; entries && p < t->n_runners; p++)
        if (is_racing(t, p))
            entries[n++] = entry_of(t, p, priors);
    if (n > 0)
        qsort(entries, n, sizeof(*entries), compare);
    for (unsigned i = 0; i < n; i++)
        out[i] = entries[i].point;
    free(entries);
    return n;
}

/* Whether the mean of what was seen is above `least`, and above 0 beyond TUNE_DOUBT. */
static bool is_above(const struct moments *x, double prior, double least)
{
    double variance = moderated(x, prior);
    unsigned degrees = (x->n > 1 ? x->n - 1 : 0) + (isnan(prior) ? 0 : TUNE_PRIOR);
    if (x->n < 2 || !(x->mean > least) || isinf(variance))
        return false;
    return variance == 0 ||
           student_two_tails(x->mean / sqrt(variance / x->n), degrees) / 2 < TUNE_DOUBT;
}

/* How far `r` is beyond the limit, block by block. */
static struct moments beyond_of(const struct tune *t, const struct tune_runner *r)
{
    struct moments x = {0};
    for (unsigned i = 0; i < r->n_told; i++)
        moments_add(&x, tune_race_beyond(t, tune_log_ratio(t, r, i, t->options.objective.limited)));
    return x;
}

/* How much worse than the leader, in the blocks that they have in common. */
static struct moments behind_of(const struct tune *t, const struct tune_runner *r,
                                const struct tune_runner *leader)
{
    enum tune_measure goal = t->options.objective.goal;
    struct moments x = {0};
    for (unsigned i = 0, j = 0; i < r->n_told; i++) {
        while (j < leader->n_told && leader->told[j].block < r->told[i].block)
            j++;
        if (j < leader->n_told && leader->told[j].block == r->told[i].block)
            moments_add(&x, tune_log_ratio(t, r, i, goal) - tune_log_ratio(t, leader, j, goal));
    }
    return x;
}

/* Whether it is within the limit by more than so many standard errors. */
static bool is_safe(const struct tune *t, const struct tune_standing *limited, double errors)
{
    return tune_race_beyond(t, limited->median) + errors * limited->error <= 0;
}

/* The best that is safely within the limit; the default always is. None leaves for one that may itself leave. */
static unsigned find_leader(const struct tune *t, const double *priors)
{
    unsigned order[TUNE_POINTS_MAX], n = tune_race_rank(t, order);
    for (unsigned i = 0; i < n; i++) {
        const struct tune_runner *r = &t->runners[order[i]];
        struct tune_standing s = tune_race_standing(t, r, t->options.objective.limited, priors[1]);
        if (order[i] == 0 || is_safe(t, &s, LEADER_SAFE))
            return order[i];
    }
    return 0;
}

void tune_race_drop(struct tune *t)
{
    double priors[2];
    find_priors(t, priors);
    const struct tune_runner *leader = &t->runners[find_leader(t, priors)];
    for (unsigned p = 1; p < t->n_runners; p++) {
        struct tune_runner *r = &t->runners[p];
        if (!is_racing(t, p))
            continue;
        struct moments beyond = beyond_of(t, r), behind = behind_of(t, r, leader);
        if (is_above(&beyond, priors[1], 0))
            r->state = TUNE_BEYOND;
        else if (r != leader && is_above(&behind, 2 * priors[0], STATS_NOISE))
            r->state = TUNE_WORSE; /* twice the variance: of a difference of two */
    }
}

void tune_race_halve(struct tune *t)
{
    unsigned order[TUNE_POINTS_MAX], n = tune_race_rank(t, order);
    unsigned keep = (tune_race_n(t) + 1) / 2, kept = 0;
    if (keep < TUNE_CARRIED)
        keep = TUNE_CARRIED;
    for (unsigned i = 0; i < n; i++) {
        if (order[i] == 0)
            continue;
        if (kept++ >= keep)
            t->runners[order[i]].state = TUNE_OUTRANKED;
    }
}

uint8_t tune_race_champion(const struct tune *t, unsigned knob)
{
    const struct tune_objective *o = &t->options.objective;
    double priors[2], best = 0;
    uint8_t level = 0;
    find_priors(t, priors);
    for (unsigned p = 1; p < t->n_runners; p++) {
        const struct tune_runner *r = &t->runners[p];
        if (r->point.level[knob] == 0 || r->state == TUNE_FAILED || r->state == TUNE_BEYOND)
            continue;
        struct tune_standing goal = tune_race_standing(t, r, o->goal, priors[0]);
        struct tune_standing limited = tune_race_standing(t, r, o->limited, priors[1]);
        if (tune_race_beyond(t, limited.median) - limited.error <= 0 &&
            goal.median + goal.error < best) {
            best = goal.median + goal.error;
            level = r->point.level[knob];
        }
    }
    return level;
}

/* How a point stands in the two measures that decide. */
struct pair {
    struct tune_standing goal, limited;
};

static struct pair pair_of(const struct tune *t, unsigned point, const double *priors)
{
    const struct tune_runner *r = &t->runners[point];
    const struct tune_objective *o = &t->options.objective;
    return (struct pair){tune_race_standing(t, r, o->goal, priors[0]),
                         tune_race_standing(t, r, o->limited, priors[1])};
}

/* Within the limit, and better than the default by more than noise. */
static bool is_gain(const struct tune *t, const struct pair *x)
{
    return tune_race_beyond(t, x->limited.median) <= 0 && x->goal.median < -log1p(STATS_NOISE);
}

/* Whether all that p sets, q sets alike, and more. */
static bool is_part(const struct tune_point *p, const struct tune_point *q)
{
    for (unsigned k = 0; k < TUNE_KNOBS_MAX; k++)
        if (p->level[k] > 0 && p->level[k] != q->level[k])
            return false;
    return tune_points_n_set(p) < tune_points_n_set(q);
}

/*
 * What is left of the best when knobs are left out that do no good that could be told: by `errors` standard errors of
 * the difference, or STATS_NOISE. The part may have left the race by rank.
 */
static unsigned simplify(const struct tune *t, unsigned best, const double *priors, double errors)
{
    struct pair whole = pair_of(t, best, priors);
    unsigned simplest = best;
    for (unsigned p = 1; p < t->n_runners; p++) {
        const struct tune_runner *r = &t->runners[p];
        if ((r->state != TUNE_RACING && r->state != TUNE_OUTRANKED) ||
            !is_part(&r->point, &t->runners[best].point) ||
            tune_points_n_set(&r->point) >= tune_points_n_set(&t->runners[simplest].point))
            continue;
        struct pair part = pair_of(t, p, priors);
        double slack = fmax(STATS_NOISE, errors * hypot(whole.goal.error, part.goal.error));
        if (part.goal.n > 1 && is_gain(t, &part) && part.goal.median <= whole.goal.median + slack)
            simplest = p;
    }
    return simplest;
}

/* The best gain that is safely within the limit, with no benefit of doubt; it may have left the race. 0: none. */
static unsigned find_safe(const struct tune *t, const double *priors)
{
    double least = INFINITY;
    unsigned best = 0;
    for (unsigned p = 1; p < t->n_runners; p++) {
        struct pair x = pair_of(t, p, priors);
        enum tune_state state = t->runners[p].state;
        if (state == TUNE_FAILED || state == TUNE_BEYOND || x.goal.n < 2 || !is_gain(t, &x) ||
            !is_safe(t, &x.limited, CANDIDATE_SAFE) || x.goal.median + x.goal.error >= least)
            continue;
        least = x.goal.median + x.goal.error;
        best = p;
    }
    return best;
}

/* Of those in the race the best by the goal that are gains, at most `most`. */
static unsigned list_gains(const struct tune *t, const double *priors, unsigned *out)
{
    unsigned order[TUNE_POINTS_MAX], n = tune_race_rank(t, order), n_gains = 0;
    for (unsigned i = 0; i < n; i++) {
        struct pair x = pair_of(t, order[i], priors);
        if (order[i] == 0 || !is_gain(t, &x))
            continue;
        unsigned at = n_gains++;
        for (; at > 0 && pair_of(t, out[at - 1], priors).goal.median > x.goal.median; at--)
            out[at] = out[at - 1];
        out[at] = order[i];
    }
    return n_gains;
}

static unsigned add_candidate(unsigned *out, unsigned n, unsigned point)
{
    for (unsigned i = 0; i < n; i++)
        if (out[i] == point)
            return n;
    out[n] = point;
    return n + 1;
}

unsigned tune_race_candidates(const struct tune *t, unsigned most, unsigned *out)
{
    unsigned gains[TUNE_POINTS_MAX], n = 0;
    double priors[2];
    find_priors(t, priors);
    unsigned n_gains = list_gains(t, priors, gains), safe = find_safe(t, priors);
    if (n_gains > 0 && n < most)
        n = add_candidate(out, n,
                          simplify(t, gains[0], priors, most > 1 ? SLACK_BESIDE : SLACK_ALONE));
    struct pair first = pair_of(t, n > 0 ? out[0] : 0, priors);
    if (safe != 0 && n < most && (n == 0 || !is_safe(t, &first.limited, CANDIDATE_SAFE)))
        n = add_candidate(out, n, safe);
    for (unsigned i = 0; i < n_gains && n < most; i++)
        if (pair_of(t, gains[i], priors).goal.n > 1)
            n = add_candidate(out, n, gains[i]);
    return n;
}

unsigned tune_race_best(const struct tune *t)
{
    unsigned best;
    return tune_race_candidates(t, 1, &best) ? best : 0;
}
