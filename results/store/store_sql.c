#include "store_internal.h"

#include <errno.h>

static bool is_no_room(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

int store_fail(struct store *s, struct err *err, const char *doing)
{
    if (!s->db)
        return err_set(err, ENOMEM, "cannot %s %s: no memory", doing, s->path);
    int last_errno = errno;
    int code = sqlite3_extended_errcode(s->db), system = sqlite3_system_errno(s->db);
    if (system == 0)
        system = last_errno; /* SQLite notes none when it is a COMMIT that cannot write */
    const char *why = sqlite3_errmsg(s->db);
    if ((code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && is_no_room(system)))
        return err_set(
            err, ENOSPC,
            "no room to write %s: free some of its disk, or name another results file; what "
            "was stored before is kept",
            s->path);
    switch (code & 0xff) {
    case SQLITE_BUSY:
        return err_set(err, EBUSY,
                       "%s has been in use by another process for %d s: wait for its end, or name "
                       "another results file",
                       s->path, STORE_WAIT_MS / 1000);
    case SQLITE_READONLY:
        return err_set(err, EROFS,
                       "%s cannot be written: make it and its folder writable, or name another "
                       "results file",
                       s->path);
    case SQLITE_CANTOPEN:
        return err_set_errno(err, system ? system : EACCES,
                             "cannot %s %s: check its folder, or name another results file", doing,
                             s->path);
    case SQLITE_NOTADB:
        return err_set(err, EINVAL, "%s is not a results file: name another one", s->path);
    case SQLITE_CORRUPT:
        return err_set(err, EIO, "%s is damaged (%s): name another results file", s->path, why);
    case SQLITE_NOMEM:
        return err_set(err, ENOMEM, "cannot %s %s: no memory", doing, s->path);
    default:
        return err_set(err, EIO, "cannot %s %s: %s (SQLite's code %d, system error %d)", doing,
                       s->path, why, code, system);
    }
}

int store_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct err *err)
{
    return sqlite3_prepare_v2(s->db, sql, -1, out, NULL) == SQLITE_OK ? 0
                                                                      : store_fail(s, err, "read");
}

int store_exec(struct store *s, const char *sql, const char *doing, struct err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s, err, doing);
}

int store_step(struct store *s, sqlite3_stmt *q, const char *doing, struct err *err)
{
    switch (sqlite3_step(q)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return store_fail(s, err, doing);
    }
}

int store_begin(struct store *s, struct err *err)
{
    return store_exec(s, "BEGIN IMMEDIATE", "write", err);
}

int store_end(struct store *s, int result, const char *doing, struct err *err)
{
    if (result == 0)
        result = store_exec(s, "COMMIT", doing, err);
    if (result < 0 && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

void store_bind_text(sqlite3_stmt *q, int index, const char *text)
{
    sqlite3_bind_text(q, index, text ? text : "", -1, SQLITE_TRANSIENT);
}

const char *store_column_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text ? text : "";
}

void store_bind_known(sqlite3_stmt *q, int index, uint64_t value)
{
    if (value == UINT64_MAX)
        sqlite3_bind_null(q, index);
    else
        sqlite3_bind_int64(q, index, (int64_t)value);
}

uint64_t store_column_known(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL
               ? UINT64_MAX
               : (uint64_t)sqlite3_column_int64(q, column);
}

int store_read_index(struct store *s, sqlite3_stmt *q, int column, uint32_t *out, struct err *err)
{
    int64_t value = sqlite3_column_int64(q, column);
    if (value < 0 || value > UINT32_MAX - 1)
        return err_set(err, EINVAL, "%s is damaged: %s is %ld in one of its rows", s->path,
                       sqlite3_column_name(q, column), (long)value);
    *out = (uint32_t)value;
    return 0;
}
