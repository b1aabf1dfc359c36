#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

#define PRELOAD       "LD_PRELOAD="
#define PRELOAD_BYTES (sizeof(PRELOAD) - 1)

static int start_trace(const char *worker, int pipe_fd, pid_t *pid)
{
    static char trace[] = "LD_TRACE_LOADED_OBJECTS=1";
    char *const environment[] = {trace, NULL}, *const argv[] = {(char *)worker, NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, pipe_fd, STDOUT_FILENO);
        if (code == 0)
            code = posix_spawn(pid, worker, &actions, NULL, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    return code;
}

/* What the loader says of the libraries of `worker`, in *text, which the caller frees. */
static int trace_libraries(const char *worker, char **text, struct err *err)
{
    int ends[2];
    pid_t pid;
    size_t room = 0;
    *text = NULL;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set_errno(err, errno, "cannot make a pipe");
    int code = start_trace(worker, ends[1], &pid);
    close(ends[1]);
    FILE *from = code == 0 ? fdopen(ends[0], "re") : NULL;
    if (!from)
        close(ends[0]);
    ssize_t got = from ? getdelim(text, &room, '\0', from) : -1;
    if (from)
        fclose(from);
    if (code == 0)
        waitpid(pid, NULL, 0);
    if (code == 0 && got > 0)
        return 0;
    free(*text);
    *text = NULL;
    return err_set(err, code ? code : EIO, "cannot ask the loader what %s is linked with", worker);
}

/* One line, "NAME => PATH (0x...)" or "NAME => not found". Whether NAME matches; PATH is cut out. */
static bool is_line_of(char *line, const char *pattern, const char **path)
{
    char *name = line + strspn(line, " \t"), *arrow = strstr(name, " => ");
    if (!arrow)
        return false;
    *arrow = '\0';
    *path = arrow + 4;
    char *address = strstr(arrow + 4, " (0x");
    if (address)
        *address = '\0';
    return fnmatch(pattern, name, 0) == 0;
}

static int find_linked(const struct allocator *a, const char *worker, char path[PATH_MAX],
                       struct err *err)
{
    char *text;
    const char *found;
    int rc = trace_libraries(worker, &text, err);
    if (rc < 0)
        return rc;
    char *rest = text;
    bool is_there = false;
    for (char *line; !is_there && (line = strsep(&rest, "\n"));)
        is_there =
            is_line_of(line, a->malloc_file, &found) && found[0] == '/' && realpath(found, path);
    free(text);
    return is_there ? 0
                    : err_set(err, ENOENT, "%s is not installed: the loader finds no %s", a->name,
                              a->malloc_file);
}

int preload_find(const struct subject *s, const char *workers, char *path, size_t n,
                 struct err *err)
{
    char worker[PATH_MAX + 64], found[PATH_MAX];
    int rc = 0;
    path[0] = '\0';
    if (s->allocator->kind == ALLOCATOR_SYSTEM)
        return 0;
    if (s->library)
        text_format(found, sizeof(found), "%s", s->library);
    text_format(worker, sizeof(worker), "%s/%s", workers, s->allocator->worker);
    if (!s->library && access(worker, X_OK) < 0)
        return err_set(err, ENOENT, "%s cannot be used: %s is missing", s->allocator->name, worker);
    if (!s->library)
        rc = find_linked(s->allocator, worker, found, err);
    if (rc == 0 && strpbrk(found, " :\t\n"))
        return err_set(err, EINVAL,
                       "LD_PRELOAD takes no path with a space or a colon: '%s' cannot be preloaded",
                       found);
    if (rc == 0 && text_format(path, n, "%s", found) < strlen(found))
        return err_set(err, ENAMETOOLONG, "the path of %s is too long", found);
    return rc;
}

/* Whether the subject sets the variable of `line`. LD_PRELOAD is made apart. */
static bool is_replaced(const struct subject *s, const char *line)
{
    size_t n = strcspn(line, "=") + 1;
    for (size_t i = 0; i < s->n_environment; i++)
        if (strncmp(s->environment[i], line, n) == 0)
            return true;
    return strncmp(line, PRELOAD, PRELOAD_BYTES) == 0;
}

/* The line of LD_PRELOAD; none where nothing is to be preloaded. */
static int join_preload(struct preload_environment *e, const char *library, char *const *base)
{
    const char *there = "";
    for (; *base; base++)
        if (strncmp(*base, PRELOAD, PRELOAD_BYTES) == 0)
            there = *base + PRELOAD_BYTES;
    if (!*library && !*there)
        return 0;
    const char *between = *library && *there ? ":" : "";
    int n = asprintf(&e->preload, PRELOAD "%s%s%s", library, between, there);
    if (n < 0)
        e->preload = NULL;
    return n < 0 ? -ENOMEM : 0;
}

int preload_environment_make(struct preload_environment *e, const struct subject *s,
                             const char *library, char *const *base, struct err *err)
{
    size_t n = 0, n_base = 0;
    *e = (struct preload_environment){0};
    while (base[n_base])
        n_base++;
    e->lines = reallocarray(NULL, n_base + s->n_environment + 2, sizeof(*e->lines));
    if (!e->lines || join_preload(e, library, base) < 0) {
        preload_environment_release(e);
        return err_set(err, ENOMEM, "out of memory");
    }
    if (e->preload)
        e->lines[n++] = e->preload;
    for (size_t i = 0; i < s->n_environment; i++)
        if (strncmp(s->environment[i], PRELOAD, PRELOAD_BYTES) != 0)
            e->lines[n++] = s->environment[i];
    for (size_t i = 0; i < n_base; i++)
        if (!is_replaced(s, base[i]))
            e->lines[n++] = base[i];
    e->lines[n] = NULL;
    return 0;
}

void preload_environment_release(struct preload_environment *e)
{
    free(e->lines);
    free(e->preload);
    *e = (struct preload_environment){0};
}
