#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store_internal.h"
#include "store_result.h"
#include "store_series.h"

/* Columns of a trial before those of its result. */
enum trial_column { COLUMN_CELL, COLUMN_SUBJECT, COLUMN_BLOCK, COLUMN_POSITION, COLUMN_RESULT };
static const char first_columns[] = "cell, subject, block, position, ";

enum statement { INSERT_TRIAL, SELECT_TRIALS };

/* The SQL text, which the caller frees; NULL without memory. */
static char *trial_sql(enum statement statement)
{
    char *sql = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&sql, &n_bytes);
    if (!out)
        return NULL;
    if (statement == INSERT_TRIAL) {
        fprintf(out, "INSERT INTO trial (%s", first_columns);
        unsigned n = COLUMN_RESULT + store_print_result_columns(out);
        fputs(", run) VALUES (?", out);
        for (unsigned i = 0; i < n; i++)
            fputs(", ?", out);
        fputs(")", out);
    } else {
        fprintf(out, "SELECT %s", first_columns);
        store_print_result_columns(out);
        fputs(", id FROM trial WHERE run = ? ORDER BY block, position, id", out);
    }
    if (fclose(out) == 0)
        return sql;
    free(sql);
    return NULL;
}

static int prepare_trial(struct store *s, enum statement statement, sqlite3_stmt **q,
                         struct err *err)
{
    *q = NULL;
    char *sql = trial_sql(statement);
    if (!sql)
        return err_set(err, ENOMEM, "no memory for a trial of %s", s->path);
    int result = store_prepare(s, sql, q, err);
    free(sql);
    return result;
}

/* Binds all columns in the order of trial_sql(); parameters count from 1. */
static void bind_trial(sqlite3_stmt *q, int64_t run_id, const struct store_place *place,
                       const struct trial_result *r)
{
    sqlite3_bind_int64(q, 1 + COLUMN_CELL, place->cell);
    sqlite3_bind_int64(q, 1 + COLUMN_SUBJECT, place->subject);
    sqlite3_bind_int64(q, 1 + COLUMN_BLOCK, place->block);
    sqlite3_bind_int64(q, 1 + COLUMN_POSITION, place->position);
    int next = store_bind_result(q, 1 + COLUMN_RESULT, r);
    sqlite3_bind_int64(q, next, run_id);
}

static int explain_refusal(struct store *s, const struct store_place *place, struct err *err)
{
    int code = sqlite3_extended_errcode(s->db);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return err_set(
            err, EEXIST,
            "%s has a trial of cell %u, subject %u, block %u already: is another process "
            "working on the same run?",
            s->path, place->cell, place->subject, place->block);
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
        return err_set(err, EINVAL, "%s has no such run with a cell %u and a subject %u", s->path,
                       place->cell, place->subject);
    return store_fail(s, err, "write");
}

static int insert_series(struct store *s, int64_t trial_id, const struct store_blob *blob,
                         struct err *err)
{
    sqlite3_stmt *q;
    int result =
        store_prepare(s, "INSERT INTO series (trial, n_samples, data) VALUES (?, ?, ?)", &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, trial_id);
        sqlite3_bind_int64(q, 2, (int64_t)blob->n_samples);
        sqlite3_bind_blob64(q, 3, blob->data, blob->n_bytes, SQLITE_STATIC);
        result = store_step(s, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

/* A trial as it goes into the file: the statement bound, the series packed. */
struct packed {
    const struct store_place *place;
    const struct trial_result *result;
    struct store_blob series;
    sqlite3_stmt *q;
};

static int insert_trial(struct store *s, const struct packed *t, struct err *err)
{
    int result = store_begin(s, err);
    if (result < 0)
        return result;
    if (sqlite3_step(t->q) != SQLITE_DONE)
        result = explain_refusal(s, t->place, err);
    int64_t id = sqlite3_last_insert_rowid(s->db);
    if (result == 0 && t->series.n_samples > 0)
        result = insert_series(s, id, &t->series, err);
    if (result == 0)
        result =
            store_insert_statistics(s, id, t->result->statistics, t->result->n_statistics, err);
    sqlite3_reset(t->q); /* a statement under way would keep the transaction from ending */
    return store_end(s, result, "write", err);
}

int store_add_trial(struct store *s, int64_t run_id, const struct store_place *place,
                    const struct trial_result *result, struct err *err)
{
    if (result->status == TRIAL_INTERRUPTED)
        return err_set(err, EINVAL, "an interrupted trial is no result and is not stored");
    if (place->block >= STORE_BLOCKS_MAX)
        return err_set(err, EINVAL, "block %u is too many: a run has at most %u", place->block,
                       STORE_BLOCKS_MAX);
    struct packed t = {.place = place, .result = result};
    /* Compressed before the lock is taken: others wait less. */
    int status = store_series_pack(result->samples, result->n_samples, &t.series, err);
    if (status == 0)
        status = prepare_trial(s, INSERT_TRIAL, &t.q, err);
    if (status == 0) {
        bind_trial(t.q, run_id, place, result);
        status = insert_trial(s, &t, err);
    }
    sqlite3_finalize(t.q);
    free(t.series.data);
    return status;
}

static int read_place(struct store *s, sqlite3_stmt *q, struct store_place *out, struct err *err)
{
    int result = store_read_index(s, q, COLUMN_CELL, &out->cell, err);
    if (result == 0)
        result = store_read_index(s, q, COLUMN_SUBJECT, &out->subject, err);
    if (result == 0)
        result = store_read_index(s, q, COLUMN_BLOCK, &out->block, err);
    if (result == 0)
        result = store_read_index(s, q, COLUMN_POSITION, &out->position, err);
    if (result == 0 && out->block >= STORE_BLOCKS_MAX)
        result = err_set(err, EINVAL, "%s is damaged: a trial's block is %u", s->path, out->block);
    return result;
}

static int read_trial(struct store *s, sqlite3_stmt *q, struct store_trial *out, struct err *err)
{
    int result = read_place(s, q, &out->place, err);
    int next = result < 0 ? result : store_read_result(s, q, COLUMN_RESULT, &out->result, err);
    if (next < 0)
        return next;
    out->id = sqlite3_column_int64(q, next);
    return 0;
}

int store_each_trial(struct store *s, int64_t run_id, store_trial_fn *each, void *context,
                     struct err *err)
{
    struct store_trial *trial = calloc(1, sizeof(*trial));
    if (!trial)
        return err_set(err, ENOMEM, "no memory for a trial of %s", s->path);
    sqlite3_stmt *q;
    int result = prepare_trial(s, SELECT_TRIALS, &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, run_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        result = read_trial(s, q, trial, err);
        if (result == 0)
            result = each(context, trial, err);
    }
    sqlite3_finalize(q);
    free(trial);
    return result;
}

int store_done_trials(struct store *s, int64_t run_id, store_place_fn *each, void *context,
                      struct err *err)
{
    sqlite3_stmt *q;
    int result =
        store_prepare(s, "SELECT cell, subject, block, position FROM trial WHERE run = ?", &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, run_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        struct store_place place = {0};
        result = read_place(s, q, &place, err);
        if (result == 0)
            result = each(context, &place, err);
    }
    sqlite3_finalize(q);
    return result;
}
