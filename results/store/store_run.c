#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_internal.h"

#define NAME_BYTES 48

static bool is_name_taken(struct store *s, const char *name, int *result, struct err *err)
{
    sqlite3_stmt *q;
    *result = store_prepare(s, "SELECT 1 FROM run WHERE name = ?", &q, err);
    if (*result == 0) {
        store_bind_text(q, 1, name);
        *result = store_step(s, q, "read", err);
    }
    sqlite3_finalize(q);
    bool is_taken = *result > 0;
    if (is_taken)
        *result = 0;
    return is_taken;
}

/* Within the transaction that uses the name, so that no other process can take it in between. */
static int choose_name(struct store *s, int64_t started_s, char *name, struct err *err)
{
    time_t start = (time_t)started_s;
    struct tm utc;
    if (!gmtime_r(&start, &utc))
        return err_set(err, EINVAL, "a run cannot start %ld s after 1970", (long)started_s);
    size_t n = strftime(name, NAME_BYTES, "%Y%m%d-%H%M%S", &utc);
    int result = 0;
    for (unsigned i = 2; is_name_taken(s, name, &result, err); i++)
        snprintf(name + n, NAME_BYTES - n, "-%u", i);
    return result;
}

/* Its own name where that is free. */
static int keep_name(struct store *s, const struct store_run *run, char *name, struct err *err)
{
    int result = 0;
    bool is_free =
        *run->name && strlen(run->name) < NAME_BYTES && !is_name_taken(s, run->name, &result, err);
    if (result < 0 || !is_free)
        return result < 0 ? result : choose_name(s, run->started_s, name, err);
    strcpy(name, run->name);
    return 0;
}

static int insert_run(struct store *s, const struct store_run *run, bool keeps_name,
                      int64_t *run_id, struct err *err)
{
    char name[NAME_BYTES];
    int result =
        keeps_name ? keep_name(s, run, name, err) : choose_name(s, run->started_s, name, err);
    if (result < 0)
        return result;
    sqlite3_stmt *q;
    result = store_prepare(s,
                           "INSERT INTO run (name, started_s, program_version, manifest, seed, "
                           "baseline, n_blocks, n_shards) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           &q, err);
    if (result == 0) {
        store_bind_text(q, 1, name);
        sqlite3_bind_int64(q, 2, run->started_s);
        store_bind_text(q, 3, run->program_version);
        store_bind_text(q, 4, run->manifest);
        sqlite3_bind_int64(q, 5, (int64_t)run->seed);
        store_bind_text(q, 6, run->baseline);
        sqlite3_bind_int64(q, 7, run->n_blocks);
        sqlite3_bind_int64(q, 8, run->n_shards);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    *run_id = sqlite3_last_insert_rowid(s->db);
    return result;
}

int store_insert_fact(struct store *s, int64_t run_id, const struct store_fact *fact, bool replace,
                      struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(
        s,
        replace
            ? "INSERT OR REPLACE INTO fact (run, key, value) VALUES (?, ?, ?)"
            : "INSERT INTO fact (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO NOTHING",
        &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        store_bind_text(q, 2, fact->key);
        store_bind_text(q, 3, fact->value);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

static int insert_subject(struct store *s, int64_t run_id, uint32_t ordinal,
                          const struct store_subject *subject, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s,
                               "INSERT INTO subject (run, ordinal, name, allocator, library, "
                               "setting) VALUES (?, ?, ?, ?, ?, ?)",
                               &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        sqlite3_bind_int64(q, 2, ordinal);
        store_bind_text(q, 3, subject->name);
        store_bind_text(q, 4, subject->allocator);
        store_bind_text(q, 5, subject->library);
        store_bind_text(q, 6, subject->setting);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

static int insert_cell(struct store *s, int64_t run_id, uint32_t ordinal,
                       const struct store_cell *cell, struct err *err)
{
    sqlite3_stmt *q;
    int result =
        store_prepare(s,
                      "INSERT INTO cell (run, ordinal, workload, threads, calls_per_pass, "
                      "frees, remote_frees, peak_live_bytes, live_error_bytes, bound_bytes) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        sqlite3_bind_int64(q, 2, ordinal);
        store_bind_text(q, 3, cell->workload);
        sqlite3_bind_int64(q, 4, cell->threads);
        sqlite3_bind_int64(q, 5, (int64_t)cell->calls_per_pass);
        sqlite3_bind_int64(q, 6, (int64_t)cell->frees);
        sqlite3_bind_int64(q, 7, (int64_t)cell->remote_frees);
        sqlite3_bind_int64(q, 8, (int64_t)cell->peak_live_bytes);
        if (cell->live_error_bytes != TRIAL_LIVE_UNKNOWN) /* else NULL */
            sqlite3_bind_int64(q, 9, (int64_t)cell->live_error_bytes);
        if (cell->bound_bytes > 0)
            sqlite3_bind_int64(q, 10, (int64_t)cell->bound_bytes);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

int store_insert_shard(struct store *s, int64_t run_id, const struct store_shard *shard,
                       struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s,
                               "INSERT INTO shard (run, ordinal, attempt, host, started_s, "
                               "finished_s) VALUES (?, ?, ?, ?, ?, nullif(?, 0))",
                               &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        sqlite3_bind_int64(q, 2, shard->ordinal);
        store_bind_text(q, 3, shard->attempt);
        store_bind_text(q, 4, shard->host);
        sqlite3_bind_int64(q, 5, shard->started_s);
        sqlite3_bind_int64(q, 6, shard->finished_s);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

int store_insert_whole_run(struct store *s, const struct store_run *run, bool keeps_name,
                           int64_t *run_id, struct err *err)
{
    int result = insert_run(s, run, keeps_name, run_id, err);
    for (uint32_t i = 0; i < run->n_facts && result == 0; i++)
        result = store_insert_fact(s, *run_id, &run->facts[i], true, err);
    for (uint32_t i = 0; i < run->n_subjects && result == 0; i++)
        result = insert_subject(s, *run_id, i, &run->subjects[i], err);
    for (uint32_t i = 0; i < run->n_cells && result == 0; i++)
        result = insert_cell(s, *run_id, i, &run->cells[i], err);
    for (uint32_t i = 0; i < run->n_held && result == 0; i++)
        result = store_insert_shard(s, *run_id, &run->shards[i], err);
    return result;
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What the tables would refuse too, but in words that a person understands. */
static int check_run(const struct store_run *run, struct err *err)
{
    bool has_baseline = false;
    for (uint32_t i = 0; i < run->n_subjects; i++) {
        const char *name = run->subjects[i].name;
        has_baseline |= is_same_text(name, run->baseline);
        for (uint32_t k = 0; k < i; k++)
            if (is_same_text(name, run->subjects[k].name))
                return err_set(err, EINVAL, "two subjects of the run are called '%s'", name);
    }
    for (uint32_t i = 0; i < run->n_cells; i++)
        for (uint32_t k = 0; k < i; k++)
            if (run->cells[i].threads == run->cells[k].threads &&
                is_same_text(run->cells[i].workload, run->cells[k].workload))
                return err_set(err, EINVAL, "workload '%s' is in the run twice with %u threads",
                               run->cells[i].workload, run->cells[i].threads);
    if (!has_baseline)
        return err_set(err, EINVAL, "the baseline '%s' is not among the run's subjects",
                       run->baseline ? run->baseline : "");
    return 0;
}

int store_run_begin(struct store *s, const struct store_run *run, int64_t *run_id, struct err *err)
{
    int result = check_run(run, err);
    if (result == 0)
        result = store_begin(s, err);
    if (result < 0)
        return result;
    return store_end(s, store_insert_whole_run(s, run, false, run_id, err), "write", err);
}

uint32_t store_run_blocks(const struct store_run *run)
{
    if (run->n_shards == 0)
        return run->n_blocks;
    uint32_t n = 0;
    for (uint32_t i = 0; i < run->n_held; i++)
        if (run->shards[i].ordinal < run->n_blocks)
            n += (run->n_blocks - run->shards[i].ordinal - 1) / run->n_shards + 1;
    return n;
}

const char *store_run_fact(const struct store_run *run, const char *key)
{
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, key) == 0)
            return run->facts[i].value;
    return NULL;
}

static int refuse_unknown(struct store *s, int64_t run_id, struct err *err)
{
    return err_set(err, ENOENT, "%s has no run with the number %ld", s->path, (long)run_id);
}

int store_add_fact(struct store *s, int64_t run_id, const struct store_fact *fact, struct err *err)
{
    int result = store_insert_fact(s, run_id, fact, true, err);
    bool unknown = sqlite3_extended_errcode(s->db) == SQLITE_CONSTRAINT_FOREIGNKEY;
    return result < 0 && unknown ? refuse_unknown(s, run_id, err) : result;
}

/* The name of a subject that is there: 1 when it is the same, -EINVAL when not, 0 without one. */
static int find_subject(struct store *s, int64_t run_id, uint32_t ordinal, const char *name,
                        struct err *err)
{
    sqlite3_stmt *q;
    int result =
        store_prepare(s, "SELECT name FROM subject WHERE run = ? AND ordinal = ?", &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        sqlite3_bind_int64(q, 2, ordinal);
        result = store_step(s, q, "read", err);
    }
    if (result > 0 && !is_same_text(store_column_text(q, 0), name))
        result = err_set(err, EINVAL, "subject %u of the run is '%s', not '%s'", ordinal,
                         store_column_text(q, 0), name);
    sqlite3_finalize(q);
    return result;
}

int store_put_subject(struct store *s, int64_t run_id, uint32_t ordinal,
                      const struct store_subject *subject, struct err *err)
{
    int result = store_begin(s, err);
    if (result < 0)
        return result;
    result = find_subject(s, run_id, ordinal, subject->name, err);
    if (result == 0)
        result = insert_subject(s, run_id, ordinal, subject, err);
    return store_end(s, result < 0 ? result : 0, "write", err);
}

static int set_finished(struct store *s, const char *sql, int64_t run_id, int64_t finished_s,
                        struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s, sql, &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, finished_s);
        sqlite3_bind_int64(q, 2, run_id);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

int store_run_finish(struct store *s, int64_t run_id, int64_t finished_s, struct err *err)
{
    int result = store_begin(s, err);
    if (result < 0)
        return result;
    result = set_finished(s, "UPDATE shard SET finished_s = ? WHERE run = ? AND finished_s IS NULL",
                          run_id, finished_s, err);
    if (result == 0)
        result =
            set_finished(s, "UPDATE run SET finished_s = ? WHERE id = ?", run_id, finished_s, err);
    if (result == 0 && sqlite3_changes(s->db) == 0)
        result = refuse_unknown(s, run_id, err);
    return store_end(s, result, "write", err);
}
