#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "near.h"
#include "text.h"

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_suite(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    size_t ending = strlen(SUITE_ENDING);
    return n > ending && n - ending < SUITE_NAME_BYTES &&
           strcmp(entry->d_name + n - ending, SUITE_ENDING) == 0;
}

int suite_list(const struct places *places,
               int (*each)(void *context, const char *name, const char *path, struct err *err),
               void *context, struct err *err)
{
    struct dirent **entries;
    int n = scandir(places->suites, &entries, is_suite, compare_names);
    if (n < 0)
        return err_set_errno(err, errno, "cannot read the folder of sets %s", places->suites);
    int rc = 0;
    for (int i = 0; i < n; i++) {
        char path[2 * PATH_MAX];
        char *name = entries[i]->d_name;
        text_format(path, sizeof(path), "%s/%s", places->suites, name);
        name[strlen(name) - strlen(SUITE_ENDING)] = '\0';
        if (rc == 0)
            rc = each(context, name, path, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* Names that are offered live shorter than a struct near does. */
struct offers {
    struct near near;
    char names[32][SUITE_NAME_BYTES];
    size_t n;
};

static int offer(void *context, const char *name, const char *path, struct err *err)
{
    struct offers *offers = context;
    (void)path;
    (void)err;
    if (offers->n == ARRAY_SIZE(offers->names))
        return 0;
    char *copy = offers->names[offers->n++];
    text_format(copy, SUITE_NAME_BYTES, "%s", name);
    near_offer(&offers->near, copy);
    return 0;
}

static COLD int unknown(const char *word, const struct places *places, struct err *err)
{
    struct offers offers = {.n = 0};
    char hint[256];
    near_init(&offers.near, word, strlen(word));
    int rc = suite_list(places, offer, &offers, err);
    if (rc < 0)
        return rc;
    if (near_hint(&offers.near, hint, sizeof(hint)) == 0)
        text_format(hint, sizeof(hint), "`arenabench list suites` shows all");
    return err_set(err, EINVAL, "no set and no file is named '%.*s'; %s", 60, word, hint);
}

int suite_find(const char *word, const struct places *places, char path[PATH_MAX], struct err *err)
{
    char shipped[2 * PATH_MAX];
    text_format(shipped, sizeof(shipped), "%s/%.*s" SUITE_ENDING, places->suites, SUITE_NAME_BYTES,
                word);
    if (*word && !strchr(word, '/') && access(shipped, F_OK) == 0)
        return realpath(shipped, path) ? 0 : err_set_errno(err, errno, "cannot find %s", shipped);
    if (*word && realpath(word, path))
        return 0;
    if (strchr(word, '/'))
        return err_set_errno(err, errno, "cannot read the set %.*s", 200, word);
    return unknown(word, places, err);
}

/* The whole text, which the caller frees. */
static int load(const char *path, char **text, size_t *n, struct err *err)
{
    struct stat st = {0};
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *text = NULL;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int rc = err_set_errno(err, errno, "cannot read the set %s", path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    int rc = 0;
    if (!S_ISREG(st.st_mode) || st.st_size > (off_t)SUITE_BYTES_MAX)
        rc = err_set(err, EINVAL, "%s is no set: a text of 1 MiB at most is wanted", path);
    else if (!(*text = malloc((size_t)st.st_size + 1)))
        rc = err_set(err, ENOMEM, "out of memory");
    else if ((got = read(fd, *text, (size_t)st.st_size)) < 0)
        rc = err_set_errno(err, errno, "cannot read the set %s", path);
    close(fd);
    if (rc == 0 && *text && memchr(*text, '\0', (size_t)got))
        rc = err_set(err, EINVAL, "%s is no set: it holds a zero byte, and is no text", path);
    *n = rc == 0 ? (size_t)got : 0;
    return rc;
}

struct reading {
    const char *path, *at, *end;
    unsigned line;
    int (*each)(void *context, const char *key, const char *value, struct err *err);
    void *context;
    struct err *err;
    int rc;
};

/* For the library, as fgets(): the next line. It would cut longer ones in two. */
static char *next_line(char *out, int room, void *context)
{
    struct reading *r = context;
    if (r->rc < 0 || r->at == r->end)
        return NULL;
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t n = (size_t)((newline ? newline + 1 : r->end) - r->at);
    r->line++;
    if (n >= (size_t)room) {
        r->rc = err_set(r->err, EINVAL,
                        "%s:%u: a line of %lu bytes, %d are the most: go on with a list in an "
                        "indented line",
                        r->path, r->line, n, room - 2);
        return NULL;
    }
    memcpy(out, r->at, n);
    out[n] = '\0';
    r->at += n;
    return out;
}

static int take(void *context, const char *section, const char *key, const char *value)
{
    struct reading *r = context;
    if (r->rc < 0)
        return 0;
    if (*section)
        r->rc = err_set(r->err, EINVAL, "a set has no sections such as [%s]", section);
    else
        r->rc = r->each(r->context, key, value, r->err);
    if (r->rc < 0)
        err_prefix(r->err, "%s:%u: %.*s", r->path, r->line, 60, key);
    return r->rc == 0;
}

int suite_read(const char *path,
               int (*each)(void *context, const char *key, const char *value, struct err *err),
               void *context, struct err *err)
{
    struct reading r = {.path = path, .each = each, .context = context, .err = err};
    char *text = NULL;
    size_t n = 0;
    int rc = load(path, &text, &n, err);
    if (rc == 0) {
        r.at = text;
        r.end = text + n;
        int line = ini_parse_stream(next_line, &r, take, &r);
        rc = r.rc;
        if (line < 0)
            rc = err_set(err, ENOMEM, "%s: out of memory", path);
        else if (line > 0 && (rc == 0 || (unsigned)line < r.line))
            rc = err_set(err, EINVAL, "%s:%d: no line such as `blocks = 5`", path, line);
    }
    free(text);
    return rc;
}

int suite_summary(const char *path, char *out, size_t n, struct err *err)
{
    char *text = NULL;
    size_t length = 0;
    int rc = load(path, &text, &length, err);
    out[0] = '\0';
    if (rc == 0 && text && length > 0 && text[0] == '#') {
        const char *newline = memchr(text, '\n', length);
        const char *begin = text + 1;
        size_t all = (size_t)((newline ? newline : text + length) - begin);
        while (all > 0 && *begin == ' ')
            begin++, all--;
        text_format(out, n, "%.*s", (int)all, begin);
    }
    free(text);
    return rc;
}
