/* What the search and its confirmation say. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "certain.h"
#include "tune_internal.h"

#define ALPHA ((1 - STATS_CONFIDENCE) / 2) /* one-sided */

const char *tune_measure_name(enum tune_measure measure)
{
    static const char *const names[TUNE_MEASURES] = {
        [TUNE_THROUGHPUT] = "throughput_calls_per_s",
        [TUNE_PEAK_RSS] = "peak_rss_bytes",
        [TUNE_MEAN_RSS] = "mean_rss_bytes",
        [TUNE_COST] = "memory_cost_ratio",
        [TUNE_P99] = "p99_ns",
        [TUNE_FAULTS] = "faults_per_call",
        [TUNE_MAPPINGS] = "mappings",
    };
    return names[measure];
}

enum direction tune_direction(enum tune_measure measure)
{
    return measure == TUNE_THROUGHPUT ? HIGHER_IS_BETTER : LOWER_IS_BETTER;
}

const char *tune_phase_name(enum tune_phase phase)
{
    static const char *const names[TUNE_PHASES] = {"grid", "rest", "combine", "confirm", "done"};
    return names[phase];
}

const char *tune_state_name(enum tune_state state)
{
    static const char *const names[TUNE_STATES] = {"in the race", "worse", "beyond the limit",
                                                   "outranked", "failed"};
    return names[state];
}

/* The median of a measure over some of what a runner was told; NaN where nothing is known. */
static double median_of(const struct tune_runner *r, unsigned begin, unsigned end,
                        enum tune_measure m)
{
    double *values = malloc((end - begin + 1) * sizeof(*values)), median = NAN;
    size_t n = 0;
    for (unsigned i = begin; values && i < end; i++)
        if (isfinite(r->told[i].figures[m]))
            values[n++] = r->told[i].figures[m];
    if (n > 0)
        median = stats_median(values, n);
    free(values);
    return median;
}

static void estimate(const struct tune *t, const struct tune_runner *r, const double *priors,
                     struct tune_estimate *out)
{
    unsigned n = tune_n_searched(t, r);
    *out = (struct tune_estimate){
        .state = r->state, .n_blocks = n, .failure = r->failure ? r->failure : ""};
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        struct tune_standing s = tune_race_standing(t, r, m, priors[m]);
        bool turned = tune_direction(m) == HIGHER_IS_BETTER;
        out->value[m] = median_of(r, 0, n, m);
        out->ratio[m] = exp(turned ? -s.median : s.median);
        out->spread[m] = s.error;
    }
}

/* By how much x is better than y in a measure, beyond doubt; negative: worse; 0: neither can be told. */
static double lead(const struct tune_estimate *x, const struct tune_estimate *y,
                   enum tune_measure m)
{
    double ahead = log(y->ratio[m] / x->ratio[m]);
    if (tune_direction(m) == HIGHER_IS_BETTER)
        ahead = -ahead;
    double doubt = fmax(log1p(STATS_NOISE), x->spread[m] + y->spread[m]);
    return fabs(ahead) > doubt ? ahead : 0; /* 0 for NaN too */
}

static bool dominates(const struct tune_estimate *x, const struct tune_estimate *y)
{
    static const enum tune_measure counted[] = {TUNE_THROUGHPUT, TUNE_PEAK_RSS, TUNE_MEAN_RSS,
                                                TUNE_P99,        TUNE_FAULTS,   TUNE_MAPPINGS};
    bool better = false;
    for (size_t i = 0; i < ARRAY_SIZE(counted); i++) {
        double ahead = lead(x, y, counted[i]);
        if (ahead < 0)
            return false;
        better |= ahead > 0;
    }
    return better;
}

static bool may_stand(const struct tune_estimate *e)
{
    return e->state != TUNE_FAILED && e->n_blocks >= 2;
}

static void mark_pareto(struct tune_answer *a)
{
    for (unsigned i = 0; i < a->n_points; i++) {
        struct tune_estimate *e = &a->points[i];
        e->is_pareto = may_stand(e);
        for (unsigned k = 0; e->is_pareto && k < a->n_points; k++)
            if (k != i && may_stand(&a->points[k]) && dominates(&a->points[k], e))
                e->is_pareto = false;
    }
    a->points[0].is_pareto = true;
    a->points[a->best].is_pareto = true;
    for (unsigned i = 0; i < a->n_candidates; i++)
        a->points[a->candidates[i].point].is_pareto = true;
}

/* Of one candidate, what its ratios to the default say. */
struct confirming {
    const struct tune *t;
    double ratios[TUNE_MEASURES][TUNE_BLOCKS_MAX];
    double gain,
        keeps; /* chances of such a gain if there were none, and of such a distance to the limit if it were there */
};

static void take_ratios(struct confirming *c, const struct tune_runner *r, unsigned first)
{
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        for (unsigned i = first; i < r->n_told; i++) {
            double turned = tune_log_ratio(c->t, r, i, m);
            c->ratios[m][i - first] = exp(tune_direction(m) == HIGHER_IS_BETTER ? -turned : turned);
        }
}

static enum side good_side(enum tune_measure m)
{
    return tune_direction(m) == HIGHER_IS_BETTER ? SIDE_ABOVE : SIDE_BELOW;
}

/* Intervals over the blocks of the confirmation. */
static int confirm(struct confirming *c, struct tune_candidate *out, struct err *err)
{
    const struct tune_runner *r = &c->t->runners[out->point];
    const struct tune_objective *o = &c->t->options.objective;
    const struct bootstrap how = {.seed = c->t->options.seed, .n_together = c->t->n_candidates};
    unsigned first = tune_n_searched(c->t, r);
    int rc = 0;
    out->n_blocks = r->n_told - first;
    take_ratios(c, r, first);
    for (enum tune_measure m = 0; rc == 0 && m < TUNE_MEASURES; m++) {
        rc = stats_cell_interval(c->ratios[m], out->n_blocks, &how, &out->ratio[m], err);
        out->claims[m] = stats_verdict(&out->ratio[m], tune_direction(m), STATS_NOISE);
        out->value[m] = median_of(r, first, r->n_told, m);
    }
    c->gain = certain_paired(c->ratios[o->goal], out->n_blocks, 1, good_side(o->goal));
    c->keeps =
        certain_paired(c->ratios[o->limited], out->n_blocks, o->limit, good_side(o->limited));
    return rc;
}

static enum tune_verdict judge_limit(const struct tune_objective *o, const struct tune_candidate *c,
                                     bool keeps)
{
    const struct interval *x = &c->ratio[o->limited];
    bool above = tune_direction(o->limited) == HIGHER_IS_BETTER;
    if (above ? x->estimate < o->limit : x->estimate > o->limit)
        return TUNE_LIMIT_BROKEN;
    bool certain = keeps && x->n_blocks >= STATS_FULL_COVERAGE_BLOCKS &&
                   (above ? x->low >= o->limit : x->high <= o->limit);
    return certain ? TUNE_GAIN : TUNE_LIMIT_UNSURE;
}

static enum tune_verdict judge(const struct tune *t, const struct tune_candidate *c, bool gains,
                               bool keeps)
{
    const struct tune_objective *o = &t->options.objective;
    if (t->runners[c->point].state == TUNE_FAILED)
        return TUNE_FAILED_LATER;
    return gains && c->claims[o->goal] == VERDICT_BETTER ? judge_limit(o, c, keeps) : TUNE_NO_GAIN;
}

/* Whether x is certainly better than y in the goal, and by more than noise; both ran in the same blocks. */
static bool is_ahead(const struct tune *t, const struct tune_candidate *x,
                     const struct tune_candidate *y)
{
    const struct tune_runner *rx = &t->runners[x->point], *ry = &t->runners[y->point];
    unsigned i = tune_n_searched(t, rx), j = tune_n_searched(t, ry), n = 0;
    enum tune_measure goal = t->options.objective.goal;
    double ratios[TUNE_CONFIRM_MOST];
    for (; i < rx->n_told && j < ry->n_told && n < TUNE_CONFIRM_MOST; i++, j++)
        ratios[n++] = exp(tune_log_ratio(t, rx, i, goal) - tune_log_ratio(t, ry, j, goal));
    return certain_paired(ratios, n, 1 - STATS_NOISE, SIDE_BELOW) <= ALPHA;
}

/* Whether x is to be recommended rather than y, which the search ranked before it. */
static bool is_rather(const struct tune *t, const struct tune_candidate *x,
                      const struct tune_candidate *y)
{
    if (x->verdict < TUNE_LIMIT_UNSURE || x->verdict < y->verdict)
        return false;
    return x->verdict > y->verdict || is_ahead(t, x, y);
}

/* All at once, so that what is claimed of any of them is no luck of several tries. */
static int confirm_all(const struct tune *t, struct tune_answer *a, struct err *err)
{
    double gain[TUNE_CANDIDATES], keeps[TUNE_CANDIDATES];
    bool gains[TUNE_CANDIDATES], does_keep[TUNE_CANDIDATES];
    struct confirming *c = calloc(1, sizeof(*c));
    int rc = c ? 0 : err_set(err, ENOMEM, "no memory for the answer of a search");
    for (unsigned i = 0; rc == 0 && i < a->n_candidates; i++) {
        c->t = t;
        rc = confirm(c, &a->candidates[i], err);
        gain[i] = c->gain;
        keeps[i] = c->keeps;
    }
    free(c);
    if (rc == 0)
        rc = certain_holm(gain, a->n_candidates, ALPHA, gains, err);
    if (rc == 0)
        rc = certain_holm(keeps, a->n_candidates, ALPHA, does_keep, err);
    for (unsigned i = 0; rc == 0 && i < a->n_candidates; i++) {
        a->candidates[i].verdict = judge(t, &a->candidates[i], gains[i], does_keep[i]);
        if (is_rather(t, &a->candidates[i], &a->candidates[a->chosen]))
            a->chosen = i;
    }
    return rc;
}

static void take_confirmation(const struct tune *t, struct tune_answer *a)
{
    const struct tune_runner *base = &t->runners[0];
    unsigned first = tune_n_searched(t, base);
    a->n_confirmed = base->n_told - first;
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        a->default_confirmed[m] = median_of(base, first, base->n_told, m);
        for (unsigned i = 0; i < TUNE_CANDIDATES; i++) {
            a->candidates[i].value[m] = NAN;
            a->candidates[i].ratio[m] = (struct interval){.estimate = NAN, .low = NAN, .high = NAN};
        }
    }
    for (; a->n_candidates < t->n_candidates; a->n_candidates++)
        a->candidates[a->n_candidates].point = t->candidates[a->n_candidates];
}

/* What is recommended, and what is not. */
static void conclude(const struct tune *t, struct tune_answer *a)
{
    const struct tune_candidate *c = &a->candidates[a->chosen];
    a->best = a->n_candidates > 0 ? c->point : t->phase < TUNE_CONFIRM ? tune_race_best(t) : 0;
    a->verdict = t->phase != TUNE_DONE ? TUNE_UNCONFIRMED
                 : a->n_candidates > 0 ? c->verdict
                                       : TUNE_NO_CANDIDATE;
    if (a->verdict == TUNE_GAIN || a->verdict == TUNE_LIMIT_UNSURE)
        a->recommended = a->best;
}

int tune_answer(const struct tune *t, struct tune_answer *out, struct err *err)
{
    double priors[TUNE_MEASURES];
    *out = (struct tune_answer){.n_points = t->n_runners};
    out->points = calloc(t->n_runners, sizeof(*out->points));
    if (!out->points)
        return err_set(err, ENOMEM, "no memory for the answer of a search");
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        priors[m] = tune_race_prior(t, m);
    for (unsigned p = 0; p < t->n_runners; p++)
        estimate(t, &t->runners[p], priors, &out->points[p]);
    take_confirmation(t, out);
    int rc = confirm_all(t, out, err);
    conclude(t, out);
    mark_pareto(out);
    return rc;
}

const struct tune_candidate *tune_confirmed(const struct tune_answer *a, unsigned point)
{
    for (unsigned i = 0; i < a->n_candidates; i++)
        if (a->candidates[i].point == point)
            return &a->candidates[i];
    return NULL;
}

void tune_answer_release(struct tune_answer *a)
{
    free(a->points);
    a->points = NULL;
}
