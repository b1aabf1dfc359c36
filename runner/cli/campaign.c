#include "campaign.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "progress.h"
#include "rng.h"
#include "run_facts.h"
#include "text.h"
#include "trial_host.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

static uint8_t *done_at(const struct campaign *c, uint32_t block, uint32_t cell, uint32_t subject)
{
    return &c->done[((size_t)block * c->n_cells + cell) * c->n_subjects + subject];
}

static int make_done(struct campaign *c, struct err *err)
{
    c->done = calloc(c->n_trials, 1);
    return c->done ? 0 : err_set(err, ENOMEM, "out of memory for %lu trials", c->n_trials);
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
    for (uint32_t i = 0; i < c->n_cells; i++) {
        const struct plan *plan = c->cells[i].plan;
        const struct plan_facts *facts = &plan->facts;
        bool loops = plan->flags & PLAN_LOOPS;
        cells[i] = (struct store_cell){.workload = c->cells[i].name,
                                       .threads = c->cells[i].threads,
                                       .calls_per_pass = facts->calls,
                                       .frees = loops ? facts->body_frees : facts->frees,
                                       .remote_frees =
                                           loops ? facts->body_remote_frees : facts->remote_frees,
                                       .peak_live_bytes = facts->peak_live_bytes};
    }
    return 0;
}

int campaign_begin(struct campaign *c, struct store *store, struct err *err)
{
    struct store_run run = {.started_s = time(NULL),
                            .program_version = ARENABENCH_VERSION,
                            .baseline = c->config->baseline,
                            .seed = c->config->seed,
                            .n_blocks = c->config->blocks,
                            .n_subjects = c->n_subjects,
                            .n_cells = c->n_cells};
    static struct run_facts facts;
    c->store = store;
    int rc = make_done(c, err);
    run_facts_read(&facts, c->topology);
    run.facts = facts.facts;
    run.n_facts = facts.n;
    if (rc == 0)
        rc = describe(c, &run, err);
    if (rc == 0)
        rc = store_run_begin(store, &run, &c->run_id, err);
    free((void *)run.subjects);
    free((void *)run.cells);
    free((void *)run.manifest);
    return rc;
}

static int note_done(void *context, const struct store_place *place, struct err *err)
{
    struct campaign *c = context;
    if (place->block >= c->config->blocks || place->cell >= c->n_cells ||
        place->subject >= c->n_subjects)
        return err_set(err, EINVAL, "the run holds trials that it was not to do");
    *done_at(c, place->block, place->cell, place->subject) = 1;
    c->n_done++;
    return 0;
}

/* The plans made now must be those that were begun with. */
static int check_same(const struct campaign *c, const struct store_run *run, struct err *err)
{
    if (run->n_cells != c->n_cells || run->n_subjects != c->n_subjects)
        return err_set(err, EINVAL, "run %s has other workloads or allocators now", run->name);
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

int campaign_resume(struct campaign *c, struct store *store, const struct store_run *run,
                    struct err *err)
{
    c->store = store;
    c->run_id = run->id;
    int rc = check_same(c, run, err);
    if (rc == 0)
        rc = make_done(c, err);
    if (rc == 0)
        rc = store_done_trials(store, run->id, note_done, c, err);
    return rc;
}

/* A generous bound: nobody waits a microsecond per operation, and start-up takes its time. */
static uint64_t time_limit_ns(const struct campaign *c, const struct plan *plan)
{
    if (c->config->limit_s > 0)
        return (uint64_t)(c->config->limit_s * 1e9);
    return (uint64_t)(c->config->seconds * 20e9) + 10 * NS_PER_S + plan->n_ops * 2000;
}

static void execute_trial(struct campaign *c, const struct store_place *place,
                          struct trial_result *result)
{
    const struct subject *subject = &c->subjects[place->subject];
    const struct cell *cell = &c->cells[place->cell];
    const char *environment[64] = {0};
    char worker[PATH_MAX + 64];
    for (size_t i = 0; i < subject->n_environment && i + 1 < ARRAY_SIZE(environment); i++)
        environment[i] = subject->environment[i];
    text_format(worker, sizeof(worker), "%s/%s", c->places->workers, subject->allocator->worker);
    struct trial_request request = {
        .worker = worker,
        .environment = environment,
        .supplier = subject_supplier(subject),
        .plan_fd = cell->fd,
        .plan = cell->plan,
        .touch = c->config->touch,
        .run_ns = (uint64_t)(c->config->seconds * 1e9),
        .time_limit_ns = time_limit_ns(c, cell->plan),
        .topology = c->topology,
        .placement = &c->placements[place->cell],
        .interrupted = &interrupted,
    };
    host_trial(&request, result);
}

/* A subject that hangs, or is not who it says, will do so in every block: the rest is given up. */
static void give_up(struct campaign *c, const struct store_place *place)
{
    for (uint32_t b = place->block; b < c->config->blocks; b++)
        *done_at(c, b, place->cell, place->subject) = 1;
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
        rc = store_add_trial(c->store, c->run_id, place, &result, err);
        rc = rc == -EEXIST ? 0 : rc; /* another runner was first */
        c->n_done++;
        c->n_failed += result.status != TRIAL_OK;
        *done_at(c, place->block, place->cell, place->subject) = 1;
        if (result.status == TRIAL_HUNG || result.status == TRIAL_NOT_SUBJECT)
            give_up(c, place);
    }
    trial_result_release(&result);
    return rc;
}

/* The order of a block: a permutation of cell x subject that seed and block determine. */
static void shuffle(uint32_t *order, uint32_t n, uint64_t seed, uint32_t block)
{
    struct rng rng;
    rng_seed(&rng, seed * 0x9e3779b97f4a7c15 + block);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = (uint32_t)rng_below(&rng, i), swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}

static int do_block(struct campaign *c, uint32_t block, uint32_t *order, struct progress *progress,
                    struct err *err)
{
    uint32_t n = c->n_cells * c->n_subjects;
    int rc = 0;
    bool stop = false;
    shuffle(order, n, c->config->seed, block);
    for (uint32_t i = 0; i < n && rc == 0 && !stop; i++) {
        struct store_place place = {.cell = order[i] / c->n_subjects,
                                    .subject = order[i] % c->n_subjects,
                                    .block = block,
                                    .position = i};
        if (*done_at(c, block, place.cell, place.subject))
            continue;
        progress_show(progress, "block %u of %u: %s, %u thread%s, %s", block + 1, c->config->blocks,
                      c->cells[place.cell].name, c->cells[place.cell].threads,
                      c->cells[place.cell].threads > 1 ? "s" : "", c->subjects[place.subject].name);
        rc = do_trial(c, &place, &stop, err);
        progress_step(progress);
    }
    c->interrupted |= stop;
    return rc;
}

int campaign_execute(struct campaign *c, struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    struct progress progress;
    uint32_t *order = calloc((size_t)c->n_cells * c->n_subjects, sizeof(*order));
    if (!order)
        return err_set(err, ENOMEM, "out of memory");
    interrupted = 0;
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);

    int rc = 0;
    progress_init(&progress, c->n_trials, c->n_done, c->config->seconds + 0.05);
    for (uint32_t b = 0; b < c->config->blocks && rc == 0 && !c->interrupted; b++)
        rc = do_block(c, b, order, &progress, err);
    progress_clear(&progress);
    if (rc == 0 && !c->interrupted)
        rc = store_run_finish(c->store, c->run_id, time(NULL), err);

    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    free(order);
    return rc;
}
