#include "campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign_survey.h"
#include "run_facts.h"

struct store_cell campaign_describe_cell(const struct cell *cell)
{
    return (struct store_cell){
        .workload = cell->name,
        .threads = cell->threads,
        .calls_per_pass = cell->plan->facts.calls,
        .frees = cell->frees,
        .remote_frees = cell->remote_frees,
        .peak_live_bytes = cell->plan->facts.peak_live_bytes,
        .live_error_bytes = cell->profile.threads ? cell->profile.error_bytes : TRIAL_LIVE_UNKNOWN,
        .bound_bytes = cell->bound_bytes,
    };
}

/* The run as the store wants it; the arrays are the caller's to free. */
static int describe(const struct campaign *c, struct store_run *run, struct err *err)
{
    struct store_subject *subjects = calloc(c->n_subjects, sizeof(*subjects));
    struct store_cell *cells = calloc(c->n_cells, sizeof(*cells));
    run->subjects = subjects;
    run->cells = cells;
    run->manifest = run_config_to_json(c->config);
    if (!subjects || !cells || !run->manifest)
        return err_set(err, ENOMEM, "out of memory");
    for (uint32_t i = 0; i < c->n_subjects; i++) {
        const struct subject *s = &c->subjects[i];
        const char *setting = strchr(s->name, ':');
        subjects[i] = (struct store_subject){.name = s->name,
                                             .allocator = s->label,
                                             .library = s->library,
                                             .setting = setting ? setting + 1 : ""};
    }
    for (uint32_t i = 0; i < c->n_cells; i++)
        cells[i] = campaign_describe_cell(&c->cells[i]);
    return 0;
}

int campaign_open_ledger(struct campaign *c, struct err *err)
{
    struct ledger_size size = {.n_blocks = c->config->blocks,
                               .shard = c->config->shard,
                               .n_cells = c->n_cells,
                               .n_subjects = c->n_subjects,
                               .budget_ns = (uint64_t)(c->config->budget_s * 1e9)};
    while (size.baseline < c->n_subjects &&
           strcmp(c->subjects[size.baseline].name, c->config->baseline) != 0)
        size.baseline++;
    return ledger_init(&c->ledger, &size, err);
}

int campaign_begin(struct campaign *c, struct store *store, struct err *err)
{
    struct store_run run = {.started_s = time(NULL),
                            .program_version = ARENABENCH_VERSION,
                            .baseline = c->config->baseline,
                            .seed = c->config->seed,
                            .n_blocks = c->config->blocks,
                            .n_shards = c->config->shard.n,
                            .n_subjects = c->n_subjects,
                            .n_cells = c->n_cells};
    static struct run_facts facts;
    c->store = store;
    c->row.ordinal = c->config->shard.index;
    c->row.started_s = run.started_s;
    run.shards = &c->row;
    run.n_held = c->config->shard.n > 0;
    int rc = campaign_open_ledger(c, err);
    run_facts_read(&facts, c->topology);
    if (c->config->classes)
        run_facts_add(&facts, RUN_FACT_CLASSES,
                      c->config->classes[0] ? c->config->classes : "none");
    run.facts = facts.facts;
    run.n_facts = facts.n;
    if (rc == 0)
        rc = describe(c, &run, err);
    if (rc == 0)
        rc = store_run_begin(store, &run, &c->run_id, err);
    if (rc == 0)
        rc = campaign_open_surveys(c, err);
    free((void *)run.subjects);
    free((void *)run.cells);
    free((void *)run.manifest);
    return rc;
}
