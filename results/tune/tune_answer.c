/* What the search and its confirmation say. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "tune_internal.h"

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
}

/* Intervals of the best by the default over the blocks of the confirmation. */
static int confirm(const struct tune *t, struct tune_answer *a, struct err *err)
{
    const struct tune_runner *r = &t->runners[a->best], *base = &t->runners[0];
    unsigned first = tune_n_searched(t, r), first_base = tune_n_searched(t, base);
    const struct bootstrap how = {.seed = t->options.seed};
    double *ratios = calloc(r->n_told + 1, sizeof(*ratios));
    int rc = ratios ? 0 : err_set(err, ENOMEM, "no memory for the answer of a search");
    a->n_confirmed = r->n_told - first;
    for (enum tune_measure m = 0; rc == 0 && m < TUNE_MEASURES; m++) {
        enum direction direction = tune_direction(m);
        for (unsigned i = first; i < r->n_told; i++) {
            double turned = tune_log_ratio(t, r, i, m);
            ratios[i - first] = exp(direction == HIGHER_IS_BETTER ? -turned : turned);
        }
        rc = stats_cell_interval(ratios, a->n_confirmed, &how, &a->ratio[m], err);
        a->claims[m] = stats_verdict(&a->ratio[m], direction, STATS_NOISE);
        a->confirmed[m] = median_of(r, first, r->n_told, m);
        a->default_confirmed[m] = median_of(base, first_base, base->n_told, m);
    }
    free(ratios);
    return rc;
}

static enum tune_verdict judge_limit(const struct tune *t, const struct tune_answer *a)
{
    const struct tune_objective *o = &t->options.objective;
    const struct interval *x = &a->ratio[o->limited];
    bool above = tune_direction(o->limited) == HIGHER_IS_BETTER;
    if (above ? x->estimate < o->limit : x->estimate > o->limit)
        return TUNE_LIMIT_BROKEN;
    bool certain = x->n_blocks >= STATS_FULL_COVERAGE_BLOCKS &&
                   (above ? x->low >= o->limit : x->high <= o->limit);
    return certain ? TUNE_GAIN : TUNE_LIMIT_UNSURE;
}

static enum tune_verdict judge(const struct tune *t, const struct tune_answer *a)
{
    if (t->phase != TUNE_DONE)
        return TUNE_UNCONFIRMED;
    if (a->best == 0)
        return TUNE_NO_CANDIDATE;
    if (t->runners[a->best].state == TUNE_FAILED)
        return TUNE_FAILED_LATER;
    return a->claims[t->options.objective.goal] == VERDICT_BETTER ? judge_limit(t, a)
                                                                  : TUNE_NO_GAIN;
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
    out->best = t->phase < TUNE_CONFIRM ? tune_race_best(t) : t->best;
    mark_pareto(out);
    int rc = confirm(t, out, err);
    out->verdict = judge(t, out);
    if (out->verdict == TUNE_GAIN || out->verdict == TUNE_LIMIT_UNSURE)
        out->recommended = out->best;
    return rc;
}

void tune_answer_release(struct tune_answer *a)
{
    free(a->points);
    a->points = NULL;
}
