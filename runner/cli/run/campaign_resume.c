/* Going on with a stored run: the same plans, the same machine, and what was done before. */
#include <errno.h>
#include <string.h>

#include "campaign.h"
#include "campaign_survey.h"
#include "comparable.h"
#include "run_facts.h"

/* The plans made now must be those that were begun with. */
static int check_plans(const struct campaign *c, const struct store_run *run, struct err *err)
{
    if (run->n_cells != c->n_cells)
        return err_set(err, EINVAL, "run %s has other workloads now", run->name);
    for (uint32_t i = 0; i < c->n_cells; i++) {
        const struct store_cell *then = &run->cells[i];
        const struct cell *now = &c->cells[i];
        if (strcmp(then->workload, now->name) != 0 || then->threads != now->threads ||
            then->calls_per_pass != now->plan->facts.calls ||
            then->peak_live_bytes != now->plan->facts.peak_live_bytes)
            return err_set(err, EINVAL, "workload %s is another now than when run %s began",
                           then->workload, run->name);
    }
    return 0;
}

/* Trials of two machines, or of one before and after it was changed, cannot be compared. */
static int check_machine(const struct campaign *c, const struct store_run *run, struct err *err)
{
    static struct run_facts facts;
    run_facts_read(&facts, c->topology);
    const struct store_run now = {.facts = facts.facts, .n_facts = facts.n};
    const char *key = comparable_machine_differs(run, &now);
    if (!key)
        return 0;
    return err_set(err, EINVAL,
                   "run %s was begun on another machine or another state of this one: "
                   "%s was '%s' and is '%s' now; begin a new run",
                   run->name, key, store_run_fact(run, key), store_run_fact(&now, key));
}

int campaign_check_same(const struct campaign *c, const struct store_run *run, struct err *err)
{
    int rc = check_plans(c, run, err);
    return rc == 0 ? check_machine(c, run, err) : rc;
}

static int note(void *context, const struct store_trial *trial, struct err *err)
{
    struct ledger *ledger = context;
    if (!ledger_knows(ledger, &trial->place))
        return err_set(err, EINVAL, "the run holds trials that it was not to do");
    ledger_note(ledger, &trial->place, &trial->result);
    return 0;
}

int campaign_resume(struct campaign *c, struct store *store, const struct store_run *run,
                    struct err *err)
{
    c->store = store;
    c->run_id = run->id;
    c->was_finished = run->finished_s != 0;
    frequency_range_init(&c->frequency, run);
    if (run->n_subjects != c->n_subjects)
        return err_set(err, EINVAL, "run %s has other allocators now", run->name);
    int rc = campaign_check_same(c, run, err);
    if (rc == 0)
        rc = campaign_open_ledger(c, err);
    if (rc == 0)
        rc = store_each_trial(store, run->id, note, &c->ledger, err);
    return rc < 0 ? rc : campaign_open_surveys(c, err);
}
