/* Executes the search's blocks, trial by trial, and stores each trial as it ends. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "progress.h"
#include "text.h"
#include "trial_host.h"
#include "tune_figures.h"
#include "tuning.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

/* One block under way. */
struct doing {
    struct tuning *t;
    struct progress progress;
    struct tune_block block;
    size_t replayed; /* of t->told */
    uint64_t begun_ns;
    double spent_before; /* by those who worked on the run before */
};

/* What was stored of this point in this block; NULL: it is to be executed. */
static const struct tuning_told *find_told(const struct doing *d, unsigned point)
{
    const struct tuning *t = d->t;
    for (size_t i = d->replayed; i < t->n_told && t->told[i].block <= d->block.number; i++)
        if (t->told[i].block == d->block.number && t->told[i].subject == point)
            return &t->told[i];
    return NULL;
}

/* A subject that the run does not have yet; they come in the order of the points. */
static int store_subjects(struct tuning *t, unsigned *n_stored, struct err *err)
{
    int rc = 0;
    for (; rc == 0 && *n_stored < tune_n_points(t->tune); ++*n_stored) {
        const struct subject *s;
        rc = tuning_subject(t, *n_stored, &s, err);
        if (rc < 0)
            break;
        const struct store_subject subject = tuning_describe(s);
        rc = store_put_subject(t->campaign.store, t->campaign.run_id, *n_stored, &subject, err);
    }
    return rc;
}

static void show(struct doing *d, const struct subject *s)
{
    d->progress.done = (uint64_t)tune_spent(d->t->tune);
    if (d->progress.total <= d->progress.done)
        d->progress.total = d->progress.done + 1;
    progress_show(&d->progress, "%s, block %u, %u settings: %s", tune_phase_name(d->block.phase),
                  d->block.number + 1, d->block.n_points, s->name);
}

static int keep(struct doing *d, unsigned position, struct trial_result *result, struct err *err)
{
    struct tuning *t = d->t;
    struct campaign *c = &t->campaign;
    unsigned point = d->block.points[position];
    struct store_place place = {.subject = point, .block = d->block.number, .position = position};
    struct tune_outcome outcome;
    char *failure;
    ledger_prove(&c->ledger, 0, result);
    int rc = store_add_trial(c->store, c->run_id, &place, result, err);
    if (rc == -EEXIST)
        rc = err_set(err, EEXIST, "another process works on this run; go on with --resume later");
    place = (struct store_place){.block = d->block.number};
    if (point == 0)
        ledger_note(&c->ledger, &place, result);
    if (rc == 0)
        rc = tune_figures_take(t->config, &c->cells[0], result, &outcome, &failure, err);
    if (rc < 0)
        return rc;
    tuning_note_unproved(t, point, result);
    t->n_trials++;
    t->n_failed += result->status != TRIAL_OK;
    rc = tune_tell(t->tune, point, &outcome, err);
    free(failure);
    return rc;
}

static int do_trial(struct doing *d, unsigned position, struct err *err)
{
    struct tuning *t = d->t;
    const struct subject *subject;
    struct trial_result result;
    int rc = tuning_subject(t, d->block.points[position], &subject, err);
    if (rc < 0)
        return rc;
    show(d, subject);
    tuning_trial(t, subject, d->block.looks, &interrupted, &result);
    t->interrupted = result.status == TRIAL_INTERRUPTED;
    if (!t->interrupted)
        rc = keep(d, position, &result, err);
    trial_result_release(&result);
    return rc;
}

static int do_block(struct doing *d, struct err *err)
{
    struct tuning *t = d->t;
    struct campaign *c = &t->campaign;
    bool any = false;
    int rc = 0;
    for (unsigned i = 0; i < d->block.n_points && rc == 0 && !t->interrupted; i++) {
        const struct tuning_told *told = find_told(d, d->block.points[i]);
        if (told) {
            t->n_trials++;
            t->n_failed += told->failure != NULL;
            rc = tune_tell(t->tune, d->block.points[i], &told->outcome, err);
            continue;
        }
        if (!any)
            rc = frequency_range_note(&c->frequency, c->store, c->run_id, d->block.number, err);
        any = true;
        if (rc == 0)
            rc = do_trial(d, i, err);
    }
    while (d->replayed < t->n_told && t->told[d->replayed].block <= d->block.number)
        d->replayed++;
    return rc;
}

/* When the clock runs faster than the trials were thought to. */
static int look_at_clock(struct doing *d, unsigned next_block, struct err *err)
{
    struct tuning *t = d->t;
    const struct tune_config *c = t->config;
    char value[16];
    if (t->hurried_at != UINT_MAX) {
        if (next_block >= t->hurried_at)
            tune_hurry(t->tune);
        return 0;
    }
    double spent_s = (double)(clock_ns() - d->begun_ns) * 1e-9 + d->spent_before * c->trial_s;
    double kept_s = tune_plan(t->tune)->confirm_trials * c->trial_s;
    if (d->replayed < t->n_told || spent_s + kept_s < c->budget_s)
        return 0;
    t->hurried_at = next_block;
    tune_hurry(t->tune);
    text_format(value, sizeof(value), "%u", next_block);
    const struct store_fact fact = {.key = FACT_TUNE_HURRIED, .value = value};
    return store_add_fact(t->campaign.store, t->campaign.run_id, &fact, err);
}

static int note_confirmation(struct doing *d, struct err *err)
{
    char value[32];
    text_format(value, sizeof(value), "%u", d->block.number);
    const struct store_fact fact = {.key = FACT_TUNE_CONFIRMED, .value = value};
    return store_add_fact(d->t->campaign.store, d->t->campaign.run_id, &fact, err);
}

static int do_blocks(struct tuning *t, struct err *err)
{
    struct doing d = {.t = t, .begun_ns = clock_ns()};
    unsigned n_stored = 1;
    bool confirming = false;
    int rc = 0;
    const struct tune_plan *plan = tune_plan(t->tune);
    for (size_t i = 0; i < t->n_told; i++)
        d.spent_before += t->told[i].outcome.weight;
    progress_init(&d.progress, (uint64_t)(plan->search_trials + plan->confirm_trials),
                  (uint64_t)d.spent_before, t->config->trial_s);
    while (rc == 0 && !t->interrupted) {
        rc = look_at_clock(&d, t->n_blocks, err);
        if (rc == 0)
            rc = tune_next(t->tune, &d.block, err);
        if (rc < 0 || d.block.phase == TUNE_DONE)
            break;
        t->n_blocks = d.block.number + 1;
        rc = store_subjects(t, &n_stored, err);
        if (rc == 0 && d.block.phase == TUNE_CONFIRM && !confirming)
            rc = note_confirmation(&d, err);
        confirming |= d.block.phase == TUNE_CONFIRM;
        if (rc == 0)
            rc = do_block(&d, err);
    }
    progress_clear(&d.progress);
    return rc;
}

int tuning_execute(struct tuning *t, struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    interrupted = 0;
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    int rc = do_blocks(t, err);
    if (rc == 0 && !t->interrupted && !t->campaign.was_finished)
        rc = store_run_finish(t->campaign.store, t->campaign.run_id, time(NULL), err);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    return rc;
}
