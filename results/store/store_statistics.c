#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "statistics_block.h"
#include "store_internal.h"

int store_insert_statistics(struct store *s, int64_t trial_id, const struct statistic *rows,
                            size_t n_rows, struct err *err)
{
    sqlite3_stmt *q = NULL;
    int result = n_rows == 0 ? 0
                             : store_prepare(s,
                                             "INSERT INTO statistic (trial, ordinal, kind, arena, "
                                             "name, value) VALUES (?, ?, ?, ?, ?, ?)",
                                             &q, err);
    for (size_t i = 0; i < n_rows && result == 0; i++) {
        result = statistic_check(&rows[i], err);
        if (result < 0)
            break;
        sqlite3_bind_int64(q, 1, trial_id);
        sqlite3_bind_int64(q, 2, (int64_t)i);
        store_bind_text(q, 3, statistic_kind_name((enum statistic_kind)rows[i].kind));
        sqlite3_bind_int64(q, 4, rows[i].arena);
        store_bind_text(q, 5, rows[i].name);
        sqlite3_bind_int64(q, 6, (int64_t)rows[i].value);
        result = store_step(s, q, "write", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return result;
}

/* A file may hold anything: what a worker could not have told is refused here, too. */
static int read_row(struct store *s, sqlite3_stmt *q, struct statistic *out, struct err *err)
{
    const char *kind = (const char *)sqlite3_column_text(q, 0);
    const char *name = (const char *)sqlite3_column_text(q, 2);
    int64_t arena = sqlite3_column_int64(q, 1);
    *out =
        (struct statistic){.kind = statistic_kind_find(kind ? kind : ""),
                           .arena = arena < 0 || arena > UINT32_MAX ? UINT32_MAX : (uint32_t)arena,
                           .value = (uint64_t)sqlite3_column_int64(q, 3)};
    size_t length = name ? strlen(name) : 0;
    if (length < sizeof(out->name))
        memcpy(out->name, name ? name : "", length); /* else it stays empty, which is refused */
    int result = statistic_check(out, err);
    if (result < 0)
        err_prefix(err, "%s is damaged: of a trial's statistics", s->path);
    return result;
}

struct rows {
    struct statistic *rows;
    size_t n, room;
};

static int make_room(struct store *s, struct rows *r, struct err *err)
{
    if (r->n == STATISTICS_ROOM)
        return err_set(err, EINVAL, "%s is damaged: a trial has more than %u statistics", s->path,
                       STATISTICS_ROOM);
    if (r->n < r->room)
        return 0;
    size_t room = r->room ? 2 * r->room : 64;
    struct statistic *more = reallocarray(r->rows, room, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "no memory for the statistics of a trial of %s", s->path);
    r->rows = more;
    r->room = room;
    return 0;
}

int store_load_statistics(struct store *s, int64_t trial_id, struct statistic **rows,
                          size_t *n_rows, struct err *err)
{
    struct rows r = {0};
    sqlite3_stmt *q;
    int result = store_prepare(
        s, "SELECT kind, arena, name, value FROM statistic WHERE trial = ? ORDER BY ordinal", &q,
        err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, trial_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        result = make_room(s, &r, err);
        if (result == 0)
            result = read_row(s, q, &r.rows[r.n++], err);
    }
    sqlite3_finalize(q);
    if (result < 0) {
        free(r.rows);
        r = (struct rows){0};
    }
    *rows = r.rows;
    *n_rows = r.n;
    return result;
}
