#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start(const char *const *argv, int out, int complaints, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return code;
    code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    if (code == 0) /* argv is not written to: POSIX has the type for the sake of main() */
        code = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 255;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The file's content, terminated; NULL when out of memory. */
static char *read_all(int fd, size_t most)
{
    struct stat s;
    size_t n = fstat(fd, &s) == 0 && s.st_size > 0 ? (size_t)s.st_size : 0;
    n = n < most ? n : most;
    char *text = malloc(n + 1);
    size_t done = 0;
    while (text && done < n) {
        ssize_t got = pread(fd, text + done, n - done, (off_t)done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    if (text)
        text[done] = '\0';
    return text;
}

/* "sbatch: error: No such thing" -> "No such thing"; lines become one, joined by "; ". */
static void take_complaints(const char *name, char *text, char *out, size_t n)
{
    size_t used = 0;
    char *rest;
    out[0] = '\0';
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        static const char error[] = "error: ";
        size_t length = strlen(name);
        if (strncmp(line, name, length) == 0 && strncmp(line + length, ": ", 2) == 0)
            line += length + 2;
        if (strncmp(line, error, strlen(error)) == 0)
            line += strlen(error);
        for (char *p = line; *p; p++)
            if ((unsigned char)*p < ' ' || *p == 0x7f)
                *p = ' ';
        int more = snprintf(out + used, n - used, "%s%s", used ? "; " : "", line);
        used = used + (size_t)more < n ? used + (size_t)more : n - 1;
    }
}

static int run(const char *const *argv, int out, int complaints, struct captured *c,
               struct err *err)
{
    pid_t pid;
    int code = start(argv, out, complaints, &pid);
    if (code != 0)
        return err_set_errno(err, code, "cannot start %s", argv[0]);
    c->status = wait_for(pid);
    c->out = read_all(out, CAPTURE_BYTES);
    char *said = read_all(complaints, 1 << 16);
    if (said)
        take_complaints(argv[0], said, c->said, sizeof(c->said));
    free(said);
    return c->out ? 0 : err_set(err, ENOMEM, "no memory for what %s printed", argv[0]);
}

int capture(const char *const *argv, struct captured *c, struct err *err)
{
    *c = (struct captured){.out = NULL};
    int out = memfd_create("output", MFD_CLOEXEC);
    int complaints = memfd_create("complaints", MFD_CLOEXEC);
    int rc = out < 0 || complaints < 0
                 ? err_set_errno(err, errno, "no file for what %s prints", argv[0])
                 : run(argv, out, complaints, c, err);
    if (out >= 0)
        close(out);
    if (complaints >= 0)
        close(complaints);
    return rc;
}
