#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clause.h"
#include "clock.h"
#include "contract_status.h"
#include "group_time.h"
#include "text.h"

enum { NOT_STARTED = 125, LOOK_MS = 100 };

/*
 * Of the last quarter before the limit, what a program that has stopped in vain computes at most; one that computes
 * gets more, however busy the machine is with others.
 */
#define ASLEEP_PART 0.02

/* Files in memory. */
struct output {
    int out, err;
};

static int open_output(struct output *o, struct err *err)
{
    o->out = memfd_create("stdout", MFD_CLOEXEC);
    o->err = memfd_create("stderr", MFD_CLOEXEC);
    return o->out < 0 || o->err < 0 ? err_set_errno(err, errno, "cannot make a file in memory") : 0;
}

static void close_output(const struct output *o)
{
    if (o->out >= 0)
        close(o->out);
    if (o->err >= 0)
        close(o->err);
}

static _Noreturn void become(const char *program, const struct clause_request *r,
                             const struct output *output, pid_t parent)
{
    char *argv[] = {(char *)program, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NOT_STARTED);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output->out, STDOUT_FILENO) >= 0 &&
        dup2(output->err, STDERR_FILENO) >= 0) {
        child_drop_inheritance(STDERR_FILENO, NOT_STARTED);
        execve(program, argv, r->environment);
    }
    dprintf(STDERR_FILENO, "cannot start %s: %s\n", program, strerrordesc_np(errno));
    _exit(NOT_STARTED);
}

/* Until the process ends, the limit is over, or Ctrl-C comes: whether it has ended by itself. */
static bool wait_for(pid_t pid, const struct clause_request *r, uint64_t until_ns)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    bool has_ended = false;
    while (!has_ended && !*r->interrupted && clock_ns() < until_ns) {
        uint64_t left_ms = (until_ns - clock_ns()) / NS_PER_MS + 1;
        int look_ms = left_ms < LOOK_MS ? (int)left_ms : LOOK_MS;
        if (ended.fd < 0) /* a kernel before 5.3: poll only sleeps */
            look_ms = 1;
        poll(&ended, ended.fd >= 0, look_ms);
        siginfo_t info = {.si_pid = 0};
        has_ended =
            waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
    }
    if (ended.fd >= 0)
        close(ended.fd);
    return has_ended;
}

/* Ends the group, so that no child of the program stays behind either; the program's status. */
static int reap(pid_t pid)
{
    int status = 0;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* had it no group yet */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* The last line with something on it: before that, the allocator may have said something. */
static void last_line(int fd, char *out, size_t n)
{
    char text[4096];
    off_t end = lseek(fd, 0, SEEK_END), from = end - (off_t)sizeof(text) + 1;
    ssize_t got = pread(fd, text, sizeof(text) - 1, from > 0 ? from : 0);
    text[got > 0 ? got : 0] = '\0';
    char *last = NULL, *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            last = line;
    for (char *p = last; p && *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
    text_format(out, n, "%s", last ? last : "");
}

static bool is_through(int fd)
{
    char text[sizeof(CONTRACT_THROUGH)] = "";
    return pread(fd, text, sizeof(text) - 1, 0) == sizeof(text) - 1 &&
           strcmp(text, CONTRACT_THROUGH) == 0;
}

static void judge(int status, bool through, const char *words, struct clause_result *result)
{
    const char *between = *words ? "; last words: " : "";
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->verdict = code == CONTRACT_PASS && through ? CLAUSE_PASS
                      : code == CONTRACT_DIFFERS       ? CLAUSE_DIFFERS
                      : code == CONTRACT_SKIP          ? CLAUSE_SKIP
                                                       : CLAUSE_FAIL;
    char *out = result->seen;
    if (WIFSIGNALED(status))
        text_format(out, sizeof(result->seen), "ended by SIG%s (%s)%s%s",
                    sigabbrev_np(WTERMSIG(status)), sigdescr_np(WTERMSIG(status)), between, words);
    else if (result->verdict == CLAUSE_FAIL && (code != CONTRACT_FAIL || !*words))
        text_format(out, sizeof(result->seen), "ended with status %d before it was through%s%s",
                    code, between, words);
    else if (result->verdict != CLAUSE_PASS)
        text_format(out, sizeof(result->seen), "%s", words);
}

/* What a program did that was not through at the limit. */
struct overrun {
    uint64_t cpu_ns;      /* in all */
    uint64_t last_cpu_ns; /* in the last quarter */
};

/* As wait_for. */
static bool wait_to_limit(pid_t pid, const struct clause_request *r, uint64_t begun_ns,
                          struct overrun *over)
{
    if (wait_for(pid, r, begun_ns + r->limit_ns / 4 * 3))
        return true;
    uint64_t before_ns = group_time_ns(pid);
    if (wait_for(pid, r, begun_ns + r->limit_ns))
        return true;
    over->cpu_ns = group_time_ns(pid);
    /* A child that ended in between and that nobody waited for has taken its time along. */
    over->last_cpu_ns = over->cpu_ns > before_ns ? over->cpu_ns - before_ns : 0;
    return false;
}

static void tell_overrun(const struct overrun *over, const struct clause_request *r,
                         const char *words, char *out, size_t n)
{
    bool asleep = (double)over->last_cpu_ns < ASLEEP_PART * (double)r->limit_ns / 4;
    snprintf(out, n, "not through after %g s and %.3g s of CPU time: %s%s%.240s",
             (double)r->limit_ns / NS_PER_S, (double)over->cpu_ns / NS_PER_S,
             asleep ? "asleep at the end, dead-locked or waiting in vain"
                    : "busy to the end, slow or in a loop",
             *words ? "; last words: " : "", words);
}

static void observe(pid_t pid, const struct output *output, const struct clause_request *r,
                    struct clause_result *result)
{
    char words[sizeof(result->seen)];
    struct overrun over = {0};
    uint64_t begun = clock_ns();
    bool has_ended = wait_to_limit(pid, r, begun, &over);
    bool was_interrupted = !has_ended && *r->interrupted;
    int status = reap(pid);
    result->took_ns = clock_ns() - begun;
    last_line(output->err, words, sizeof(words));
    if (has_ended) {
        judge(status, is_through(output->out), words, result);
    } else if (!was_interrupted) {
        result->verdict = CLAUSE_FAIL;
        tell_overrun(&over, r, words, result->seen, sizeof(result->seen));
    }
}

/* The environment with the library's name for the program, NULL behind the last line. */
static char **add_library(const struct clause_request *r, char *line, struct err *err)
{
    size_t n = 0;
    while (r->environment[n])
        n++;
    char **lines = reallocarray(NULL, n + 2, sizeof(*lines));
    if (!lines) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    memcpy(lines, r->environment, n * sizeof(*lines));
    lines[n] = line;
    lines[n + 1] = NULL;
    return lines;
}

int clause_try(const struct clause *clause, const struct clause_request *request,
               struct clause_result *result, struct err *err)
{
    char program[PATH_MAX + 64], line[PATH_MAX + 32];
    struct clause_request r = *request;
    *result = (struct clause_result){0};
    text_format(program, sizeof(program), "%s/%s", r.folder, clause->name);
    text_format(line, sizeof(line), CONTRACT_LIBRARY "=%s", r.library);
    if (access(program, X_OK) < 0)
        return err_set_errno(err, errno, "incomplete installation: cannot start %s", program);
    char **environment = add_library(&r, line, err);
    if (!environment)
        return -ENOMEM;
    r.environment = environment;

    struct output output;
    int rc = open_output(&output, err);
    pid_t parent = getpid(), pid = rc < 0 ? -1 : fork();
    if (pid == 0)
        become(program, &r, &output, parent);
    if (pid > 0)
        observe(pid, &output, &r, result);
    else if (rc == 0)
        rc = err_set_errno(err, errno, "cannot start another process");
    close_output(&output);
    free(environment);
    return rc;
}
