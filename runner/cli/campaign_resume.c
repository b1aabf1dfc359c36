/* Going on with a stored run: the same plans, the same machine, and what was done before. */
#include <errno.h>
#include <string.h>

#include "campaign.h"
#include "campaign_survey.h"
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

static const char *find_fact(const struct store_fact *facts, uint32_t n, const char *key)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(facts[i].key, key) == 0)
            return facts[i].value;
    return NULL;
}

/* Trials of two machines, or of one before and after it was changed, cannot be compared. */
static int check_machine(const struct campaign *c, const struct store_run *run, struct err *err)
{
    static const char *const keys[] = {"cpu_model",   "cpus_online",    "topology",
                                       "cpus_chosen", "kernel_release", "libc_version",
                                       "thp_enabled"};
    static struct run_facts now;
    run_facts_read(&now, c->topology);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *was = find_fact(run->facts, run->n_facts, keys[i]);
        const char *is = find_fact(now.facts, now.n, keys[i]);
        if (was && is && strcmp(was, is) != 0)
            return err_set(err, EINVAL,
                           "run %s was begun on another machine or another state of this one: "
                           "%s was '%s' and is '%s' now; begin a new run",
                           run->name, keys[i], was, is);
    }
    return 0;
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
