#include "trial_host.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"
#include "oom.h"
#include "process_maps.h"
#include "process_memory.h"
#include "proof.h"
#include "text.h"
#include "told.h"

void flight_say(struct trial_result *r, enum trial_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vformat(r->message, sizeof(r->message), format, args);
    va_end(args);
    r->status = status;
}

void flight_append_stderr(struct flight *f)
{
    char text[256];
    worker_stderr(&f->worker, text, sizeof(text));
    size_t n = strlen(f->result->message);
    if (text[0])
        text_format(f->result->message + n, sizeof(f->result->message) - n, "%s%s", n ? ": " : "",
                    text);
}

static uint64_t operations_done(const struct flight *f)
{
    return control_ops_done(f->worker.control, f->request->plan->n_threads);
}

void flight_explain_end(struct flight *f)
{
    struct trial_result *r = f->result;
    struct control *c = f->worker.control;
    int status = f->worker.wait_status;
    c->message[sizeof(c->message) - 1] = '\0';
    if (c->failure == FAILURE_OUT_OF_MEMORY)
        flight_say(r, TRIAL_OUT_OF_MEMORY, "thread %u, operation %lu: %s", c->failed_thread,
                   c->failed_op, c->message);
    else if (c->failure != FAILURE_NONE)
        flight_say(r, TRIAL_NOT_STARTED, "%s", c->message);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
             oom_kills() > f->oom_kills_before)
        flight_say(r, TRIAL_OUT_OF_MEMORY, "killed by the kernel, which ran out of memory");
    else if (WIFSIGNALED(status))
        flight_say(r, TRIAL_CRASHED, "after at least %lu operations", operations_done(f));
    else if (WEXITSTATUS(status) == WORKER_EXIT_FAILED && c->state < CONTROL_READY)
        flight_say(r, TRIAL_NOT_STARTED, "the worker could not start");
    else
        flight_say(r, TRIAL_CRASHED, "exited with status %d after at least %lu operations",
                   WEXITSTATUS(status), operations_done(f));
    if (WIFSIGNALED(status))
        r->signal = WTERMSIG(status);
    flight_append_stderr(f);
}

/* Slow is not hung: where operations were done, the limit begins anew. */
static bool is_hung(struct flight *f)
{
    if (clock_ns() <= f->deadline_ns)
        return false;
    uint64_t ops = operations_done(f);
    if (ops == f->ops_before || f->extensions == f->request->extensions)
        return true;
    f->ops_before = ops;
    f->extensions++;
    f->deadline_ns += f->request->time_limit_ns;
    return false;
}

/*
 * Waits until the worker has reached `state`, sampling on the way if asked to. False when it never
 * will: the result then says why.
 */
static bool wait_for(struct flight *f, enum control_state state, bool sample)
{
    struct control *c = f->worker.control;
    for (;;) {
        if (control_wait_state(c, state, sample ? f->sampler.pace_ns : 20 * NS_PER_MS))
            return true;
        if (sample)
            sampler_read(&f->sampler);
        if (*f->request->interrupted) {
            flight_say(f->result, TRIAL_INTERRUPTED, "interrupted");
            return false;
        }
        if (is_hung(f)) {
            flight_say(f->result, TRIAL_HUNG,
                       "not done after its limit of %lu ms, after at least %lu operations",
                       (1 + f->extensions) * f->request->time_limit_ns / NS_PER_MS,
                       operations_done(f));
            flight_append_stderr(f);
            return false;
        }
        if (worker_has_ended(&f->worker)) {
            if (c->state >= (uint32_t)state)
                return true;
            flight_explain_end(f);
            return false;
        }
    }
}

static uint64_t runner_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* The runner keeps out of the threads' way where there is a CPU left over. */
static int bind_runner(const struct trial_request *q, struct err *err)
{
    return topology_bind_tid(q->topology, gettid(), q->placement->runner_cpu, err);
}

static int open_sampler(struct flight *f, struct err *err)
{
    bool has_cpu = f->request->placement->runner_cpu != CPU_UNBOUND;
    f->sampler = (struct sampler){.control = f->worker.control,
                                  .n_threads = f->request->plan->n_threads,
                                  .profile = f->request->profile,
                                  .pace_ns = has_cpu ? SAMPLER_PACE_NS : SAMPLER_SHARED_PACE_NS};
    return sampler_open(&f->sampler, f->worker.pid, err);
}

/* Everything between "ready" and "go": the proof, the binding, the baseline. */
static int prepare(struct flight *f, struct err *err)
{
    pid_t pid = f->worker.pid;
    struct trial_result *r = f->result;
    int rc = proof_of_subject(&f->worker, f->request, r, err);
    if (rc < 0) {
        flight_say(r, TRIAL_NOT_SUBJECT, "%s", err->text);
        flight_append_stderr(f);
        return rc;
    }
    struct process_memory memory;
    rc = binding_of_roots(&f->worker, f->request, &f->binding, err);
    if (rc == 0)
        rc = bind_runner(f->request, err);
    if (rc == 0)
        rc = process_memory_read(pid, &memory, err);
    if (rc == 0)
        rc = open_sampler(f, err);
    if (rc == 0)
        rc = process_reset_peak(pid, err);
    if (rc == 0)
        rc = machine_cpu_times("/", &f->machine_before, err);
    if (rc < 0)
        flight_say(r, TRIAL_NOT_STARTED, "%s", err->text);
    if (rc == 0) {
        r->baseline_bytes = memory.rss_bytes;
        r->baseline_anonymous_bytes = memory.anonymous_bytes;
    }
    return rc;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* What the machine did besides: its CPU time less the worker's and the runner's. */
static void note_machine(struct flight *f)
{
    struct cpu_times now;
    struct err ignored; /* unknown is 0 */
    if (machine_cpu_times("/", &now, &ignored) < 0)
        return;
    struct trial_result *r = f->result;
    const struct control_usage *go = &f->worker.control->at_go, *end = &f->worker.control->at_end;
    uint64_t ours = less(end->user_ns, go->user_ns) + less(end->system_ns, go->system_ns) +
                    runner_cpu_ns() - f->runner_cpu_before_ns;
    r->steal_ns = less(now.steal_ns, f->machine_before.steal_ns);
    r->foreign_cpu_ns = less(less(now.busy_ns, f->machine_before.busy_ns), ours);
}

static void note_usage(struct trial_result *r, const struct control *c)
{
    const struct control_usage *a = &c->at_start, *b = &c->at_end;
    r->user_ns = less(b->user_ns, a->user_ns);
    r->system_ns = less(b->system_ns, a->system_ns);
    r->minor_faults = less(b->minor_faults, a->minor_faults);
    r->major_faults = less(b->major_faults, a->major_faults);
    r->voluntary_switches = less(b->voluntary_switches, a->voluntary_switches);
    r->involuntary_switches = less(b->involuntary_switches, a->involuntary_switches);
}

/* What was done, from the plan and the number of passes: nothing was counted in the loop. */
static void note_work(struct trial_result *r, const struct plan *plan, const struct control *c)
{
    bool first = true;
    r->wall_ns = less(c->end_ns, c->start_ns);
    for (uint32_t t = 0; t < plan->n_threads; t++) {
        const struct plan_thread *p = &plan_threads(plan)[t];
        bool root = p->flags & PLAN_ROOT, in_clock = !root || !(plan->flags & PLAN_SETTLES);
        uint64_t passes = c->threads[t].passes;
        uint64_t ends = p->after.calls + (in_clock ? p->before.calls : 0);
        r->calls += root ? ends + passes * p->body.calls : passes * ends;
        r->stall_ns += c->threads[t].stall_ns;
        r->pace_ns += c->threads[t].pace_ns;
        r->thread_ns += c->threads[t].lived_ns;
        if (root && first) {
            r->passes = passes ? passes : 1;
            first = false;
        }
    }
}

/* The worker has ended its plan and stands still. */
static int note_memory(struct flight *f, struct err *err)
{
    struct trial_result *r = f->result;
    struct process_memory memory;
    uint64_t peak;
    int rc = process_peak_bytes(f->worker.pid, &peak, err);
    if (rc == 0)
        rc = process_memory_read(f->worker.pid, &memory, err);
    if (rc == 0)
        rc = process_n_mappings(f->worker.pid, &r->n_mappings, err);
    if (rc < 0)
        return rc;
    r->peak_bytes = less(peak, r->baseline_bytes);
    r->end_bytes = less(memory.rss_bytes, r->baseline_bytes);
    /* The high-water mark is kept in batches of pages; it cannot be below an exact reading. */
    if (r->peak_bytes < r->end_bytes)
        r->peak_bytes = r->end_bytes;
    r->end_lazy_free_bytes = memory.lazy_free_bytes;
    r->end_huge_bytes = memory.huge_bytes;
    r->end_swap_bytes = memory.swap_bytes;
    return 0;
}

static void hand_over_samples(struct flight *f)
{
    struct trial_result *r = f->result;
    r->peak_sampled_bytes = f->sampler.peak_bytes;
    r->samples = f->sampler.samples;
    r->n_samples = f->sampler.n;
    f->sampler.samples = NULL;
}

/* libc's own version says nothing of another library's malloc, nor the project's of a stranger's. */
static void note_version(struct flight *f)
{
    static const struct {
        const char *word, *file; /* who says it, and as an fnmatch pattern who may */
    } own[] = {{"glibc", "libc[.-]*so*"}, {"arenabench", "libarenabench-*.so*"}};
    char *text = f->worker.control->version_text;
    text[sizeof(f->worker.control->version_text) - 1] = '\0';
    const char *file = strrchr(f->result->malloc_path, '/');
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (strncmp(text, own[i].word, strlen(own[i].word)) == 0 &&
            (!file || fnmatch(own[i].file, file + 1, 0) != 0))
            return;
    text_format(f->result->version, sizeof(f->result->version), "%s", text);
}

static bool is_telling(const struct flight *f)
{
    return atomic_load(&f->worker.statistics->state) == STATISTICS_ASKED;
}

/* The allocator was asked for its statistics and did not come back. */
static void explain_silence(struct flight *f, bool has_ended)
{
    struct trial_result *r = f->result;
    if (!has_ended)
        flight_say(r, TRIAL_HUNG,
                   "when asked for its statistics, not done after the limit of %lu ms",
                   f->request->time_limit_ns / NS_PER_MS);
    else
        flight_say(r, TRIAL_CRASHED, "when asked for its statistics");
    if (has_ended && WIFSIGNALED(f->worker.wait_status))
        r->signal = WTERMSIG(f->worker.wait_status);
    flight_append_stderr(f);
}

/*
 * Lets the worker leave, which tells its allocator's statistics on the way. One that does not leave
 * is ended, and that is no fault of the trial unless it is the allocator that does not come back:
 * false then.
 */
static bool dismiss(struct flight *f)
{
    uint64_t soon = clock_ns() + NS_PER_S;
    control_set_state(f->worker.control, CONTROL_LEAVE);
    while (!worker_has_ended(&f->worker)) {
        uint64_t now = clock_ns();
        bool is_over = now > soon && (!is_telling(f) || now > f->deadline_ns);
        if (is_over)
            break;
        if (is_telling(f) && *f->request->interrupted) {
            flight_say(f->result, TRIAL_INTERRUPTED, "interrupted");
            return false;
        }
        usleep(100);
    }
    bool has_ended = worker_has_ended(&f->worker);
    worker_kill(&f->worker); /* from here on nothing changes what it told */
    if (is_telling(f))
        explain_silence(f, has_ended);
    return !is_telling(f);
}

/* What the allocator told, and whether its settings were those asked for. */
static void note_statistics(struct flight *f)
{
    struct err err;
    int rc = told_take(&f->worker, f->result, &err);
    if (rc < 0) {
        flight_say(f->result, rc == -ENOMEM ? TRIAL_NOT_STARTED : TRIAL_CRASHED, "%s", err.text);
        return;
    }
    if (proof_of_settings(f->request, f->result, &err) < 0) {
        flight_say(f->result, TRIAL_NOT_SUBJECT, "%s", err.text);
        flight_append_stderr(f);
    }
}

static void note_environment(struct trial_result *r, const char *const *environment)
{
    size_t n = 0;
    for (; *environment; environment++)
        n += text_format(r->environment + n, sizeof(r->environment) - n, "%s%s", n ? "\n" : "",
                         *environment);
}

/* An allocator gone wild can write anywhere; figures that it may have made up are not taken. */
static bool is_sound(const struct flight *f)
{
    const struct control *c = f->worker.control;
    return c->magic == CONTROL_MAGIC && c->n_threads == f->request->plan->n_threads &&
           c->state == CONTROL_DONE && f->go_ns <= c->start_ns && c->start_ns <= c->end_ns &&
           c->end_ns <= clock_ns();
}

/* The trial itself: from the start to the moment when all threads have ended. */
static bool run_to_end(struct flight *f)
{
    struct err err;
    if (!wait_for(f, CONTROL_READY, false) || prepare(f, &err) < 0)
        return false;
    f->runner_cpu_before_ns = runner_cpu_ns();
    f->go_ns = clock_ns();
    control_set_state(f->worker.control, CONTROL_GO);
    bool sample = !f->request->is_unsampled && !f->request->survey;
    if (!wait_for(f, CONTROL_DONE, sample))
        return false;
    if (sample)
        sampler_read(&f->sampler);
    if (!is_sound(f)) {
        flight_say(f->result, TRIAL_CRASHED, "the control block is damaged");
        return false;
    }
    if (binding_of_spawned(&f->worker, f->request, &f->binding, &err) < 0) {
        flight_say(f->result, TRIAL_NOT_STARTED, "%s", err.text);
        return false;
    }
    return true;
}

bool flight_run(struct flight *f)
{
    struct err err;
    if (!run_to_end(f))
        return false;
    note_usage(f->result, f->worker.control);
    note_machine(f);
    note_work(f->result, f->request->plan, f->worker.control);
    if (f->request->counters)
        counters_take(f->request->counters, f->worker.control, f->result);
    if (note_memory(f, &err) == 0)
        return true;
    flight_say(f->result, TRIAL_CRASHED, "ended while its memory was read: %s", err.text);
    return false;
}

bool flight_leave(struct flight *f)
{
    if (!dismiss(f))
        return false;
    note_version(f);
    note_statistics(f);
    return f->result->status == TRIAL_OK;
}

bool flight_start(struct flight *f, const struct trial_request *request,
                  struct trial_result *result)
{
    trial_result_begin(result);
    *f = (struct flight){.request = request,
                         .result = result,
                         .sampler = {.statm = {.fd = -1}},
                         .binding = {.out = result->binding, .n = sizeof(result->binding)},
                         .oom_kills_before = oom_kills(),
                         .deadline_ns = clock_ns() + request->time_limit_ns};
    struct err err;
    note_environment(result, request->environment);
    if (worker_start(&f->worker, request, &err) == 0)
        return true;
    flight_say(result, TRIAL_NOT_STARTED, "%s", err.text);
    return false;
}

void flight_end(struct flight *f)
{
    binding_text_end(&f->binding);
    hand_over_samples(f);
    sampler_close(&f->sampler);
    worker_release(&f->worker);
}

void host_trial(const struct trial_request *request, struct trial_result *result)
{
    struct flight f;
    if (flight_start(&f, request, result) && flight_run(&f))
        flight_leave(&f);
    flight_end(&f);
}

void trial_result_release(struct trial_result *result)
{
    free(result->samples);
    result->samples = NULL;
    result->n_samples = 0;
    free(result->statistics);
    result->statistics = NULL;
    result->n_statistics = 0;
}
