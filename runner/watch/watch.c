#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "process_maps.h"
#include "process_memory.h"

enum {
    COST_SHARE = 50,     /* a reading may cost the fiftieth part of the pace */
    HEAP_COST_SHARE = 4, /* where [heap] is told apart, time does not count */
};

static const int taken_signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

static volatile pid_t forward_to; /* 0: nobody */

static void handle(int number)
{
    int old_errno = errno;
    if ((number == SIGTERM || number == SIGHUP) && forward_to > 0)
        kill(forward_to, number);
    errno = old_errno;
}

struct watch {
    const struct watch_request *request;
    struct watch_result *result;
    pid_t pid;
    int pidfd;
    struct process_status status;
    struct process_resident last; /* reading; zero at first */
    uint64_t begin_ns, pace_ns;
    uint64_t room;
};

/* Room for one more; a series that has become long keeps every second sample. */
static bool make_room(struct watch *w)
{
    struct watch_result *r = w->result;
    if (r->n_samples == WATCH_SAMPLES_MAX) {
        for (size_t i = 0; i < WATCH_SAMPLES_MAX / 2; i++) {
            struct watch_sample *a = &r->samples[2 * i], *b = a + 1;
            r->samples[i] = a->anonymous_bytes > b->anonymous_bytes ? *a : *b; /* peaks stay */
        }
        r->n_samples = WATCH_SAMPLES_MAX / 2;
        w->pace_ns *= 2;
    }
    if (r->n_samples < w->room)
        return true;
    uint64_t room = w->room ? 2 * w->room : 1024;
    struct watch_sample *more = reallocarray(r->samples, room, sizeof(*more));
    if (!more)
        return false;
    r->samples = more;
    w->room = room;
    return true;
}

/*
 * A high-water mark that rose since the last reading was all there was then: files and shared memory
 * did not hold less at that moment than at the lesser of the two readings, or little.
 */
static uint64_t peak_between(const struct process_resident *a, const struct process_resident *b)
{
    uint64_t others_a = a->file_bytes + a->shared_bytes, others_b = b->file_bytes + b->shared_bytes;
    uint64_t others = others_a > others_b ? others_a : others_b;
    uint64_t peak = b->anonymous_bytes;
    if (a->peak_bytes > 0 && b->peak_bytes > a->peak_bytes && b->peak_bytes > others + peak)
        peak = b->peak_bytes - others;
    return peak;
}

static void read_sample(struct watch *w)
{
    struct err ignored; /* it has just ended: whoever waits for it will see */
    struct process_resident now;
    struct watch_sample sample = {.t_ns = clock_ns() - w->begin_ns};
    if (w->request->heap) {
        if (process_heap_read(w->pid, &sample.anonymous_bytes, &sample.heap_bytes, &ignored) < 0)
            return;
    } else {
        if (process_status_read(&w->status, &now, &ignored) < 0)
            return;
        sample.anonymous_bytes = peak_between(&w->last, &now);
        w->last = now;
    }
    if (sample.anonymous_bytes > 0 && make_room(w))
        w->result->samples[w->result->n_samples++] = sample;
    uint64_t cost = clock_ns() - w->begin_ns - sample.t_ns;
    if (cost * (w->request->heap ? HEAP_COST_SHARE : COST_SHARE) > w->pace_ns &&
        w->pace_ns < NS_PER_S / 10)
        w->pace_ns += w->pace_ns / 8;
}

/* Whether the library is there is looked at seldom, and no more once it was seen. */
static void look_for_library(struct watch *w)
{
    struct err ignored;
    uint64_t n = w->result->n_samples;
    if (!w->result->has_library && (n & (n - 1)) == 0)
        w->result->has_library =
            !w->request->library[0] || process_maps_file(w->pid, w->request->library, &ignored) > 0;
}

static void wait_a_tick(const struct watch *w)
{
    struct pollfd poll_fd = {.fd = w->pidfd, .events = POLLIN};
    struct timespec tick = {.tv_sec = (time_t)(w->pace_ns / NS_PER_S),
                            .tv_nsec = (long)(w->pace_ns % NS_PER_S)};
    ppoll(&poll_fd, 1, &tick, NULL);
}

static uint64_t nanoseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * 1000;
}

static int watch_to_end(struct watch *w, struct err *err)
{
    int status;
    struct rusage usage;
    pid_t ended;
    while ((ended = wait4(w->pid, &status, WNOHANG, &usage)) == 0 ||
           (ended < 0 && errno == EINTR)) {
        read_sample(w);
        look_for_library(w);
        wait_a_tick(w);
    }
    if (ended < 0)
        return err_set_errno(err, errno, "lost sight of %s", w->request->argv[0]);
    w->result->wall_ns = clock_ns() - w->begin_ns;
    w->result->user_ns = nanoseconds(usage.ru_utime);
    w->result->system_ns = nanoseconds(usage.ru_stime);
    w->result->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

/* In the child: becomes the program, or tells through the pipe why not. */
static _Noreturn void become(const struct watch_request *q, int pipe_fd)
{
    execvpe(q->argv[0], q->argv, q->environment);
    int code = errno;
    ssize_t n = write(pipe_fd, &code, sizeof(code));
    _exit(n == (ssize_t)sizeof(code) ? 127 : 126);
}

/* The child's id, when the program has begun in it; or a negative errno. */
static pid_t start(const struct watch_request *q, const struct sigaction *old)
{
    int ends[2], code = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < ARRAY_SIZE(taken_signals); i++)
            sigaction(taken_signals[i], &old[i], NULL);
        become(q, ends[1]);
    }
    if (pid < 0)
        code = errno;
    close(ends[1]);
    ssize_t n;
    while (pid > 0 && (n = read(ends[0], &code, sizeof(code))) < 0 && errno == EINTR)
        ;
    close(ends[0]);
    if (pid > 0 && code != 0)
        waitpid(pid, NULL, 0);
    return code ? -code : pid;
}

int watch_program(const struct watch_request *request, struct watch_result *result, struct err *err)
{
    struct sigaction action = {.sa_handler = handle}, old[ARRAY_SIZE(taken_signals)];
    struct watch w = {.request = request, .result = result, .status = {.fd = -1}};
    *result = (struct watch_result){0};
    forward_to = 0;
    for (size_t i = 0; i < ARRAY_SIZE(taken_signals); i++)
        sigaction(taken_signals[i], &action, &old[i]);
    w.begin_ns = clock_ns();
    w.pace_ns = NS_PER_MS / 2;
    w.pid = start(request, old);
    int rc = w.pid;
    if (w.pid < 0) {
        err_set_errno(err, -rc, "cannot start %s", request->argv[0]);
    } else {
        forward_to = w.pid;
        w.pidfd = (int)syscall(SYS_pidfd_open, w.pid, 0);
        rc = process_status_open(&w.status, w.pid, err);
        int waited = watch_to_end(&w, err);
        rc = rc < 0 ? rc : waited;
        forward_to = 0;
        process_status_close(&w.status);
        close(w.pidfd);
        if (rc < 0)
            watch_result_release(result);
    }
    for (size_t i = 0; i < ARRAY_SIZE(taken_signals); i++)
        sigaction(taken_signals[i], &old[i], NULL);
    return rc;
}

void watch_result_release(struct watch_result *r)
{
    free(r->samples);
    r->samples = NULL;
    r->n_samples = 0;
}
