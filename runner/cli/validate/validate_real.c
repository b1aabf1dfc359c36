/* One run of the real program, started by arenabench itself: exec --watch. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"
#include "validate.h"

/* The words before the program; in RUN_PREFIX a shell splits them at blanks. */
struct prefix {
    char self[PATH_MAX], file[PATH_MAX];
    char complaints[PATH_MAX]; /* what the program writes to stderr */
    const char *words[9];
};

static int make_prefix(struct prefix *p, const char *folder, const char *name, bool heap,
                       struct err *err)
{
    size_t n = 0;
    ssize_t got = readlink("/proc/self/exe", p->self, sizeof(p->self) - 1);
    if (got < 0)
        return err_set_errno(err, errno, "cannot find this program");
    p->self[got] = '\0';
    text_format(p->file, sizeof(p->file), "%s/seen", folder);
    text_format(p->complaints, sizeof(p->complaints), "%s/complaints", folder);
    p->words[n++] = p->self;
    p->words[n++] = "exec";
    p->words[n++] = "--watch";
    p->words[n++] = p->file;
    p->words[n++] = "-a";
    p->words[n++] = name;
    if (heap)
        p->words[n++] = "--heap";
    p->words[n++] = "--";
    p->words[n] = NULL;
    return 0;
}

static int export_prefix(const struct prefix *p, struct err *err)
{
    char text[2 * PATH_MAX + SUBJECT_TEXT_MAX + 64] = "";
    size_t used = 0;
    for (size_t i = 0; p->words[i]; i++) {
        if (strpbrk(p->words[i], " \t\n*?["))
            return err_set(err, EINVAL, "RUN_PREFIX takes no word with a blank or *?[: '%s'",
                           p->words[i]);
        used += text_format(text + used, sizeof(text) - used, "%s%s", i ? " " : "", p->words[i]);
    }
    return setenv("RUN_PREFIX", text, 1) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* The prefix and the program, as one list that the caller frees. */
static char **join(const struct prefix *p, char **program)
{
    size_t n = 0, n_words = 0;
    while (program[n])
        n++;
    while (p->words[n_words])
        n_words++;
    char **argv = calloc(n_words + n + 1, sizeof(*argv));
    if (argv) {
        memcpy(argv, p->words, n_words * sizeof(*argv));
        memcpy(argv + n_words, program, n * sizeof(*argv));
    }
    return argv;
}

/* What the program prints is not what is asked for here; what it complains of is told if it fails. */
static _Noreturn void become(char *const *argv, const char *complaints)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int file = open(complaints, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

/* The last line of a file, for people; "" when it has none. */
static void last_line(const char *path, char *out, size_t n)
{
    char line[256];
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        for (char *c = line; *c; c++)
            if ((unsigned char)*c < ' ')
                *c = ' ';
        if (*line)
            text_format(out, n, ": %s", line);
    }
    if (file)
        fclose(file);
}

static int run_to_end(char *const *argv, const char *complaints, struct err *err)
{
    char last[256];
    int status;
    pid_t pid = fork();
    if (pid == 0)
        become(argv, complaints);
    if (pid < 0)
        return err_set_errno(err, errno, "cannot start the program");
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set_errno(err, errno, "lost sight of the program");
    last_line(complaints, last, sizeof(last));
    if (WIFSIGNALED(status))
        return err_set(err, EINVAL, "the program was ended by signal %d%s", WTERMSIG(status), last);
    if (WEXITSTATUS(status) != 0)
        return err_set(err, EINVAL, "the program ended with status %d%s", WEXITSTATUS(status),
                       last);
    return 0;
}

static int start(const struct validate *v, const struct prefix *p, struct err *err)
{
    char *const shell[] = {(char *)"/bin/sh", (char *)"-c", (char *)v->command, NULL};
    if (v->command) {
        int rc = export_prefix(p, err);
        return rc < 0 ? rc : run_to_end(shell, p->complaints, err);
    }
    char **argv = join(p, v->program);
    int rc = argv ? run_to_end(argv, p->complaints, err) : err_set(err, ENOMEM, "out of memory");
    free(argv);
    return rc;
}

static int read_seen(const struct prefix *p, const char *name, struct watch_result *out,
                     struct err *err)
{
    if (access(p->file, F_OK) < 0)
        return err_set(err, EINVAL, "the command did not start a program by $RUN_PREFIX");
    int rc = watch_file_read(p->file, out, err);
    if (rc < 0)
        return rc;
    if (out->has_library && out->n_samples > 0)
        return 0;
    rc =
        err_set(err, EINVAL,
                out->n_samples
                    ? "%s was never seen in the program: it ended too soon, or is linked statically"
                    : "the program ended before %s could be seen in it",
                name);
    watch_result_release(out);
    return rc;
}

int validate_run_real(const struct validate *v, const char *name, bool heap,
                      struct watch_result *out, struct err *err)
{
    struct prefix prefix = {.file = ""};
    char folder[] = "/tmp/arenabench-validate-XXXXXX";
    *out = (struct watch_result){0};
    int rc = topology_bind_tid(v->topology, gettid(), CPU_UNBOUND, err); /* its children, too */
    if (rc == 0 && !mkdtemp(folder))
        return err_set_errno(err, errno, "cannot make a folder in /tmp");
    if (rc == 0)
        rc = make_prefix(&prefix, folder, name, heap, err);
    if (rc == 0)
        rc = start(v, &prefix, err);
    if (rc == 0)
        rc = read_seen(&prefix, name, out, err);
    unlink(prefix.file);
    unlink(prefix.complaints);
    rmdir(folder);
    return rc;
}
