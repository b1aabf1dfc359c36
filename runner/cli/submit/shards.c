#include "shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shard_file.h"
#include "text.h"

/* It got its name when it was complete; but what was damaged since, or put there by hand, does not count. */
static bool is_shard(const struct store_run *run, const struct shard *shard)
{
    return run->n_shards == shard->n && run->n_held == 1 &&
           run->shards[0].ordinal == shard->index && run->finished_s > 0;
}

/* What the file tells still when Slurm has forgotten its task. */
static void take(const struct store_run *run, struct shard_found *out)
{
    const struct store_shard *row = &run->shards[0];
    *out = (struct shard_found){.is_whole = true,
                                .seconds = (double)(run->finished_s - run->started_s)};
    text_format(out->host, sizeof(out->host), "%s", row->host);
    sscanf(row->attempt, "%*20[0-9]_%*20[0-9]-r%9u-", &out->n_restarts);
}

static void look(const char *path, const struct shard *shard, struct shard_found *out)
{
    struct store *store;
    struct store_run run = {.id = 0};
    struct err ignored;
    int64_t id;
    if (access(path, R_OK) < 0 || store_open(path, STORE_READ, &store, &ignored) < 0)
        return;
    if (store_find_run(store, "", &id, &ignored) == 0 &&
        store_load_run(store, id, &run, &ignored) == 0 && is_shard(&run, shard))
        take(&run, out);
    store_run_release(&run);
    store_close(store);
}

int shards_look(const char *folder, uint32_t n, struct shard_found *found, struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        struct shard shard = {.index = i, .n = n};
        struct shard_file file;
        int rc = shard_file_name(&file, folder, &shard, err);
        if (rc < 0)
            return rc;
        found[i] = (struct shard_found){.is_whole = false};
        look(file.path, &shard, &found[i]);
    }
    return 0;
}

/* A file of runs being looked at. */
struct look {
    struct store *store;
    struct shards_merged found;
    uint32_t n;
    bool *held; /* by shard */
};

static int note_run(void *context, const struct store_run_line *line, struct err *err)
{
    struct look *look = context;
    struct store_run run;
    int rc = store_load_run(look->store, line->id, &run, err);
    if (rc < 0)
        return rc;
    bool is_of_it = run.n_shards == look->n;
    look->found.n_runs += is_of_it;
    for (uint32_t i = 0; is_of_it && i < run.n_held; i++) {
        bool *held = &look->held[run.shards[i].ordinal];
        look->found.n_shards += !*held;
        *held = true;
    }
    store_run_release(&run);
    return 0;
}

struct shards_merged shards_look_merged(const char *file, uint32_t n)
{
    struct look look = {.n = n, .held = calloc(n, sizeof(bool))};
    struct err ignored;
    if (look.held && access(file, R_OK) == 0 &&
        store_open(file, STORE_READ, &look.store, &ignored) == 0) {
        if (store_list_runs(look.store, note_run, &look, &ignored) < 0)
            look.found = (struct shards_merged){0};
        store_close(look.store);
    }
    free(look.held);
    return look.found;
}
