/* A run as it is to be added, checked: what is not to be believed must not come among what is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "merge_internal.h"
#include "store_survey.h"
#include "survey.h"
#include "text.h"

struct reading {
    struct store *store;
    const volatile sig_atomic_t *stop;
    struct merge_run *r;
};

static int refuse(const struct reading *g, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "run %s of it is damaged: %s", g->r->run.name, what);
}

static bool has_block(const struct merge_run *r, uint32_t block)
{
    return block < r->run.n_blocks && (!r->held || r->held[block % r->run.n_shards]);
}

static void note_build(struct merge_run *r, const struct store_trial *t)
{
    struct merge_build *b = &r->builds[t->place.subject];
    if (b->is_known || t->result.status != TRIAL_OK)
        return;
    b->is_known = true;
    text_format(b->path, sizeof(b->path), "%s", t->result.malloc_path);
    text_format(b->build_id, sizeof(b->build_id), "%s", t->result.build_id);
    text_format(b->version, sizeof(b->version), "%s", t->result.version);
}

static int check_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct reading *g = context;
    struct trial_sample *samples;
    size_t n_samples;
    if (g->stop && *g->stop)
        return err_set(err, ECANCELED, "interrupted");
    if (t->place.cell >= g->r->run.n_cells || t->place.subject >= g->r->run.n_subjects)
        return refuse(g, "it has trials of no workload or allocator of its own", err);
    if (!has_block(g->r, t->place.block))
        return refuse(g, "it has trials of blocks that are not its own", err);
    int rc = store_load_series(g->store, t->id, &samples, &n_samples, err);
    free(samples);
    note_build(g->r, t);
    g->r->n_trials++;
    return rc;
}

static int check_survey(void *context, const struct store_survey *s, struct err *err)
{
    struct reading *g = context;
    struct survey found;
    if (s->cell >= g->r->run.n_cells || s->subject >= g->r->run.n_subjects)
        return refuse(g, "it has surveys of no workload or allocator of its own", err);
    int rc = store_load_survey(g->store, s->id, &found, err);
    survey_release(&found);
    return rc;
}

static uint64_t mhz_of(const struct store_run *run, const char *key)
{
    const char *value = store_run_fact(run, key);
    return value ? strtoul(value, NULL, 10) : 0;
}

static int note_shards(const struct reading *g, struct err *err)
{
    struct merge_run *r = g->r;
    for (uint32_t i = 0; i < r->run.n_held; i++) {
        const struct store_shard *s = &r->run.shards[i];
        if (!s->finished_s)
            return err_set(err, EINVAL, "shard %u of %u in it is not complete", s->ordinal,
                           r->run.n_shards);
        r->held[s->ordinal] = 1;
    }
    r->n_held = r->run.n_held;
    return r->n_held > 0 ? 0 : refuse(g, "it holds none of its shards", err);
}

int merge_read(struct store *store, int64_t run_id, const volatile sig_atomic_t *stop,
               struct merge_run *r, struct err *err)
{
    struct reading g = {store, stop, r};
    *r = (struct merge_run){0};
    int rc = store_load_run(store, run_id, &r->run, err);
    if (rc < 0)
        return rc;
    r->builds = calloc(r->run.n_subjects + 1, sizeof(*r->builds));
    r->held = r->run.n_shards ? calloc(r->run.n_shards, 1) : NULL;
    if (!r->builds || (r->run.n_shards && !r->held))
        return err_set(err, ENOMEM, "no memory for run %s", r->run.name);
    r->least_mhz = mhz_of(&r->run, FACT_CPU_MHZ_LEAST);
    r->most_mhz = mhz_of(&r->run, FACT_CPU_MHZ_MOST);
    if (r->held)
        rc = note_shards(&g, err);
    if (rc == 0)
        rc = store_each_trial(store, run_id, check_trial, &g, err);
    return rc == 0 ? store_each_survey(store, run_id, check_survey, &g, err) : rc;
}

void merge_run_release(struct merge_run *r)
{
    store_run_release(&r->run);
    free(r->builds);
    free(r->held);
    *r = (struct merge_run){0};
}
