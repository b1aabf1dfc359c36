#include "store_schema.h"

#include <errno.h>
#include <time.h>

#include "store_internal.h"

/* What a file says of itself. */
struct identity {
    int application_id, version;
    bool is_empty;
};

static int read_number(struct store *s, const char *sql, int *out, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s, sql, &q, err);
    if (result == 0)
        result = store_step(s, q, "read", err);
    if (result > 0)
        *out = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return result < 0 ? result : 0;
}

/* Called inside a transaction: read one by one, the three could stem from before and after the
 * moment at which another process makes the tables. */
static int read_identity(struct store *s, struct identity *out, struct err *err)
{
    int n_objects = 0;
    int result = read_number(s, "PRAGMA application_id", &out->application_id, err);
    if (result == 0)
        result = read_number(s, "PRAGMA user_version", &out->version, err);
    if (result == 0)
        result = read_number(s, "SELECT count(*) FROM sqlite_schema", &n_objects, err);
    out->is_empty = n_objects == 0 && out->application_id == 0 && out->version == 0;
    return result;
}

static int check_identity(const struct store *s, const struct identity *id, struct err *err)
{
    if (id->application_id != STORE_APPLICATION_ID)
        return err_set(err, EINVAL,
                       "%s is a database of another program: name another results file", s->path);
    if (id->version != STORE_SCHEMA_VERSION)
        return err_set(
            err, EINVAL,
            "%s was written by another version of arenabench (its form is number %d, this "
            "version's is %d): use that version, or name another results file",
            s->path, id->version, STORE_SCHEMA_VERSION);
    return 0;
}

/*
 * WAL lets readers go on while a runner writes. Two processes that switch a new file over at the
 * same time see SQLITE_BUSY at once, without the connection's wait, hence the loop.
 */
static int switch_to_wal(struct store *s, struct err *err)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (unsigned waited_ms = 0;; waited_ms += 10) {
        int code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return 0;
        if ((code & 0xff) != SQLITE_BUSY || waited_ms >= STORE_WAIT_MS)
            return store_fail(s, err, "open");
        nanosleep(&pause, NULL);
    }
}

#define TEXT_OF(x)  TEXT_OF_(x)
#define TEXT_OF_(x) #x

/*
 * Another process may have been quicker: what matters is what stands there once we hold the lock.
 */
static int create_tables(struct store *s, struct err *err)
{
    int result = store_begin(s, err);
    if (result < 0)
        return result;
    struct identity id = {0};
    result = read_identity(s, &id, err);
    if (result == 0 && id.is_empty) {
        result = store_exec(s, store_schema_sql, "write", err);
        if (result == 0)
            result = store_exec(s,
                                "PRAGMA application_id = " TEXT_OF(
                                    STORE_APPLICATION_ID) ";"
                                                          "PRAGMA user_version = " TEXT_OF(
                                                              STORE_SCHEMA_VERSION) ";",
                                "write", err);
    } else if (result == 0) {
        result = check_identity(s, &id, err);
    }
    return store_end(s, result, "write", err);
}

int store_check_schema(struct store *s, enum store_access access, struct err *err)
{
    struct identity id = {0};
    int result = store_exec(s, "BEGIN", "read", err);
    if (result == 0)
        result = store_end(s, read_identity(s, &id, err), "read", err);
    if (result < 0)
        return result;
    if (!id.is_empty) {
        result = check_identity(s, &id, err);
        return result < 0 || access == STORE_READ ? result : switch_to_wal(s, err);
    }
    if (access == STORE_READ)
        return err_set(err, ENOENT, "%s is empty: make some results with a run first", s->path);
    if (access == STORE_WRITE)
        result = switch_to_wal(s, err);
    return result < 0 ? result : create_tables(s, err);
}
