/* Runs by their names, and all of them. */
#include <errno.h>

#include "store_internal.h"
#include "text.h"

/* The id that SQL with one parameter finds for `text`; 0 when there is none. */
static int find_id(struct store *s, const char *sql, const char *text, int64_t *id, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s, sql, &q, err);
    if (result == 0) {
        if (sqlite3_bind_parameter_count(q) > 0)
            store_bind_text(q, 1, text);
        result = store_step(s, q, "read", err);
    }
    *id = result > 0 ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    return result < 0 ? result : 0;
}

#define NEWEST_SHOWN 5

struct names {
    char text[ERR_BYTES / 2];
    size_t used;
    unsigned n;
};

static int add_name(void *context, const struct store_run_line *line, struct err *err)
{
    (void)err;
    struct names *names = context;
    if (names->n++ >= NEWEST_SHOWN)
        return 0;
    names->used += text_format(names->text + names->used, sizeof(names->text) - names->used, "%s%s",
                               names->n > 1 ? ", " : "", line->name);
    return 0;
}

static int name_the_newest(struct store *s, const char *which, struct err *err)
{
    struct names names = {0};
    int result = store_list_runs(s, add_name, &names, err);
    if (result < 0)
        return result;
    if (names.n == 0)
        return err_set(err, ENOENT, "%s holds no runs yet", s->path);
    return err_set(err, ENOENT, "%s has no run '%.*s'; the newest are: %s", s->path, 60, which,
                   names.text);
}

int store_find_run(struct store *s, const char *which, int64_t *run_id, struct err *err)
{
    const char *text = which ? which : "";
    int result;
    if (!*text) {
        result = find_id(s, "SELECT max(id) FROM run", NULL, run_id, err);
    } else {
        result = find_id(s, "SELECT id FROM run WHERE name = ?", text, run_id, err);
        /* Compared as texts: "12abc" is not run 12. */
        if (result == 0 && *run_id == 0)
            result = find_id(s, "SELECT id FROM run WHERE CAST(id AS TEXT) = ?", text, run_id, err);
    }
    if (result == 0 && *run_id == 0)
        return name_the_newest(s, text, err);
    return result;
}

int store_list_runs(struct store *s, store_run_fn *each, void *context, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s,
                               "SELECT id, name, baseline, started_s, finished_s, n_blocks,"
                               " (SELECT count(*) FROM subject WHERE run = r.id),"
                               " (SELECT count(*) FROM cell WHERE run = r.id),"
                               " (SELECT count(*) FROM trial WHERE run = r.id),"
                               " (SELECT count(*) FROM trial WHERE run = r.id AND status <> 'ok'),"
                               " n_shards, (SELECT count(*) FROM shard WHERE run = r.id)"
                               " FROM run AS r ORDER BY id DESC",
                               &q, err);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        struct store_run_line line = {
            .id = sqlite3_column_int64(q, 0),
            .name = (const char *)sqlite3_column_text(q, 1),
            .baseline = (const char *)sqlite3_column_text(q, 2),
            .started_s = sqlite3_column_int64(q, 3),
            .finished_s = sqlite3_column_int64(q, 4),
            .n_blocks = (uint32_t)sqlite3_column_int64(q, 5),
            .n_subjects = (uint32_t)sqlite3_column_int64(q, 6),
            .n_cells = (uint32_t)sqlite3_column_int64(q, 7),
            .n_trials = (uint64_t)sqlite3_column_int64(q, 8),
            .n_failed = (uint64_t)sqlite3_column_int64(q, 9),
            .n_shards = (uint32_t)sqlite3_column_int64(q, 10),
            .n_held = (uint32_t)sqlite3_column_int64(q, 11),
        };
        result = line.name && line.baseline
                     ? each(context, &line, err)
                     : err_set(err, ENOMEM, "no memory for a run of %s", s->path);
    }
    sqlite3_finalize(q);
    return result;
}
