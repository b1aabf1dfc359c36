#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p for the folder that `path` is to stand in. */
static int make_folders(const char *path, struct err *err)
{
    char *folder = strdup(path);
    if (!folder)
        return err_set(err, ENOMEM, "no memory for the path %s", path);
    int result = 0;
    for (char *slash = strchr(folder + 1, '/'); slash && result == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) < 0 && errno != EEXIST)
            result = err_set_errno(err, errno, "cannot make the folder %s for the results", folder);
        *slash = '/';
    }
    free(folder);
    return result;
}

static bool is_plain_in_uri(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '-' || c == '_';
}

/* The path as a URI that promises that nobody changes the file; the caller frees it. */
static char *immutable_uri(const char *path)
{
    static const char tail[] = "?immutable=1";
    size_t n_bytes = strlen("file:") + 3 * strlen(path) + sizeof(tail);
    char *uri = malloc(n_bytes);
    if (!uri)
        return NULL;
    char *out = stpcpy(uri, "file:");
    for (const char *p = path; *p; p++)
        out += is_plain_in_uri(*p) ? sprintf(out, "%c", *p)
                                   : sprintf(out, "%%%02X", (unsigned char)*p);
    memcpy(out, tail, sizeof(tail));
    return uri;
}

/* Whether a log stands beside the file whose content the file does not have yet. */
static bool has_log(const char *path)
{
    char *log = NULL;
    struct stat info;
    bool has = asprintf(&log, "%s-wal", path) < 0 || (stat(log, &info) == 0 && info.st_size > 0);
    free(log);
    return has;
}

static int connect_to(struct store *s, const char *name, int flags, const char *vfs)
{
    /* One thread has it: SQLite need not lock. */
    int result = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, vfs);
    if (s->db)
        sqlite3_busy_timeout(s->db, STORE_WAIT_MS);
    return result;
}

/*
 * A reader of a file in WAL mode writes beside it, too. Where that is not possible (published
 * results on read-only media) and there is no log, nobody can be writing, and the file is read as
 * it stands.
 */
static int reopen_immutable(struct store *s)
{
    char *uri = immutable_uri(s->path);
    sqlite3_close(s->db);
    s->db = NULL;
    int result =
        uri ? connect_to(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) : SQLITE_NOMEM;
    free(uri);
    return result;
}

static int open_for_reading(struct store *s, struct err *err)
{
    if (access(s->path, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ENOENT,
                       "no results yet: there is no file %s; make some with a run first", s->path);
    /*
     * With the right to write, where there is one, the log's files do not stay behind at the end.
     */
    int result = connect_to(s, s->path, SQLITE_OPEN_READWRITE, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(s->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    bool cannot_share = result == SQLITE_CANTOPEN || result == SQLITE_READONLY;
    if (cannot_share && access(s->path, R_OK) == 0 && !has_log(s->path))
        result = reopen_immutable(s);
    return result == SQLITE_OK ? 0 : store_fail(s, err, "read");
}

static int open_for_writing(struct store *s, struct err *err)
{
    int result = make_folders(s->path, err);
    if (result < 0)
        return result;
    if (connect_to(s, s->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        return store_fail(s, err, "open");
    /* Without the right to write SQLite quietly falls back to reading. */
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return err_set(err, EACCES,
                       "%s cannot be written: make it writable, or name another results file",
                       s->path);
    return 0;
}

/* SQLite's own way of making a file would open one that is there. */
static int open_new(struct store *s, struct err *err)
{
    int result = make_folders(s->path, err);
    if (result < 0)
        return result;
    int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot make %s", s->path);
    close(fd);
    return connect_to(s, s->path, SQLITE_OPEN_READWRITE, "unix-none") == SQLITE_OK
               ? 0
               : store_fail(s, err, "open");
}

static int open_as(struct store *s, enum store_access access, struct err *err)
{
    if (access == STORE_READ)
        return open_for_reading(s, err);
    return access == STORE_NEW ? open_new(s, err) : open_for_writing(s, err);
}

static int set_up(struct store *s, enum store_access access, struct err *err)
{
    if (!s->path)
        return err_set(err, ENOMEM, "no memory for the results file");
    int result = open_as(s, access, err);
    if (result < 0)
        return result;
    sqlite3_extended_result_codes(s->db, 1);
    result =
        store_exec(s,
                   access == STORE_READ ? "PRAGMA query_only = ON;"
                                        : "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;",
                   "open", err);
    return result < 0 ? result : store_check_schema(s, access, err);
}

int store_open(const char *path, enum store_access access, struct store **out, struct err *err)
{
    *out = NULL;
    if (!path || !*path)
        return err_set(err, EINVAL, "the name of the results file is empty");
    struct store *s = calloc(1, sizeof(*s));
    if (!s)
        return err_set(err, ENOMEM, "no memory for the results file %s", path);
    s->path = strdup(path);
    int result = set_up(s, access, err);
    if (result < 0) {
        store_close(s);
        return result;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}
