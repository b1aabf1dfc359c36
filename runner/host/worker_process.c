#include "worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "os.h"
#include "text.h"

/* Polls before a thread that waits for a cell sleeps: some microseconds. */
enum { SPIN_POLLS = 200 };

static void fill_control(struct control *c, const struct trial_request *r)
{
    c->magic = CONTROL_MAGIC;
    c->version = CONTROL_VERSION;
    c->n_threads = r->plan->n_threads;
    c->n_bytes = control_bytes(r->plan->n_threads);
    c->run_ns = r->run_ns;
    c->touch = r->touch;
    c->warm_up = r->warm_up;
    c->n_counters = r->counters ? r->counters->n : 0;
    c->survey = r->survey;
    c->spin = r->plan->facts.most_threads <= topology_n_cpus(r->topology) ? SPIN_POLLS : 0;
    c->n_nodes = topology_n_nodes(r->topology);
}

int trial_cpu_of(const struct trial_request *r, uint32_t thread)
{
    uint32_t seat = plan_threads(r->plan)[thread].seat;
    return r->placement->cpus[seat % r->placement->n_threads];
}

/* Where the worker may run, and where each thread is to. */
static int fill_masks(struct control *c, const struct trial_request *r, struct err *err)
{
    int rc = topology_cpu_mask(r->topology, CPU_UNBOUND, c->cpus, CONTROL_CPU_WORDS, err);
    for (uint32_t t = 0; rc == 0 && t < c->n_threads; t++) {
        int cpu = trial_cpu_of(r, t);
        if (cpu != CPU_UNBOUND)
            rc = topology_cpu_mask(r->topology, cpu, c->threads[t].cpus, CONTROL_CPU_WORDS, err);
    }
    return rc;
}

/* Zeroed memory of `n` bytes in a file that keeps its size; NULL with err. */
static void *make_shared(const char *name, size_t n, int *fd, struct err *err)
{
    *fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *p = NULL;
    if (*fd >= 0 && ftruncate(*fd, (off_t)n) == 0 &&
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        p = os_map_file(*fd, n, OS_READ_WRITE, OS_PLAIN);
    if (!p)
        (void)err_set_errno(err, errno, "cannot make shared memory for the worker's %s", name);
    return p;
}

static int make_control(struct worker_process *w, const struct trial_request *r, struct err *err)
{
    w->control_bytes = control_bytes(r->plan->n_threads);
    w->control = make_shared("control block", w->control_bytes, &w->control_fd, err);
    if (!w->control)
        return -EIO;
    fill_control(w->control, r);
    return fill_masks(w->control, r, err);
}

/* What is to be told of them; more than there is room for are missed in the end. */
static void write_wishes(struct statistics_block *block, const struct trial_request *r)
{
    for (size_t i = 0; i < r->n_settings && i < STATISTICS_WANTED_MAX; i++) {
        struct statistic *row = &block->rows[block->n++];
        *row = (struct statistic){.kind = STATISTIC_SETTING,
                                  .arena = r->settings[i].proof,
                                  .value = r->settings[i].value};
        text_format(row->name, sizeof(row->name), "%s", r->settings[i].name);
    }
    if (r->classes_up_to > 0)
        block->rows[block->n++] =
            (struct statistic){.kind = STATISTIC_CLASS, .value = r->classes_up_to};
}

static int make_statistics(struct worker_process *w, const struct trial_request *r, struct err *err)
{
    w->statistics = make_shared("statistics", sizeof(*w->statistics), &w->statistics_fd, err);
    if (!w->statistics)
        return -EIO;
    w->statistics->magic = STATISTICS_MAGIC;
    w->statistics->version = STATISTICS_VERSION;
    write_wishes(w->statistics, r);
    return 0;
}

/* Its pages are there when they are written first: as a rule few. */
static int make_survey(struct worker_process *w, struct err *err)
{
    w->survey = make_shared("survey", sizeof(*w->survey), &w->survey_fd, err);
    if (!w->survey)
        return -EIO;
    w->survey->magic = SURVEY_MAGIC;
    w->survey->version = SURVEY_BLOCK_VERSION;
    return 0;
}

/* From here on in the child, between fork and exec. */

static bool place_survey(const struct worker_process *w)
{
    int survey = fcntl(w->survey_fd, F_DUPFD_CLOEXEC, 16);
    return survey >= 0 && dup2(survey, CONTROL_FD_SURVEY) >= 0;
}

/* Puts the files where the worker looks for them, however they are numbered now. */
static bool place_files(const struct worker_process *w, const struct trial_request *r)
{
    int plan = fcntl(r->plan_fd, F_DUPFD_CLOEXEC, 16);
    int control = fcntl(w->control_fd, F_DUPFD_CLOEXEC, 16);
    int statistics = fcntl(w->statistics_fd, F_DUPFD_CLOEXEC, 16);
    int errors = fcntl(w->stderr_fd, F_DUPFD_CLOEXEC, 16);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    return plan >= 0 && control >= 0 && statistics >= 0 && errors >= 0 && nothing >= 0 &&
           dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
           dup2(errors, STDERR_FILENO) >= 0 && dup2(plan, CONTROL_FD_PLAN) >= 0 &&
           dup2(control, CONTROL_FD_CONTROL) >= 0 && dup2(statistics, CONTROL_FD_STATISTICS) >= 0;
}

static _Noreturn void become_worker(const struct worker_process *w, const struct trial_request *r,
                                    pid_t runner)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed runner leaves no worker behind */
    if (getppid() != runner)
        _exit(WORKER_EXIT_FAILED);
    child_drop_inheritance(w->survey ? CONTROL_FD_SURVEY : CONTROL_FD_STATISTICS,
                           WORKER_EXIT_FAILED);
    /* The runner may be bound to one CPU: allocators count CPUs when they start. */
    syscall(SYS_sched_setaffinity, 0, sizeof(w->control->cpus), w->control->cpus);
    if (place_files(w, r) && (!w->survey || place_survey(w))) {
        char *argv[] = {(char *)r->worker, NULL};
        if (r->counters)
            counters_install(r->counters);
        execve(r->worker, argv, (char *const *)r->environment);
    }
    dprintf(STDERR_FILENO, "cannot start %s: %s", r->worker, strerror(errno));
    _exit(WORKER_EXIT_FAILED);
}

int worker_start(struct worker_process *w, const struct trial_request *r, struct err *err)
{
    *w = (struct worker_process){.control_fd = -1, .statistics_fd = -1, .survey_fd = -1};
    w->stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
    int rc = w->stderr_fd < 0 ? err_set_errno(err, errno, "cannot make a file for stderr")
                              : make_control(w, r, err);
    if (rc == 0)
        rc = make_statistics(w, r, err);
    if (rc == 0 && r->survey)
        rc = make_survey(w, err);
    if (rc == 0) {
        pid_t runner = getpid();
        w->pid = fork();
        if (w->pid == 0)
            become_worker(w, r, runner);
        if (w->pid < 0) {
            w->pid = 0;
            rc = err_set_errno(err, errno, "cannot start another process");
        }
    }
    if (rc < 0)
        worker_release(w);
    return rc;
}

bool worker_has_ended(struct worker_process *w)
{
    if (w->pid == 0)
        return true;
    pid_t got = waitpid(w->pid, &w->wait_status, WNOHANG);
    if (got == w->pid || (got < 0 && errno == ECHILD))
        w->pid = 0;
    return w->pid == 0;
}

void worker_kill(struct worker_process *w)
{
    if (w->pid == 0)
        return;
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, &w->wait_status, 0) < 0 && errno == EINTR)
        continue;
    w->pid = 0;
}

void worker_release(struct worker_process *w)
{
    worker_kill(w);
    if (w->control)
        os_unmap(w->control, w->control_bytes);
    if (w->statistics)
        os_unmap(w->statistics, sizeof(*w->statistics));
    if (w->survey)
        os_unmap(w->survey, sizeof(*w->survey));
    if (w->survey_fd > 0)
        close(w->survey_fd);
    if (w->control_fd > 0)
        close(w->control_fd);
    if (w->statistics_fd > 0)
        close(w->statistics_fd);
    if (w->stderr_fd > 0)
        close(w->stderr_fd);
    *w = (struct worker_process){.control_fd = -1, .statistics_fd = -1, .survey_fd = -1};
}

void worker_stderr(const struct worker_process *w, char *out, size_t n)
{
    ssize_t got = pread(w->stderr_fd, out, n - 1, 0);
    out[got > 0 ? got : 0] = '\0';
    while (got > 0 && out[got - 1] == '\n')
        out[--got] = '\0';
    for (char *p = out; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
}
