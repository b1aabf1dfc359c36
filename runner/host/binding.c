#include "binding.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define CUT "..."

static void put_item(struct binding_text *b)
{
    char item[sizeof(b->last) + 24];
    if (b->repeated == 0)
        return;
    size_t length =
        b->repeated > 1
            ? text_format(item, sizeof(item), "%s%s x%u", b->used ? ";" : "", b->last, b->repeated)
            : text_format(item, sizeof(item), "%s%s", b->used ? ";" : "", b->last);
    bool fits = b->used + length + sizeof(CUT) <= b->n;
    b->used += text_format(b->out + b->used, b->n - b->used, "%s", fits ? item : CUT);
    if (!fits)
        b->n = b->used; /* nothing more */
    b->repeated = 0;
}

static void append(struct binding_text *b, const char *cpus)
{
    if (b->repeated > 0 && strcmp(cpus, b->last) == 0) {
        b->repeated++;
        return;
    }
    if (b->used < b->n)
        put_item(b);
    text_format(b->last, sizeof(b->last), "%s", cpus);
    b->repeated = 1;
}

void binding_text_end(struct binding_text *b)
{
    if (b->used < b->n)
        put_item(b);
}

/*
 * The number comes from memory that the worker can write: it must not lead to a stranger's thread.
 */
static bool is_thread_of(pid_t pid, pid_t tid)
{
    char path[64];
    text_format(path, sizeof(path), "/proc/%d/task/%d", (int)pid, (int)tid);
    return tid > 0 && access(path, F_OK) == 0;
}

static bool is_root(const struct trial_request *q, uint32_t t)
{
    return plan_threads(q->plan)[t].flags & PLAN_ROOT;
}

int binding_of_roots(const struct worker_process *w, const struct trial_request *q,
                     struct binding_text *text, struct err *err)
{
    for (uint32_t t = 0; t < q->plan->n_threads; t++) {
        char cpus[sizeof(text->last)];
        pid_t tid = (pid_t)w->control->threads[t].tid;
        if (!is_root(q, t))
            continue;
        if (!is_thread_of(w->pid, tid))
            return err_set(err, EIO, "the worker says that thread %u is %d, which is none of its",
                           t, (int)tid);
        int rc = topology_bind_tid(q->topology, tid, trial_cpu_of(q, t), err);
        if (rc == 0)
            rc = topology_bound_tid(q->topology, tid, cpus, sizeof(cpus), err);
        if (rc < 0)
            return rc;
        append(text, cpus);
    }
    return 0;
}

int binding_of_spawned(const struct worker_process *w, const struct trial_request *q,
                       struct binding_text *text, struct err *err)
{
    for (uint32_t t = 0; t < q->plan->n_threads; t++) {
        char cpus[16];
        int cpu = trial_cpu_of(q, t), failed = w->control->threads[t].bind_errno;
        if (is_root(q, t))
            continue;
        if (failed != 0)
            return err_set_errno(err, failed > 0 ? failed : EIO,
                                 "thread %u could not be bound to CPU %d", t, cpu);
        text_format(cpus, sizeof(cpus), cpu == CPU_UNBOUND ? "free" : "%d", cpu);
        append(text, cpus);
    }
    return 0;
}
