#include "record_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "spool.h"

static const int taken_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

static volatile sig_atomic_t n_interrupts;
static volatile pid_t forward_to;            /* 0: nobody, yet or any more */
static volatile sig_atomic_t waiting_signal; /* came when there was nobody */

static void handle(int number)
{
    int old_errno = errno;
    if (number == SIGINT)
        n_interrupts++;
    if (number == SIGTERM || number == SIGHUP) {
        if (forward_to > 0)
            kill(forward_to, number);
        else
            waiting_signal = number;
    }
    errno = old_errno;
}

struct handlers {
    struct sigaction old[ARRAY_SIZE(taken_signals)];
};

static void take_signals(struct handlers *h)
{
    struct sigaction action = {.sa_handler = handle};
    n_interrupts = 0;
    forward_to = 0;
    waiting_signal = 0;
    for (size_t i = 0; i < ARRAY_SIZE(taken_signals); i++)
        sigaction(taken_signals[i], &action, &h->old[i]);
}

static void restore_signals(const struct handlers *h)
{
    for (size_t i = 0; i < ARRAY_SIZE(taken_signals); i++)
        sigaction(taken_signals[i], &h->old[i], NULL);
}

/* In the child: becomes the program, or tells through the pipe why not. */
static _Noreturn void become(const struct record_process *p, const struct handlers *h, int pipe_fd)
{
    restore_signals(h);
    execvpe(p->argv[0], p->argv, p->environment);
    int code = errno;
    ssize_t n = write(pipe_fd, &code, sizeof(code));
    _exit(n == (ssize_t)sizeof(code) ? 127 : 126);
}

static void wait_a_tick(const struct record_process *p, int pidfd)
{
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
    struct timespec tick = {.tv_nsec = SPOOL_TICK_NS};
    ppoll(&poll_fd, 1, &tick, NULL);
    atomic_fetch_add_explicit(p->tick, 1, memory_order_relaxed);
}

static void set_end(struct record_end *end, int status)
{
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->exit_status = end->signal ? 128 + end->signal : WEXITSTATUS(status);
}

/* What the program left behind has become the caller's (PR_SET_CHILD_SUBREAPER). */
static void wait_for_orphans(const struct record_process *p)
{
    bool told = false;
    n_interrupts = 0;
    waiting_signal = 0;
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if ((pid < 0 && errno == ECHILD) || n_interrupts > 0 || waiting_signal != 0)
            return;
        if (pid != 0)
            continue;
        if (!told && p->waiting)
            p->waiting(p->context);
        told = true;
        wait_a_tick(p, -1);
    }
}

static int watch(const struct record_process *p, pid_t child, struct record_end *end,
                 struct err *err)
{
    int status, pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    pid_t ended;
    forward_to = child;
    if (waiting_signal != 0)
        kill(child, waiting_signal);
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR))
        wait_a_tick(p, pidfd);
    forward_to = 0;
    if (pidfd >= 0)
        close(pidfd);
    if (ended < 0)
        return err_set_errno(err, errno, "lost sight of %s", p->argv[0]);
    set_end(end, status);
    return 0;
}

/* 0 when the program has begun, or why it could not, as a positive errno. */
static int read_failure(int pipe_fd)
{
    int code = 0;
    ssize_t n;
    while ((n = read(pipe_fd, &code, sizeof(code))) < 0 && errno == EINTR)
        ;
    return n == (ssize_t)sizeof(code) ? code : 0;
}

int record_process_run(const struct record_process *p, struct record_end *end, struct err *err)
{
    int ends[2];
    struct handlers handlers;
    *end = (struct record_end){.exit_status = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set_errno(err, errno, "cannot start %s", p->argv[0]);
    if (p->tree)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    take_signals(&handlers);
    uint64_t begin = clock_ns();
    pid_t child = fork();
    if (child == 0)
        become(p, &handlers, ends[1]);
    int code = child < 0 ? errno : 0;
    close(ends[1]);
    if (code == 0)
        code = read_failure(ends[0]);
    close(ends[0]);
    int rc = child < 0 ? 0 : watch(p, child, end, err);
    end->lived_ns = clock_ns() - begin;
    if (code != 0) {
        *end = (struct record_end){.exit_status = -1};
        rc = err_set_errno(err, code, "cannot start %s", p->argv[0]);
    } else if (rc == 0 && p->tree) {
        wait_for_orphans(p);
    }
    restore_signals(&handlers);
    return rc;
}
