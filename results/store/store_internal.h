/*
 * What the files of the store share: the connection, statements, transactions, and how they fail.
 */
#pragma once

#include <sqlite3.h>

#include "store.h"

struct store {
    sqlite3 *db;
    char *path;
};

/*
 * Turns the connection's last failure into one sentence: what was being done, which file, what to
 * do. Returns the negative errno.
 */
int store_fail(struct store *s, struct err *err, const char *doing);

/* *out is NULL on failure, so that sqlite3_finalize(*out) is always right. */
int store_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct err *err) MUST_CHECK;

/* Executes SQL that gives no rows. */
int store_exec(struct store *s, const char *sql, const char *doing, struct err *err) MUST_CHECK;

/* Whether there is a row: 1 or 0, or a negative errno. */
int store_step(struct store *s, sqlite3_stmt *q, const char *doing, struct err *err) MUST_CHECK;

/* Takes the right to write at once, so that two writers queue up here and not in the middle. */
int store_begin(struct store *s, struct err *err) MUST_CHECK;

/* Commits when result is 0, else rolls back; returns the result, or why the commit failed. */
int store_end(struct store *s, int result, const char *doing, struct err *err) MUST_CHECK;

/* Texts are copied; NULL is bound as "". */
void store_bind_text(sqlite3_stmt *q, int index, const char *text);

/* "" for NULL. */
const char *store_column_text(sqlite3_stmt *q, int column);

/* SURVEY_UNKNOWN and TRIAL_UNKNOWN are NULL in the file. */
void store_bind_known(sqlite3_stmt *q, int index, uint64_t value);
uint64_t store_column_known(sqlite3_stmt *q, int column);

/*
 * A column that counts from 0 or names one of few. A file may hold any number: what is out of range must not
 * become an index elsewhere. -EINVAL.
 */
int store_read_index(struct store *s, sqlite3_stmt *q, int column, uint32_t *out,
                     struct err *err) MUST_CHECK;

/*
 * Inside a transaction: a run without trials, one of its facts, one of its shards. A fact whose key is there gets the
 * new value, or stays without `replace`; a run that keeps its name gets another where it is taken.
 */
int store_insert_whole_run(struct store *s, const struct store_run *run, bool keeps_name,
                           int64_t *run_id, struct err *err) MUST_CHECK;
int store_insert_fact(struct store *s, int64_t run_id, const struct store_fact *fact, bool replace,
                      struct err *err) MUST_CHECK;
int store_insert_shard(struct store *s, int64_t run_id, const struct store_shard *shard,
                       struct err *err) MUST_CHECK;

/* Refuses a file that is not ours, gives an empty one its tables. */
int store_check_schema(struct store *s, enum store_access access, struct err *err) MUST_CHECK;

/* Inside the transaction that stores the trial. */
int store_insert_statistics(struct store *s, int64_t trial_id, const struct statistic *rows,
                            size_t n_rows, struct err *err) MUST_CHECK;
