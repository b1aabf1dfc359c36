#include "store_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

/* A table whose rows belong to one row of another. */
struct table {
    const char *name, *parent; /* the column that names what a row belongs to */
    const char *unless_there;
    const char *number; /* the column that says which shard a row is of, as shards count them */
};

static const struct table trial_tables[] = {
    {"trial", "run", "ON CONFLICT (run, cell, subject, block) DO NOTHING", "block"},
    {"series", "trial", "", NULL},
    {"statistic", "trial", "", NULL},
    {0},
};

static const struct table survey_tables[] = {
    {"survey", "run", "ON CONFLICT (run, cell, subject) DO NOTHING", "cell"},
    {"mark", "survey", "", NULL},
    {"region", "survey", "", NULL},
    {"latency", "survey", "", NULL},
    {0},
};
#define TABLES_MOST 4

/* The statements that move the rows of one table. */
struct pipe {
    sqlite3_stmt *read, *write;
    int n_columns, parent, number; /* of the writing one; its parameters count from 1 */
};

int store_hurry(struct store *s, struct err *err)
{
    return store_exec(s,
                      "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; "
                      "PRAGMA cache_size = -65536;",
                      "open", err);
}

/* The columns but for the id, which is new there: "a, b, c", to be freed, how many, and which is the parent's. */
static int list_columns(struct store *s, const struct table *t, struct pipe *p, char **list,
                        struct err *err)
{
    sqlite3_stmt *q;
    size_t n_bytes;
    *list = NULL;
    FILE *out = open_memstream(list, &n_bytes);
    if (!out)
        return err_set(err, ENOMEM, "no memory to copy into %s", s->path);
    int result = store_prepare(
        s, "SELECT name FROM pragma_table_info(?) WHERE name <> 'id' ORDER BY cid", &q, err);
    if (result == 0)
        store_bind_text(q, 1, t->name);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        const char *name = store_column_text(q, 0);
        fprintf(out, "%s%s", p->n_columns ? ", " : "", name);
        if (strcmp(name, t->parent) == 0)
            p->parent = p->n_columns;
        if (t->number && strcmp(name, t->number) == 0)
            p->number = p->n_columns;
        p->n_columns++;
        result = 0;
    }
    sqlite3_finalize(q);
    if (fclose(out) != 0 && result == 0)
        result = err_set(err, ENOMEM, "no memory to copy into %s", s->path);
    return result;
}

/* A unary plus keeps an index from being used: rows come as they lie in the file. */
static char *reading_sql(const struct table *t, const char *columns, bool has_id)
{
    char *sql;
    int n = has_id ? asprintf(&sql, "SELECT %s, id FROM %s WHERE +%s = ? ORDER BY id", columns,
                              t->name, t->parent)
                   : asprintf(&sql, "SELECT %s FROM %s WHERE %s = ?", columns, t->name, t->parent);
    return n < 0 ? NULL : sql;
}

static char *writing_sql(const struct table *t, const char *columns, int n_columns)
{
    char marks[512] = "?", *sql;
    for (int i = 1; i < n_columns && strlen(marks) + 3 < sizeof(marks); i++)
        strcat(marks, ",?");
    return asprintf(&sql, "INSERT INTO %s (%s) VALUES (%s) %s", t->name, columns, marks,
                    t->unless_there) < 0
               ? NULL
               : sql;
}

static int lay_pipe(struct store_copy *c, const struct table *t, bool has_id, struct pipe *p,
                    struct err *err)
{
    char *columns, *reading = NULL, *writing = NULL;
    int result = list_columns(c->to, t, p, &columns, err);
    if (result == 0) {
        reading = reading_sql(t, columns, has_id);
        writing = writing_sql(t, columns, p->n_columns);
        if (!reading || !writing)
            result = err_set(err, ENOMEM, "no memory to copy into %s", c->to->path);
    }
    if (result == 0)
        result = store_prepare(c->to, writing, &p->write, err);
    if (result == 0) {
        result = store_prepare(c->from, reading, &p->read, err);
        c->is_source_bad = result < 0;
    }
    free(columns);
    free(reading);
    free(writing);
    return result;
}

/* The row that was read, for its new parent; 1, or 0 when it is there already. */
static int put_row(struct store_copy *c, struct pipe *p, int64_t parent, struct err *err)
{
    for (int i = 0; i < p->n_columns; i++)
        sqlite3_bind_value(p->write, i + 1, sqlite3_column_value(p->read, i));
    sqlite3_bind_int64(p->write, p->parent + 1, parent);
    int result = store_step(c->to, p->write, "write", err);
    /* What the tables do not take is the source's fault. */
    c->is_source_bad = (sqlite3_errcode(c->to->db) & 0xff) == SQLITE_CONSTRAINT;
    sqlite3_reset(p->write);
    return result < 0 ? result : sqlite3_changes(c->to->db);
}

static int next_row(struct store_copy *c, struct pipe *p, struct err *err)
{
    int result = store_step(c->from, p->read, "read", err);
    c->is_source_bad = result < 0;
    return result;
}

static int copy_children(struct store_copy *c, struct pipe *p, int64_t from, int64_t to,
                         struct err *err)
{
    int result;
    sqlite3_bind_int64(p->read, 1, from);
    while ((result = next_row(c, p, err)) > 0) {
        result = put_row(c, p, to, err);
        if (result < 0)
            break;
    }
    sqlite3_reset(p->read);
    return result;
}

/* The row under way with all that hangs on it; 1, or 0 when it is there already. */
static int copy_tree(struct store_copy *c, struct pipe *pipes, unsigned n, int64_t to_run,
                     struct err *err)
{
    int64_t from = sqlite3_column_int64(pipes->read, pipes->n_columns);
    int result = put_row(c, pipes, to_run, err);
    if (result <= 0)
        return result;
    int64_t to = sqlite3_last_insert_rowid(c->to->db);
    for (unsigned i = 1; i < n; i++) {
        result = copy_children(c, &pipes[i], from, to, err);
        if (result < 0)
            return result;
    }
    return 1;
}

static bool is_left_out(const struct store_copy *c, const struct pipe *p)
{
    uint64_t number = (uint64_t)sqlite3_column_int64(p->read, p->number);
    return c->held && c->run->n_shards > 0 && c->held[number % c->run->n_shards];
}

static int copy_all(struct store_copy *c, struct pipe *pipes, unsigned n, int64_t to_run,
                    uint64_t *n_copied, struct err *err)
{
    int result;
    sqlite3_bind_int64(pipes->read, 1, c->run->id);
    while ((result = next_row(c, pipes, err)) > 0) {
        if (c->stop && *c->stop)
            return err_set(err, ECANCELED, "interrupted");
        if (is_left_out(c, pipes))
            continue;
        result = copy_tree(c, pipes, n, to_run, err);
        if (result < 0)
            return result;
        *n_copied += (unsigned)result;
    }
    return result;
}

static int copy_tables(struct store_copy *c, const struct table *tables, int64_t to_run,
                       uint64_t *n_copied, struct err *err)
{
    struct pipe pipes[TABLES_MOST] = {0};
    unsigned n = 0;
    int result = 0;
    for (; tables[n].name && result == 0; n++)
        result = lay_pipe(c, &tables[n], n == 0, &pipes[n], err);
    if (result == 0)
        result = copy_all(c, pipes, n, to_run, n_copied, err);
    for (unsigned i = 0; i < n; i++) {
        sqlite3_finalize(pipes[i].read);
        sqlite3_finalize(pipes[i].write);
    }
    return result;
}

static int join_head(struct store_copy *c, int64_t to_run, struct err *err)
{
    int result = 0;
    for (uint32_t i = 0; i < c->run->n_facts && result == 0; i++)
        result = store_insert_fact(c->to, to_run, &c->run->facts[i], false, err);
    for (uint32_t i = 0; i < c->run->n_held && result == 0; i++)
        if (!c->held || !c->held[c->run->shards[i].ordinal])
            result = store_insert_shard(c->to, to_run, &c->run->shards[i], err);
    return result;
}

/* The later of the two. */
static int note_finish(struct store_copy *c, int64_t to_run, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(c->to,
                               "UPDATE run SET finished_s = "
                               "nullif(max(coalesce(finished_s, 0), ?), 0) WHERE id = ?",
                               &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, c->run->finished_s);
        sqlite3_bind_int64(q, 2, to_run);
        result = store_step(c->to, q, "write", err);
    }
    sqlite3_finalize(q);
    return result;
}

static int copy_parts(struct store_copy *c, int64_t *to_run, struct err *err)
{
    int result = *to_run ? join_head(c, *to_run, err)
                         : store_insert_whole_run(c->to, c->run, true, to_run, err);
    if (result == 0)
        result = note_finish(c, *to_run, err);
    if (result == 0)
        result = copy_tables(c, trial_tables, *to_run, &c->n_trials, err);
    return result == 0 ? copy_tables(c, survey_tables, *to_run, &c->n_surveys, err) : result;
}

int store_copy_run(struct store_copy *c, int64_t *to_run, struct err *err)
{
    int64_t run_id = *to_run;
    c->n_trials = c->n_surveys = 0;
    c->is_source_bad = false;
    int result = store_begin(c->to, err);
    if (result < 0)
        return result;
    result = store_end(c->to, copy_parts(c, &run_id, err), "write", err);
    if (result == 0)
        *to_run = run_id;
    return result;
}
