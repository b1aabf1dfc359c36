/* Executes a campaign's trials, one after the other, and stores each as it ends. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "campaign.h"
#include "campaign_survey.h"
#include "cell_trial.h"
#include "order.h"
#include "progress.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

static void execute_trial(struct campaign *c, const struct store_place *place,
                          struct trial_result *result)
{
    const struct cell_trial trial = {c->config, c->places, c->topology, &interrupted};
    cell_trial_execute(&trial, &c->cells[place->cell], &c->subjects[place->subject],
                       &c->placements[place->cell], result);
}

/* One step of the order: execute, store. *stop: the user wants no more. */
static int do_trial(struct campaign *c, const struct store_place *place, bool *stop,
                    struct err *err)
{
    struct trial_result result;
    int rc = 0;
    execute_trial(c, place, &result);
    *stop = result.status == TRIAL_INTERRUPTED;
    if (!*stop) {
        ledger_prove(&c->ledger, place->subject, &result);
        rc = store_add_trial(c->store, c->run_id, place, &result, err);
        rc = rc == -EEXIST ? 0 : rc; /* another runner was first */
        c->n_failed += result.status != TRIAL_OK;
        ledger_note(&c->ledger, place, &result);
    }
    trial_result_release(&result);
    return rc;
}

static void show(struct progress *progress, const struct campaign *c,
                 const struct store_place *place)
{
    const struct cell *cell = &c->cells[place->cell];
    progress->total = c->ledger.n_trials - c->ledger.n_given_up;
    progress->done = c->ledger.n_done;
    progress_show(progress, "block %u of %u: %s, %u thread%s, %s", place->block + 1,
                  c->config->blocks, cell->name, cell->threads, cell->threads == 1 ? "" : "s",
                  c->subjects[place->subject].name);
}

static int do_block(struct campaign *c, uint32_t block, uint32_t *order, struct progress *progress,
                    struct err *err)
{
    uint32_t n = c->n_cells * c->n_subjects;
    int rc = 0;
    bool stop = false, any = false;
    order_block(order, c->n_cells, c->n_subjects, c->config->seed, block);
    for (uint32_t i = 0; i < n && rc == 0 && !stop; i++) {
        struct store_place place = {.cell = order[i] / c->n_subjects,
                                    .subject = order[i] % c->n_subjects,
                                    .block = block,
                                    .position = i};
        if (!ledger_is_open(&c->ledger, &place))
            continue;
        show(progress, c, &place);
        if (!any)
            rc = frequency_range_note(&c->frequency, c->store, c->run_id, block, err);
        any = true;
        if (rc == 0)
            rc = do_trial(c, &place, &stop, err);
    }
    if (rc == 0 && any)
        rc = frequency_range_note(&c->frequency, c->store, c->run_id, block, err);
    c->interrupted |= stop;
    return rc;
}

static int do_blocks(struct campaign *c, struct err *err)
{
    struct progress progress;
    uint32_t *order = calloc((size_t)c->n_cells * c->n_subjects, sizeof(*order));
    if (!order)
        return err_set(err, ENOMEM, "out of memory");
    int rc = 0;
    progress_init(&progress, c->ledger.n_trials, c->ledger.n_done, c->config->seconds + 0.05);
    for (uint32_t b = 0; b < c->config->blocks && rc == 0 && !c->interrupted; b++)
        rc = do_block(c, b, order, &progress, err);
    progress_clear(&progress);
    free(order);
    return rc;
}

bool campaign_is_complete(const struct campaign *c)
{
    return ledger_n_open(&c->ledger) == 0 && c->n_surveyed == c->n_surveys;
}

int campaign_execute(struct campaign *c, struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    interrupted = 0;
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    int rc = do_blocks(c, err);
    if (rc == 0 && !c->interrupted)
        rc = campaign_survey(c, &interrupted, err);
    if (rc == 0 && !c->interrupted && !c->was_finished)
        rc = store_run_finish(c->store, c->run_id, time(NULL), err);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    return rc;
}
