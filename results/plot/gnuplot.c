#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utf8.h"

extern char **environ;

/* Whether `folder`, of n bytes, holds a program of that name. */
static bool holds(const char *folder, size_t n, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%.*s/%s", n ? (int)n : 1, n ? folder : ".", name);
    return (size_t)length < sizeof(path) && access(path, X_OK) == 0;
}

int gnuplot_find(struct err *err)
{
    const char *path = getenv("PATH");
    for (path = path ? path : "/bin:/usr/bin";; path++) {
        size_t n = strcspn(path, ":");
        if (holds(path, n, "gnuplot"))
            return 0;
        path += n;
        if (*path == '\0')
            return err_set(err, ENOENT,
                           "no plot: gnuplot is missing; install the package gnuplot-nox");
    }
}

/*
 * The end of a string in single quotes cannot be escaped safely: '' means it, but not at the beginning. So
 * the string ends, and one in double quotes follows.
 */
static void put_byte(FILE *out, char c)
{
    if (c == '\'')
        fputs("'.\"'\".'", out);
    else
        fputc(c, out);
}

static void put_text(FILE *out, const char *text, bool is_format)
{
    unsigned n = 0;
    fputc('\'', out);
    for (const char *p = text; *p && n < GNUPLOT_TEXT_MOST; n++) {
        size_t length = utf8_length(p);
        if (length == 0)
            fputc('?', out);
        else if (utf8_is_control(p))
            fputc(' ', out);
        else if (length == 1)
            put_byte(out, *p);
        else
            fwrite(p, 1, length, out);
        if (*p == '%' && is_format)
            fputc('%', out);
        p += length ? length : 1;
        if (n + 1 == GNUPLOT_TEXT_MOST && *p)
            fputs("…", out);
    }
    fputc('\'', out);
}

void gnuplot_put_text(FILE *out, const char *text)
{
    put_text(out, text, false);
}

void gnuplot_put_tic(FILE *out, const char *text)
{
    put_text(out, text, true);
}

int gnuplot_put_output(FILE *out, const char *path, struct err *err)
{
    if (strchr(path, '\n'))
        return err_set(err, EINVAL, "a plot cannot go to a file with a line break in its name");
    fputs("set output '", out);
    if (*path != '/')
        fputs("./", out); /* "|command" would be one */
    for (; *path; path++)
        put_byte(out, *path);
    fputs("'\n", out);
    return 0;
}

/* A nameless file that holds the bytes, to be read from its beginning. */
static int make_file(const void *bytes, size_t n, struct err *err)
{
    int fd = memfd_create("gnuplot", MFD_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot make a script for gnuplot");
    const char *at = bytes;
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            int code = errno;
            close(fd);
            return err_set_errno(err, code, "cannot make a script for gnuplot");
        }
        at += done;
        n -= (size_t)done;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* -d: whatever the user's own settings are, the plot is the same. */
static int start(int in, int complaints, pid_t *pid)
{
    char *const words[] = {"gnuplot", "-d", "-", NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return code;
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    code = posix_spawnp(pid, "gnuplot", &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* Of what gnuplot said, the line that says what is wrong: not the echo of the script, nor the caret below it. */
static void find_complaint(int fd, char *out, size_t n)
{
    char line[512];
    out[0] = '\0';
    lseek(fd, 0, SEEK_SET);
    FILE *file = fdopen(dup(fd), "r");
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        bool is_echo = strncmp(line, "gnuplot>", 8) == 0 || line[strspn(line, " \t^")] == '\0';
        if (!is_echo) {
            snprintf(out, n, "%s", line + strspn(line, " \t"));
            break;
        }
    }
    if (file)
        fclose(file);
}

static int finish(pid_t pid, int complaints, struct err *err)
{
    char said[256];
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set_errno(err, errno, "cannot wait for gnuplot");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    find_complaint(complaints, said, sizeof(said));
    return err_set(err, EIO, "gnuplot could not draw it%s%s", said[0] ? ": " : "", said);
}

int gnuplot_run(const char *script, size_t n_bytes, struct err *err)
{
    pid_t pid;
    int in = make_file(script, n_bytes, err);
    if (in < 0)
        return in;
    int complaints = make_file("", 0, err);
    if (complaints < 0) {
        close(in);
        return complaints;
    }
    int code = start(in, complaints, &pid);
    int result =
        code ? err_set_errno(err, code, "cannot start gnuplot") : finish(pid, complaints, err);
    close(in);
    close(complaints);
    return result;
}
