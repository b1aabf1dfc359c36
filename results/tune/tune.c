#include "tune.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "tune_internal.h"

#define FIRST_LOOK      2u   /* blocks that every new point gets */
#define FIRST_SHARE     0.6  /* of a phase's budget at most goes into them */
#define CONFIRM_SHARE   0.25 /* of the whole budget at most, within the bounds of blocks */
#define CONFIRM_WANTED  10u  /* blocks, before more candidates than one */
#define BLOCKS_OF_PHASE 40u  /* more tell nothing new */
#define BASES           3u   /* points beside which the other knobs are tried */

static_assert(3 * BLOCKS_OF_PHASE + TUNE_CONFIRM_MOST <= TUNE_BLOCKS_MAX,
              "three phases and the confirmation fit");

static double budget_of_search(const struct tune *t)
{
    return t->plan.search_trials;
}

static bool has_rest(const struct tune *t)
{
    return t->space.n_knobs > t->space.n_grid;
}

/* The share of the search's budget that is spent when a phase ends. */
static double share_until(const struct tune *t, enum tune_phase phase)
{
    if (phase == TUNE_GRID)
        return has_rest(t) ? 0.5 : 0.7;
    return phase == TUNE_REST ? 0.8 : 1;
}

static int check_space(const struct tune_space *s, struct err *err)
{
    if (s->n_knobs < 1 || s->n_knobs > TUNE_KNOBS_MAX || s->n_grid < 1 || s->n_grid > 2 ||
        s->n_grid > s->n_knobs)
        return err_set(err, EINVAL, "a search needs 1 to %u knobs", TUNE_KNOBS_MAX);
    for (unsigned k = 0; k < s->n_knobs; k++)
        if (s->knobs[k].n_levels < 2 || s->knobs[k].n_levels > TUNE_LEVELS_MAX)
            return err_set(err, EINVAL, "a knob has 1 to %u levels besides unset",
                           TUNE_LEVELS_MAX - 1);
    return 0;
}

static int check_objective(const struct tune_objective *o, struct err *err)
{
    if (o->goal >= TUNE_MEASURES || o->limited >= TUNE_MEASURES || o->goal == o->limited)
        return err_set(err, EINVAL, "the goal and the limited measure must be two");
    bool above = tune_direction(o->limited) == HIGHER_IS_BETTER;
    if (!isfinite(o->limit) || o->limit <= 0 || (above ? o->limit > 1 : o->limit < 1))
        return err_set(err, EINVAL,
                       "the default itself would be beyond the limit: it is a share of the "
                       "default's, %s",
                       above ? "above 0 % and at most 100 %" : "at least 100 %");
    return 0;
}

/* Blocks of the confirmation that measure all: as many as a claim takes. */
static unsigned look_blocks(const struct tune *t)
{
    return t->plan.looks && !t->options.looks_always ? TUNE_CONFIRM_LEAST : 0;
}

static double confirm_trials(const struct tune *t, unsigned n_candidates, unsigned blocks)
{
    return (1.0 + n_candidates) * (blocks + look_blocks(t)); /* a look takes another execution */
}

static unsigned confirm_blocks(const struct tune *t, double trials, unsigned n_candidates)
{
    double blocks = floor(trials / (1 + n_candidates)) - look_blocks(t);
    return (unsigned)fmax(TUNE_CONFIRM_LEAST, fmin(blocks, TUNE_CONFIRM_MOST));
}

/* A small budget looks at less, and confirms fewer candidates. */
static void plan_confirmation(struct tune *t)
{
    struct tune_plan *p = &t->plan;
    double trials = t->options.budget * CONFIRM_SHARE;
    p->looks = true;
    p->looks = t->options.looks_always || confirm_trials(t, 1, TUNE_CONFIRM_LEAST) <= trials;
    p->n_candidates = TUNE_CANDIDATES;
    while (p->n_candidates > 1 && confirm_trials(t, p->n_candidates, CONFIRM_WANTED) > trials)
        p->n_candidates--;
    p->n_confirm_blocks = confirm_blocks(t, trials, p->n_candidates);
    p->confirm_trials = confirm_trials(t, p->n_candidates, p->n_confirm_blocks);
    p->search_trials = t->options.budget - p->confirm_trials;
}

double tune_least_budget(void)
{
    return 2 * FIRST_LOOK + 2 * TUNE_CONFIRM_LEAST;
}

static int share_out(struct tune *t, double *least_budget, struct err *err)
{
    double budget = t->options.budget, least = tune_least_budget();
    if (least_budget)
        *least_budget = least;
    if (!(budget >= least))
        return err_set(err, EINVAL,
                       "a budget of %d trials is too small: the least search and its confirmation "
                       "take %d",
                       (int)fmax(0, fmin(budget, INT_MAX)), (int)least);
    if (budget > TUNE_BUDGET_MAX)
        return err_set(err, EINVAL, "a search has at most %d trials", (int)TUNE_BUDGET_MAX);
    plan_confirmation(t);
    return 0;
}

/* New points that a first look at leaves within the budget, `n_old` being in the race. */
static unsigned most_new(double budget, unsigned n_old)
{
    double most = floor(budget * FIRST_SHARE / FIRST_LOOK) - n_old - 1;
    return most < 0 ? 0 : most > TUNE_POINTS_MAX ? TUNE_POINTS_MAX : (unsigned)most;
}

static void plan_rest(struct tune *t)
{
    double budget = budget_of_search(t) * (share_until(t, TUNE_REST) - share_until(t, TUNE_GRID));
    unsigned levels = 0, most = most_new(budget, TUNE_CARRIED);
    for (unsigned k = t->space.n_grid; k < t->space.n_knobs; k++)
        levels += t->space.knobs[k].n_levels - 1;
    t->plan.n_rest_points = BASES * levels < most ? BASES * levels : most;
    t->plan.is_thinned |= BASES * levels > most;
}

/* How often a field of n is halved until few are left. */
static unsigned rungs_of(unsigned n)
{
    unsigned rungs = 1;
    for (; n > TUNE_CARRIED; n = (n + 1) / 2)
        rungs++;
    return rungs;
}

static void enter(struct tune *t, enum tune_phase phase)
{
    t->phase = phase;
    t->phase_begin = t->spent;
    t->phase_budget = budget_of_search(t) * share_until(t, phase) - t->spent;
    t->phase_block = t->n_blocks;
    t->n_cuts = 0;
    t->n_rungs = rungs_of(tune_race_n(t));
}

int tune_begin(const struct tune_space *space, const struct tune_options *options,
               struct tune **out, double *least_budget, struct err *err)
{
    const struct tune_point nothing_set = {{0}};
    unsigned ignored;
    struct tune *t = calloc(1, sizeof(*t));
    *out = t;
    if (!t)
        return err_set(err, ENOMEM, "no memory for a search");
    t->space = *space;
    t->options = *options;
    t->confirm_block = UINT_MAX;
    int rc = check_space(space, err);
    if (rc == 0)
        rc = check_objective(&options->objective, err);
    if (rc == 0)
        rc = share_out(t, least_budget, err);
    if (rc < 0)
        return rc;
    tune_points_thin(t, budget_of_search(t) * share_until(t, TUNE_GRID) * FIRST_SHARE / FIRST_LOOK);
    if (has_rest(t))
        plan_rest(t);
    rc = tune_points_add(t, &nothing_set, &ignored, err);
    if (rc == 0)
        rc = tune_points_grid(t, err);
    if (rc == 0)
        enter(t, TUNE_GRID);
    return rc;
}

void tune_end(struct tune *t)
{
    for (unsigned i = 0; t && i < t->n_runners; i++) {
        free(t->runners[i].told);
        free(t->runners[i].failure);
    }
    if (t)
        free(t->runners);
    free(t);
}

/* Leaves the best few in the race; `from` gets them and the default, by rank. */
static unsigned carry(struct tune *t, unsigned *from)
{
    unsigned order[TUNE_POINTS_MAX], n = tune_race_rank(t, order), n_from = 0, n_carried = 0;
    for (unsigned i = 0; i < n; i++) {
        if (order[i] != 0 && n_carried == TUNE_CARRIED) {
            t->runners[order[i]].state = TUNE_OUTRANKED;
            continue;
        }
        n_carried += order[i] != 0;
        from[n_from++] = order[i];
    }
    return n_from;
}

/* The default is one of the first BASES: what helps only without the thresholds is seen beside it. */
static unsigned choose_bases(unsigned *from, unsigned n)
{
    if (n <= BASES)
        return n;
    bool has_default = false;
    for (unsigned i = 0; i < BASES; i++)
        has_default |= from[i] == 0;
    if (!has_default)
        from[BASES - 1] = 0;
    return BASES;
}

static int begin_rest(struct tune *t, struct err *err)
{
    unsigned from[TUNE_POINTS_MAX], n = carry(t, from);
    double budget = budget_of_search(t) * share_until(t, TUNE_REST) - t->spent;
    unsigned most = most_new(budget, n);
    int rc = tune_points_rest(t, from, choose_bases(from, n), most, err);
    enter(t, TUNE_REST);
    return rc;
}

static int begin_combine(struct tune *t, struct err *err)
{
    unsigned from[TUNE_POINTS_MAX], n = carry(t, from), n_from = 0;
    unsigned most = most_new(budget_of_search(t) - t->spent, n);
    for (unsigned i = 0; i < n; i++)
        if (from[i] != 0)
            from[n_from++] = from[i];
    int rc = tune_points_combine(t, from, n_from, most, err);
    enter(t, TUNE_COMBINE);
    return rc;
}

static void begin_confirm(struct tune *t)
{
    struct tune_plan *p = &t->plan;
    t->n_candidates = tune_race_candidates(t, p->n_candidates, t->candidates);
    t->confirm_block = t->phase_block = t->n_blocks;
    t->phase = t->n_candidates == 0 ? TUNE_DONE : TUNE_CONFIRM;
    p->n_confirm_blocks = confirm_blocks(t, p->confirm_trials, t->n_candidates);
}

static int begin_next_phase(struct tune *t, struct err *err)
{
    if (t->hurried || t->phase == TUNE_COMBINE) {
        begin_confirm(t);
        return 0;
    }
    return t->phase == TUNE_GRID && has_rest(t) ? begin_rest(t, err) : begin_combine(t, err);
}

static bool is_search(const struct tune *t)
{
    return t->phase < TUNE_CONFIRM;
}

/* Of a phase of the search, before its next block. */
static bool is_over(const struct tune *t)
{
    unsigned n = tune_race_n(t), blocks = t->n_blocks - t->phase_block;
    double left = t->phase_begin + t->phase_budget - t->spent;
    double all_left = budget_of_search(t) - t->spent;
    if (n == 0 || t->hurried || blocks >= BLOCKS_OF_PHASE)
        return true;
    return (blocks < FIRST_LOOK ? all_left : left) < n + 1;
}

/* What follows from a block that has been told. */
static void judge(struct tune *t)
{
    tune_race_drop(t);
    double spent = t->spent - t->phase_begin;
    if (t->n_blocks - t->phase_block < FIRST_LOOK || t->n_cuts + 1 >= t->n_rungs ||
        spent < t->phase_budget * (t->n_cuts + 1) / t->n_rungs)
        return;
    tune_race_halve(t);
    t->n_cuts++;
}

static bool is_candidate(const struct tune *t, unsigned point)
{
    for (unsigned i = 0; i < t->n_candidates; i++)
        if (t->candidates[i] == point)
            return t->runners[point].state != TUNE_FAILED;
    return false;
}

static bool is_confirmed(const struct tune *t)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->n_candidates; i++)
        n += is_candidate(t, t->candidates[i]);
    return n == 0 || t->n_blocks - t->phase_block >= t->plan.n_confirm_blocks;
}

/* The default and who is in the race, in random order. */
static void fill_block(struct tune *t)
{
    struct rng rng;
    t->n_block = 0;
    rng_seed(&rng, t->options.seed * 0x9e3779b97f4a7c15 + t->n_blocks);
    for (unsigned p = 0; p < t->n_runners; p++) {
        if (p > 0 && !(is_search(t) ? t->runners[p].state == TUNE_RACING : is_candidate(t, p)))
            continue;
        unsigned at = (unsigned)rng_below(&rng, t->n_block + 1);
        t->block[t->n_block] = t->block[at];
        t->block[at] = p;
        t->is_told[t->n_block++] = false;
    }
    t->n_blocks++;
}

static int check_block(const struct tune *t, struct err *err)
{
    if (t->n_blocks > 0 && t->runners[0].state == TUNE_FAILED)
        return err_set(err, EIO,
                       "the default itself failed, and nothing can be compared with it: %s",
                       t->runners[0].failure);
    for (unsigned i = 0; i < t->n_block; i++)
        if (!t->is_told[i])
            return err_set(err, EINVAL, "point %u of the block was not told", t->block[i]);
    return 0;
}

/* Whether the trials of the block that has been filled are to measure all. */
static bool looks(const struct tune *t)
{
    if (t->options.looks_always)
        return true;
    return t->phase == TUNE_CONFIRM && t->n_blocks - t->phase_block <= look_blocks(t);
}

int tune_next(struct tune *t, struct tune_block *out, struct err *err)
{
    int rc = check_block(t, err);
    if (rc == 0 && is_search(t) && t->n_block > 0)
        judge(t);
    t->n_block = 0;
    while (rc == 0 && is_search(t) && is_over(t))
        rc = begin_next_phase(t, err);
    if (rc < 0)
        return rc;
    if (t->phase == TUNE_CONFIRM && is_confirmed(t))
        t->phase = TUNE_DONE;
    if (t->phase != TUNE_DONE)
        fill_block(t);
    *out = (struct tune_block){.number = t->n_block > 0 ? t->n_blocks - 1 : t->n_blocks,
                               .phase = t->phase,
                               .looks = looks(t),
                               .points = t->block,
                               .n_points = t->n_block};
    return 0;
}

static int add_told(struct tune_runner *r, unsigned block, const double *figures, struct err *err)
{
    if (r->n_told == r->room) {
        unsigned room = r->room ? 2 * r->room : 8;
        struct tune_told *more = reallocarray(r->told, room, sizeof(*more));
        if (!more)
            return err_set(err, ENOMEM, "no memory for the outcomes of a search");
        r->told = more;
        r->room = room;
    }
    r->told[r->n_told].block = block;
    memcpy(r->told[r->n_told++].figures, figures, sizeof(r->told->figures));
    return 0;
}

static int fail(struct tune_runner *r, const char *sentence, struct err *err)
{
    free(r->failure);
    r->failure = strndup(sentence, TUNE_REASON_BYTES - 1);
    r->state = TUNE_FAILED;
    return r->failure ? 0 : err_set(err, ENOMEM, "no memory for the outcomes of a search");
}

int tune_tell(struct tune *t, unsigned point, const struct tune_outcome *outcome, struct err *err)
{
    unsigned i = 0;
    while (i < t->n_block && t->block[i] != point)
        i++;
    if (i == t->n_block || t->is_told[i])
        return err_set(err, EINVAL, "point %u is not to be told in this block", point);
    t->is_told[i] = true;
    t->spent += isfinite(outcome->weight) && outcome->weight > 0 ? outcome->weight : 1;
    struct tune_runner *r = &t->runners[point];
    return outcome->failure ? fail(r, outcome->failure, err)
                            : add_told(r, t->n_blocks - 1, outcome->figures, err);
}

void tune_hurry(struct tune *t)
{
    t->hurried = true;
}

const struct tune_plan *tune_plan(const struct tune *t)
{
    return &t->plan;
}

double tune_spent(const struct tune *t)
{
    return t->spent;
}

unsigned tune_n_points(const struct tune *t)
{
    return t->n_runners;
}

const struct tune_point *tune_point(const struct tune *t, unsigned point)
{
    return &t->runners[point].point;
}
