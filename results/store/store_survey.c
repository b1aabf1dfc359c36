#include "store_survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_result.h"
#include "store_survey_rows.h"
#include "text.h"

/* Columns of a survey before those of its result; behind these, in this order, four more. */
enum survey_column { COLUMN_RUN, COLUMN_CELL, COLUMN_SUBJECT, COLUMN_RESULT };
static const char first_columns[] = "run, cell, subject, ";
static const char last_columns[] = ", clock_ns, latency_period, purge, held_source";
#define N_LAST 4

/* The SQL text, which the caller frees; NULL without memory. */
static char *survey_sql(bool is_insert)
{
    char *sql = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&sql, &n_bytes);
    if (!out)
        return NULL;
    fprintf(out, "%s%s", is_insert ? "INSERT INTO survey (" : "SELECT ", first_columns);
    unsigned n = COLUMN_RESULT + store_print_result_columns(out) + N_LAST;
    fputs(last_columns, out);
    if (is_insert) {
        fputs(") VALUES (?", out);
        for (unsigned i = 1; i < n; i++)
            fputs(", ?", out);
        fputs(")", out);
    } else {
        fputs(", id, (SELECT count(*) FROM mark WHERE survey = x.id),"
              " (SELECT count(*) FROM latency WHERE survey = x.id)"
              " FROM survey AS x WHERE run = ? ORDER BY cell, subject",
              out);
    }
    if (fclose(out) == 0)
        return sql;
    free(sql);
    return NULL;
}

static int prepare_survey(struct store *s, bool is_insert, sqlite3_stmt **q, struct err *err)
{
    *q = NULL;
    char *sql = survey_sql(is_insert);
    if (!sql)
        return err_set(err, ENOMEM, "no memory for a survey of %s", s->path);
    int result = store_prepare(s, sql, q, err);
    free(sql);
    return result;
}

/* A survey on its way into the file. */
struct adding {
    int64_t run_id;
    uint32_t cell, subject;
    const struct trial_result *result;
    const struct survey *found;
    struct store_packed *regions, *latencies; /* by mark, by histogram */
};

static int pack(struct adding *a, struct err *err)
{
    const struct survey *found = a->found;
    a->regions = calloc(found->n_marks + 1, sizeof(*a->regions));
    a->latencies = calloc(found->n_latencies + 1, sizeof(*a->latencies));
    if (!a->regions || !a->latencies)
        return err_set(err, ENOMEM, "no memory to store a survey");
    int result = 0;
    for (uint32_t i = 0; i < found->n_marks && result == 0; i++)
        result = store_pack_regions(found->regions + found->marks[i].first_region,
                                    found->marks[i].n_regions, &a->regions[i], err);
    for (uint32_t i = 0; i < found->n_latencies && result == 0; i++)
        result = store_pack_latency(&found->latencies[i], &a->latencies[i], err);
    return result;
}

static void unpack(struct adding *a)
{
    for (uint32_t i = 0; a->regions && i < a->found->n_marks; i++)
        free(a->regions[i].data);
    for (uint32_t i = 0; a->latencies && i < a->found->n_latencies; i++)
        free(a->latencies[i].data);
    free(a->regions);
    free(a->latencies);
}

static int explain_refusal(struct store *s, const struct adding *a, struct err *err)
{
    int code = sqlite3_extended_errcode(s->db);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return err_set(err, EEXIST,
                       "%s has a survey of cell %u and subject %u already: is another process "
                       "working on the same run?",
                       s->path, a->cell, a->subject);
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
        return err_set(err, EINVAL, "%s has no such run with a cell %u and a subject %u", s->path,
                       a->cell, a->subject);
    return store_fail(s, err, "write");
}

static int insert_head(struct store *s, const struct adding *a, int64_t *id, struct err *err)
{
    sqlite3_stmt *q;
    int result = prepare_survey(s, true, &q, err);
    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1 + COLUMN_RUN, a->run_id);
    sqlite3_bind_int64(q, 1 + COLUMN_CELL, a->cell);
    sqlite3_bind_int64(q, 1 + COLUMN_SUBJECT, a->subject);
    int next = store_bind_result(q, 1 + COLUMN_RESULT, a->result);
    store_bind_known(q, next, a->found->clock_ns);
    sqlite3_bind_int64(q, next + 1, a->found->latency_period);
    store_bind_text(q, next + 2, a->found->purge);
    store_bind_text(q, next + 3, a->found->held_source);
    if (sqlite3_step(q) != SQLITE_DONE)
        result = explain_refusal(s, a, err);
    *id = sqlite3_last_insert_rowid(s->db);
    sqlite3_finalize(q);
    return result;
}

static int insert_survey(struct store *s, const struct adding *a, struct err *err)
{
    int result = store_begin(s, err);
    if (result < 0)
        return result;
    int64_t id;
    result = insert_head(s, a, &id, err);
    if (result == 0)
        result = store_insert_marks(s, id, a->found, err);
    if (result == 0)
        result = store_insert_regions(s, id, a->found, a->regions, err);
    if (result == 0)
        result = store_insert_latencies(s, id, a->found, a->latencies, err);
    return store_end(s, result, "write", err);
}

int store_add_survey(struct store *s, int64_t run_id, uint32_t cell, uint32_t subject,
                     const struct trial_result *result, const struct survey *found, struct err *err)
{
    static const struct survey nothing = {.clock_ns = SURVEY_UNKNOWN};
    struct adding a = {.run_id = run_id,
                       .cell = cell,
                       .subject = subject,
                       .result = result,
                       .found = found ? found : &nothing};
    if (result->status == TRIAL_INTERRUPTED)
        return err_set(err, EINVAL, "an interrupted survey is no result and is not stored");
    int status = survey_check(a.found, err);
    if (status < 0)
        return status;
    status = pack(&a, err); /* before the lock is taken: others wait less */
    if (status == 0)
        status = insert_survey(s, &a, err);
    unpack(&a);
    return status;
}

int store_done_surveys(struct store *s, int64_t run_id, store_done_survey_fn *each, void *context,
                       struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s, "SELECT cell, subject FROM survey WHERE run = ?", &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, run_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        uint32_t cell, subject;
        result = store_read_index(s, q, 0, &cell, err);
        if (result == 0)
            result = store_read_index(s, q, 1, &subject, err);
        if (result == 0)
            result = each(context, cell, subject, err);
    }
    sqlite3_finalize(q);
    return result;
}

static int read_survey(struct store *s, sqlite3_stmt *q, struct store_survey *out, struct err *err)
{
    int result = store_read_index(s, q, COLUMN_CELL, &out->cell, err);
    if (result == 0)
        result = store_read_index(s, q, COLUMN_SUBJECT, &out->subject, err);
    int next = result < 0 ? result : store_read_result(s, q, COLUMN_RESULT, &out->result, err);
    if (next < 0)
        return next;
    out->clock_ns = store_column_known(q, next);
    text_format(out->purge, sizeof(out->purge), "%s", store_column_text(q, next + 2));
    text_format(out->held_source, sizeof(out->held_source), "%s", store_column_text(q, next + 3));
    out->id = sqlite3_column_int64(q, next + N_LAST);
    result = store_read_index(s, q, next + 1, &out->latency_period, err);
    if (result == 0)
        result = store_read_index(s, q, next + N_LAST + 1, &out->n_marks, err);
    if (result == 0)
        result = store_read_index(s, q, next + N_LAST + 2, &out->n_latencies, err);
    return result;
}

int store_each_survey(struct store *s, int64_t run_id, store_survey_fn *each, void *context,
                      struct err *err)
{
    struct store_survey *survey = calloc(1, sizeof(*survey));
    if (!survey)
        return err_set(err, ENOMEM, "no memory for a survey of %s", s->path);
    sqlite3_stmt *q;
    int result = prepare_survey(s, false, &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, run_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        result = read_survey(s, q, survey, err);
        if (result == 0)
            result = each(context, survey, err);
    }
    sqlite3_finalize(q);
    free(survey);
    return result;
}

static int load_head(struct store *s, int64_t survey_id, struct survey *out, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(
        s, "SELECT clock_ns, latency_period, purge, held_source FROM survey WHERE id = ?", &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, survey_id);
        result = store_step(s, q, "read", err);
        if (result == 0)
            result = err_set(err, ENOENT, "%s has no survey with the number %ld", s->path,
                             (long)survey_id);
    }
    if (result > 0) {
        out->clock_ns = store_column_known(q, 0);
        text_format(out->purge, sizeof(out->purge), "%s", store_column_text(q, 2));
        text_format(out->held_source, sizeof(out->held_source), "%s", store_column_text(q, 3));
        result = store_read_index(s, q, 1, &out->latency_period, err);
    }
    sqlite3_finalize(q);
    return result;
}

int store_load_survey(struct store *s, int64_t survey_id, struct survey *out, struct err *err)
{
    *out = (struct survey){0};
    int result = load_head(s, survey_id, out, err);
    if (result == 0)
        result = store_load_marks(s, survey_id, out, err);
    if (result == 0)
        result = store_load_regions(s, survey_id, out, err);
    if (result == 0)
        result = store_load_latencies(s, survey_id, out, err);
    if (result < 0)
        return result;
    result = survey_check(out, err);
    if (result < 0)
        err_prefix(err, "%s is damaged", s->path);
    return result;
}
