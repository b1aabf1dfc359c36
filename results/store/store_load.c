#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

/* All that one loaded run points to, as a chain that is freed as a whole. */
struct store_memory {
    struct store_memory *next;
    _Alignas(16) char bytes[];
};

/* Zeroed, and kept until store_run_release(). */
static void *keep(struct store_run *run, size_t n_bytes)
{
    struct store_memory *m = calloc(1, sizeof(*m) + n_bytes);
    if (!m)
        return NULL;
    m->next = run->memory;
    run->memory = m;
    return m->bytes;
}

/* NULL only without memory. */
static const char *keep_text(struct store_run *run, sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    size_t n = text ? strlen(text) : 0;
    char *copy = keep(run, n + 1);
    if (copy && text)
        memcpy(copy, text, n);
    return copy;
}

void store_run_release(struct store_run *run)
{
    for (struct store_memory *m = run->memory, *next; m; m = next) {
        next = m->next;
        free(m);
    }
    *run = (struct store_run){0};
}

static int no_memory(const struct store *s, struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a run of %s", s->path);
}

static int load_head(struct store *s, int64_t run_id, struct store_run *run, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s,
                               "SELECT name, program_version, manifest, baseline, started_s, "
                               "finished_s, seed, n_blocks, id, n_shards FROM run WHERE id = ?",
                               &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, run_id);
        result = store_step(s, q, "read", err);
        if (result == 0)
            result =
                err_set(err, ENOENT, "%s has no run with the number %ld", s->path, (long)run_id);
    }
    if (result > 0) {
        run->name = keep_text(run, q, 0);
        run->program_version = keep_text(run, q, 1);
        run->manifest = keep_text(run, q, 2);
        run->baseline = keep_text(run, q, 3);
        run->started_s = sqlite3_column_int64(q, 4);
        run->finished_s = sqlite3_column_int64(q, 5);
        run->seed = (uint64_t)sqlite3_column_int64(q, 6);
        run->n_blocks = (uint32_t)sqlite3_column_int64(q, 7);
        run->id = sqlite3_column_int64(q, 8);
        run->n_shards = (uint32_t)sqlite3_column_int64(q, 9);
        bool complete = run->name && run->program_version && run->manifest && run->baseline;
        result = complete ? 0 : no_memory(s, err);
    }
    sqlite3_finalize(q);
    return result;
}

/* Reads one row into element `i` of its array; false without memory. */
typedef bool read_row_fn(struct store_run *run, sqlite3_stmt *q, void *array, uint32_t i);

static bool read_fact(struct store_run *run, sqlite3_stmt *q, void *array, uint32_t i)
{
    struct store_fact *f = (struct store_fact *)array + i;
    f->key = keep_text(run, q, 0);
    f->value = keep_text(run, q, 1);
    return f->key && f->value;
}

static bool read_shard(struct store_run *run, sqlite3_stmt *q, void *array, uint32_t i)
{
    struct store_shard *x = (struct store_shard *)array + i;
    x->ordinal = (uint32_t)sqlite3_column_int64(q, 0);
    x->attempt = keep_text(run, q, 1);
    x->host = keep_text(run, q, 2);
    x->started_s = sqlite3_column_int64(q, 3);
    x->finished_s = sqlite3_column_int64(q, 4);
    return x->attempt && x->host;
}

static bool read_subject(struct store_run *run, sqlite3_stmt *q, void *array, uint32_t i)
{
    struct store_subject *x = (struct store_subject *)array + i;
    x->name = keep_text(run, q, 0);
    x->allocator = keep_text(run, q, 1);
    x->library = keep_text(run, q, 2);
    x->setting = keep_text(run, q, 3);
    return x->name && x->allocator && x->library && x->setting;
}

static bool read_cell(struct store_run *run, sqlite3_stmt *q, void *array, uint32_t i)
{
    struct store_cell *c = (struct store_cell *)array + i;
    c->workload = keep_text(run, q, 0);
    c->threads = (uint32_t)sqlite3_column_int64(q, 1);
    c->calls_per_pass = (uint64_t)sqlite3_column_int64(q, 2);
    c->frees = (uint64_t)sqlite3_column_int64(q, 3);
    c->remote_frees = (uint64_t)sqlite3_column_int64(q, 4);
    c->peak_live_bytes = (uint64_t)sqlite3_column_int64(q, 5);
    c->live_error_bytes = sqlite3_column_type(q, 6) == SQLITE_NULL
                              ? TRIAL_LIVE_UNKNOWN
                              : (uint64_t)sqlite3_column_int64(q, 6);
    c->bound_bytes = (uint64_t)sqlite3_column_int64(q, 7); /* 0 of NULL */
    return c->workload != NULL;
}

/* One of the arrays of a run: how to count, read and hold it. */
struct part {
    const char *count_sql, *rows_sql;
    size_t n_bytes_each;
    read_row_fn *read;
    bool is_ordered; /* the last column is an ordinal, which must count from 0 */
};

static const struct part fact_part = {
    .count_sql = "SELECT count(*) FROM fact WHERE run = ?",
    .rows_sql = "SELECT key, value FROM fact WHERE run = ? ORDER BY key",
    .n_bytes_each = sizeof(struct store_fact),
    .read = read_fact,
};

static const struct part shard_part = {
    .count_sql = "SELECT count(*) FROM shard WHERE run = ?",
    .rows_sql = "SELECT ordinal, attempt, host, started_s, finished_s FROM shard WHERE run = ? "
                "ORDER BY ordinal",
    .n_bytes_each = sizeof(struct store_shard),
    .read = read_shard,
};

static const struct part subject_part = {
    .count_sql = "SELECT count(*) FROM subject WHERE run = ?",
    .rows_sql = "SELECT name, allocator, library, setting, ordinal FROM subject WHERE run = ? "
                "ORDER BY ordinal",
    .n_bytes_each = sizeof(struct store_subject),
    .read = read_subject,
    .is_ordered = true,
};

static const struct part cell_part = {
    .count_sql = "SELECT count(*) FROM cell WHERE run = ?",
    .rows_sql = "SELECT workload, threads, calls_per_pass, frees, remote_frees, peak_live_bytes, "
                "live_error_bytes, bound_bytes, ordinal FROM cell WHERE run = ? ORDER BY ordinal",
    .n_bytes_each = sizeof(struct store_cell),
    .read = read_cell,
    .is_ordered = true,
};

/* One loading under way. */
struct loader {
    struct store *s;
    struct store_run *run;
    struct err *err;
};

static int count_rows(const struct loader *l, const char *sql, uint32_t *n)
{
    sqlite3_stmt *q;
    int result = store_prepare(l->s, sql, &q, l->err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, l->run->id);
        result = store_step(l->s, q, "read", l->err);
    }
    if (result > 0)
        *n = (uint32_t)sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return result < 0 ? result : 0;
}

static int load_row(const struct loader *l, const struct part *part, sqlite3_stmt *q, void *array,
                    uint32_t i)
{
    if (part->is_ordered && sqlite3_column_int64(q, sqlite3_column_count(q) - 1) != i)
        return err_set(l->err, EINVAL, "%s is damaged: the subjects or cells of run %s have gaps",
                       l->s->path, l->run->name);
    return part->read(l->run, q, array, i) ? 0 : no_memory(l->s, l->err);
}

/* *out gets the array of all rows, which the run owns. */
static int load_part(const struct loader *l, const struct part *part, void **out, uint32_t *n)
{
    int result = count_rows(l, part->count_sql, n);
    if (result < 0)
        return result;
    *out = keep(l->run, *n * part->n_bytes_each + 1);
    if (!*out)
        return no_memory(l->s, l->err);

    sqlite3_stmt *q;
    result = store_prepare(l->s, part->rows_sql, &q, l->err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, l->run->id);
    for (uint32_t i = 0; i < *n && result == 0; i++) {
        result = store_step(l->s, q, "read", l->err);
        if (result > 0)
            result = load_row(l, part, q, *out, i);
    }
    sqlite3_finalize(q);
    return result;
}

/* What is read from here indexes arrays of n_shards. */
static int check_shards(const struct loader *l)
{
    const struct store_run *run = l->run;
    bool is_good = run->n_shards <= STORE_SHARDS_MAX && run->n_held <= run->n_shards;
    for (uint32_t i = 0; i < run->n_held && is_good; i++)
        is_good = run->shards[i].ordinal < run->n_shards;
    return is_good
               ? 0
               : err_set(l->err, EINVAL, "%s is damaged: run %s holds shards that it cannot have",
                         l->s->path, run->name);
}

static int load_parts(const struct loader *l)
{
    struct store_run *run = l->run;
    int result = load_part(l, &fact_part, (void **)&run->facts, &run->n_facts);
    if (result == 0)
        result = load_part(l, &subject_part, (void **)&run->subjects, &run->n_subjects);
    if (result == 0)
        result = load_part(l, &cell_part, (void **)&run->cells, &run->n_cells);
    if (result == 0)
        result = load_part(l, &shard_part, (void **)&run->shards, &run->n_held);
    return result < 0 ? result : check_shards(l);
}

int store_load_run(struct store *s, int64_t run_id, struct store_run *run, struct err *err)
{
    *run = (struct store_run){0};
    /* One transaction: facts may be added by a runner while we read. */
    int result = store_exec(s, "BEGIN", "read", err);
    if (result < 0)
        return result;
    struct loader l = {.s = s, .run = run, .err = err};
    result = load_head(s, run_id, run, err);
    if (result == 0)
        result = load_parts(&l);
    return store_end(s, result, "read", err);
}
