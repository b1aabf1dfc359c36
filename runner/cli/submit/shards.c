#include "shards.h"

#include <unistd.h>

#include "shard_file.h"

/* It got its name when it was complete; but what was damaged since, or put there by hand, does not count. */
static bool is_shard(const struct store_run *run, const struct shard *shard)
{
    return run->n_held == 1 && run->shards[0].ordinal == shard->index && run->finished_s > 0;
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
        *out = (struct shard_found){true, (double)(run.finished_s - run.started_s)};
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
