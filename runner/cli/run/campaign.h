/*
 * A run under way: every cell with every subject, block after block. Inside a block the trials come
 * in an order drawn from the seed and the block's number, cell by cell (order.h), so that a run
 * that goes on later draws the same; what an interruption cut off of a cell is measured later.
 *
 * A shard of a run is whole blocks of it, and for the second pass whole cells: what is compared with each other is
 * measured on one machine.
 */
#pragma once

#include "cell.h"
#include "frequency_range.h"
#include "ledger.h"
#include "run_config.h"
#include "size_classes.h"
#include "store.h"
#include "subject.h"
#include "topology.h"

struct campaign {
    const struct run_config *config;
    const struct places *places;
    struct topology *topology;
    struct subject *subjects;
    uint32_t n_subjects;
    struct cell *cells;
    struct placement *placements; /* one per cell */
    uint32_t n_cells;
    uint32_t threads_most;    /* of the counts asked for */
    bool threads_follow_cpus; /* one of them is so many times the CPUs */
    struct size_classes classes; /* that plans are aimed at, if any cell wants them */
    struct store *store;
    int64_t run_id;
    struct store_shard row; /* who executes a shard; the caller fills in all but the ordinal */
    struct ledger ledger;
    struct frequency_range frequency;
    uint8_t *surveys; /* [cell][subject], see campaign_survey.c; NULL without the second pass */
    uint32_t n_surveys, n_surveyed; /* of the whole run, those left out not counted */
    bool was_finished;              /* before this campaign */
    uint64_t n_failed;              /* now */
    bool interrupted;
};

/*
 * Reads the lists of the configuration, chooses a baseline where it names none, and makes the
 * plans. Writes the lists back into the configuration as they hold from any folder: paths made
 * real; and, where a plan wants them, the size classes of the allocators, unless they stand there: a run
 * that goes on makes the plans that it began with. Notes that are no errors (a workload left out at a thread count it does not have) go to
 * stderr. The caller calls campaign_release() in any case.
 */
int campaign_prepare(struct campaign *c, struct run_config *config, const struct places *places,
                     struct err *err) MUST_CHECK;

/*
 * Reads the lists likewise, but makes no plan: how many cells there would be. A workload left out is
 * not noted.
 */
int campaign_count(struct campaign *c, struct run_config *config, const struct places *places,
                   uint32_t *n_cells, struct err *err) MUST_CHECK;

/* As the store wants it; the texts are the cell's. */
struct store_cell campaign_describe_cell(const struct cell *cell);

/*
 * Whether the workloads are those that a stored run was begun with, and the machine is. -EINVAL with what
 * differs.
 */
int campaign_check_same(const struct campaign *c, const struct store_run *run,
                        struct err *err) MUST_CHECK;

/* The ledger of a prepared campaign, with nothing done; for campaign_begin and campaign_resume. */
int campaign_open_ledger(struct campaign *c, struct err *err) MUST_CHECK;

/* Stores a new run and makes the campaign its executor. */
int campaign_begin(struct campaign *c, struct store *store, struct err *err) MUST_CHECK;

/*
 * Goes on with a stored run, which must have been begun with the same configuration, on the same
 * machine: -EINVAL with what differs.
 */
int campaign_resume(struct campaign *c, struct store *store, const struct store_run *run,
                    struct err *err) MUST_CHECK;

/* What is open of the run: trials and surveys. */
bool campaign_is_complete(const struct campaign *c);

/*
 * Executes what is missing. Failed trials are results. Ends early on SIGINT and SIGTERM, with
 * `interrupted` set. 0, or a negative errno when the store failed.
 */
int campaign_execute(struct campaign *c, struct err *err) MUST_CHECK;

void campaign_release(struct campaign *c);
