/*
 * make_shards FOLDER SHARDS: complete shards of one run, of 1000 trials each, to see what merging them costs. The first
 * is written through the store; the others are copies with blocks of their own.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "store_copy.h"

#define CELLS      25u
#define SUBJECTS   8u
#define BLOCKS     5u /* of a shard */
#define SAMPLES    20u
#define STATISTICS 8u

static struct err failure;

static void must(int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "make_shards: %s\n", failure.text);
    exit(2);
}

static void add_trial(struct store *s, int64_t run, const struct store_place *place)
{
    struct trial_sample samples[SAMPLES];
    struct statistic statistics[STATISTICS];
    struct trial_result r = {.status = TRIAL_OK,
                             .wall_ns = 80000000 + 1000 * place->cell + place->subject,
                             .calls = 1000000,
                             .peak_bytes = 1 << 20,
                             .samples = samples,
                             .n_samples = SAMPLES,
                             .statistics = statistics,
                             .n_statistics = STATISTICS};
    strcpy(r.malloc_path, "/usr/lib/x86_64-linux-gnu/libc.so.6");
    strcpy(r.build_id, "0123456789abcdef0123456789abcdef01234567");
    for (unsigned i = 0; i < SAMPLES; i++)
        samples[i] = (struct trial_sample){.t_ns = 4000000ul * i,
                                           .ops = 50000ul * i + place->cell,
                                           .rss_bytes = 4096ul * (i + place->subject),
                                           .live_bytes = 100ul * i,
                                           .address_bytes = 1 << 21};
    for (unsigned i = 0; i < STATISTICS; i++) {
        statistics[i] = (struct statistic){.kind = STATISTIC_PROCESS, .value = i * 4096};
        snprintf(statistics[i].name, sizeof(statistics[i].name), "bytes_%u", i);
    }
    must(store_add_trial(s, run, place, &r, &failure));
}

static void make_first(const char *path, uint32_t n_shards)
{
    struct store_subject subjects[SUBJECTS];
    struct store_cell cells[CELLS];
    char names[SUBJECTS][16], workloads[CELLS][16], manifest[128];
    const struct store_shard shard = {.attempt = "made", .host = "made", .started_s = 1};
    const struct store_fact machine = {"cpu_model", "made"};
    for (uint32_t i = 0; i < SUBJECTS; i++) {
        snprintf(names[i], sizeof(names[i]), "subject%u", i);
        subjects[i] = (struct store_subject){.name = names[i], .allocator = names[i]};
    }
    for (uint32_t i = 0; i < CELLS; i++) {
        snprintf(workloads[i], sizeof(workloads[i]), "workload%u", i);
        cells[i] = (struct store_cell){.workload = workloads[i], .threads = 1};
    }
    snprintf(manifest, sizeof(manifest), "{\"blocks\":%u,\"seed\":1}", BLOCKS * n_shards);
    const struct store_run run = {.started_s = 1795216495,
                                  .program_version = "made",
                                  .manifest = manifest,
                                  .baseline = names[0],
                                  .seed = 1,
                                  .n_blocks = BLOCKS * n_shards,
                                  .n_shards = n_shards,
                                  .n_facts = 1,
                                  .facts = &machine,
                                  .n_subjects = SUBJECTS,
                                  .subjects = subjects,
                                  .n_cells = CELLS,
                                  .cells = cells,
                                  .n_held = 1,
                                  .shards = &shard};
    struct store *s;
    int64_t id;
    must(store_open(path, STORE_NEW, &s, &failure));
    must(store_hurry(s, &failure));
    must(store_run_begin(s, &run, &id, &failure));
    for (uint32_t i = 0; i < CELLS * SUBJECTS * BLOCKS; i++) {
        const struct store_place place = {.cell = i % CELLS,
                                          .subject = i / CELLS % SUBJECTS,
                                          .block = i / CELLS / SUBJECTS * n_shards,
                                          .position = i % (CELLS * SUBJECTS)};
        add_trial(s, id, &place);
    }
    must(store_run_finish(s, id, 1795216500, &failure));
    store_close(s);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    size_t n;
    FILE *in = fopen(from, "re"), *out = fopen(to, "wxe");
    while (in && out && (n = fread(bytes, 1, sizeof(bytes), in)) > 0)
        fwrite(bytes, 1, n, out);
    if (!in || !out || ferror(in) || fclose(out) != 0)
        must(err_set_errno(&failure, errno, "cannot copy %s to %s", from, to));
    fclose(in);
}

static void make_copy(const char *first, const char *path, uint32_t shard)
{
    char sql[256];
    sqlite3 *db;
    copy_file(first, path);
    snprintf(sql, sizeof(sql),
             "PRAGMA synchronous = OFF; BEGIN; UPDATE trial SET block = block + %u; "
             "UPDATE shard SET ordinal = %u; COMMIT",
             shard, shard);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        must(err_set(&failure, EIO, "%s: %s", path, sqlite3_errmsg(db)));
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (n == 0 || n > STORE_SHARDS_MAX / BLOCKS) {
        fputs("usage: make_shards FOLDER SHARDS\n", stderr);
        return 2;
    }
    char first[4096], path[4096];
    snprintf(first, sizeof(first), "%s/shard-0of%lu.db", argv[1], n);
    make_first(first, (uint32_t)n);
    for (uint32_t i = 1; i < n; i++) {
        snprintf(path, sizeof(path), "%s/shard-%uof%lu.db", argv[1], i, n);
        make_copy(first, path, i);
    }
    return 0;
}
