#include "shard_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "campaign.h"
#include "command.h"
#include "comparable.h"
#include "shard_file.h"

/* One shard under way. */
struct attempt {
    const struct shard *shard;
    struct shard_file file;
    struct campaign campaign;
    struct store *draft;
};

static int load_latest(struct store *store, struct store_run *run, struct err *err)
{
    int64_t id;
    int rc = store_find_run(store, "", &id, err);
    return rc < 0 ? rc : store_load_run(store, id, run, err);
}

/* Whether what is stored as this shard is it. */
static int check_complete(const struct attempt *a, const struct store_run *then,
                          const struct store_run *now, struct err *err)
{
    if (then->n_held != 1 || then->shards[0].ordinal != a->shard->index || !then->finished_s)
        return err_set(err, EINVAL, "it is not shard %u of %u, complete", a->shard->index,
                       a->shard->n);
    return comparable_same(then, now, err);
}

/* 1 when the folder has the shard already, 0 when not, -EINVAL when what it has is of another run. */
static int find_complete(const struct attempt *a, struct err *err)
{
    struct store_run then = {0}, now = {0};
    struct store *store;
    struct stat info;
    if (lstat(a->file.path, &info) < 0) /* a link that leads nowhere is in the way, too */
        return 0;
    int rc = store_open(a->file.path, STORE_READ, &store, err);
    if (rc == 0)
        rc = load_latest(store, &then, err);
    if (rc == 0)
        rc = load_latest(a->draft, &now, err);
    if (rc == 0)
        rc = check_complete(a, &then, &now, err);
    if (rc < 0)
        err_prefix(err, "there is a file %s: name another folder, or remove it", a->file.path);
    store_run_release(&then);
    store_run_release(&now);
    store_close(store);
    return rc < 0 ? rc : 1;
}

static int begin(struct attempt *a, struct err *err)
{
    int rc = store_open(a->file.draft, STORE_NEW, &a->draft, err);
    if (rc < 0)
        return rc;
    a->campaign.row = (struct store_shard){.attempt = a->file.attempt, .host = a->file.host};
    return campaign_begin(&a->campaign, a->draft, err);
}

static void tell(const struct attempt *a, const char *how)
{
    fprintf(stderr, "shard %u of %u %s\n", a->shard->index, a->shard->n, how);
}

static int publish(struct attempt *a, struct err *err)
{
    const struct ledger *l = &a->campaign.ledger;
    int rc = shard_file_publish(&a->file, err);
    if (rc == -EEXIST) {
        tell(a, "was completed by another attempt meanwhile: this one's is dropped");
        return EXIT_GOOD;
    }
    if (rc < 0)
        return rc;
    fprintf(stderr, "shard %u of %u is complete: %lu trials", a->shard->index, a->shard->n,
            l->n_done);
    if (a->campaign.n_surveys > 0)
        fprintf(stderr, " and %u survey%s", a->campaign.n_surveyed,
                a->campaign.n_surveyed == 1 ? "" : "s");
    if (a->campaign.n_failed > 0)
        fprintf(stderr, ", %lu of them failed", a->campaign.n_failed);
    fprintf(stderr, ", in %s\n", a->file.path);
    return EXIT_GOOD;
}

static int execute(struct attempt *a, struct err *err)
{
    int found = find_complete(a, err);
    if (found < 0)
        return found;
    if (found > 0) {
        tell(a, "is complete already: nothing was left to do");
        return EXIT_GOOD;
    }
    int rc = campaign_execute(&a->campaign, err);
    if (rc < 0)
        return rc;
    if (a->campaign.interrupted) {
        tell(a, "was interrupted and is dropped: start it again");
        return EXIT_INTERRUPTED;
    }
    store_close(a->draft);
    a->draft = NULL;
    return publish(a, err);
}

int shard_run(struct run_config *config, const struct places *places, const char *folder,
              struct err *err)
{
    struct attempt a = {.shard = &config->shard};
    if (config->shard.n > config->blocks)
        return err_set(err, EINVAL,
                       "a shard is whole blocks, and there are %u: no more than so many shards, "
                       "not %u; or more --blocks",
                       config->blocks, config->shard.n);
    int rc = shard_file_name(&a.file, folder, &config->shard, err);
    if (rc == 0)
        rc = campaign_prepare(&a.campaign, config, places, err);
    if (rc == 0)
        rc = begin(&a, err);
    if (rc == 0)
        rc = execute(&a, err);
    bool has_draft = a.draft != NULL;
    campaign_release(&a.campaign);
    store_close(a.draft);
    if (has_draft)
        shard_file_discard(&a.file);
    return rc;
}
