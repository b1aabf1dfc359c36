#include "trace_profile.h"

#include <errno.h>
#include <stdlib.h>

#include "trace_live.h"
#include "trace_reader.h"

struct visit {
    struct trace_profile *profile;
    struct trace_live live;
    uint64_t *clocks; /* of each thread, nanoseconds */
    uint32_t n_clocks;
};

static void add_clock(struct visit *v, const struct trace_event *e)
{
    struct size_counts *counts = &v->profile->counts;
    if (!v->profile->timed || e->thread >= v->n_clocks)
        return;
    v->clocks[e->thread] += e->bytes;
    if (v->clocks[e->thread] > counts->now)
        counts->now = v->clocks[e->thread];
}

/* What a slot holds; its thread and slot are in use. */
static uint64_t bytes_in(const struct trace_live *live, uint32_t thread, uint32_t slot)
{
    return live->objects[live->threads[thread].numbers[slot]].bytes;
}

static void add_event(void *context, const struct trace_event *e)
{
    struct visit *v = context;
    struct size_counts *counts = &v->profile->counts;
    trace_info_add(&v->profile->info, e);
    if (e->kind == TRACE_CLOCK) {
        add_clock(v, e);
        return;
    }
    if (v->live.failed)
        return;
    if (e->kind == TRACE_FREE)
        size_counts_end(counts, bytes_in(&v->live, e->thread, e->slot));
    else if (e->kind == TRACE_REALLOC)
        size_counts_end(counts, e->old_bytes);
    if (trace_kind_allocates(e->kind))
        size_counts_begin(counts, e->bytes);
    trace_live_event(&v->live, e);
    counts->now += !v->profile->timed;
}

static int read_events(struct trace_reader *r, struct visit *v, struct err *err)
{
    v->n_clocks = trace_reader_header(r)->n_threads;
    v->clocks = calloc(v->n_clocks, sizeof(v->clocks[0]));
    if (!v->clocks)
        return err_set(err, ENOMEM, "no memory for %u threads", v->n_clocks);
    int rc = trace_reader_visit_ordered(r, add_event, v, err);
    if (rc == 0 && (v->live.failed || v->profile->counts.failed))
        rc = err_set(err, ENOMEM, "no memory for the trace's live objects");
    return rc;
}

static int finish(struct trace_profile *p, uint32_t rows, struct err *err)
{
    struct size_counts *counts = &p->counts;
    if (p->timed && counts->now < p->info.totals.duration_ns)
        counts->now = p->info.totals.duration_ns; /* not each event has a CLOCK */
    size_counts_finish(counts);
    p->duration = counts->now > 0 ? (double)counts->now / (p->timed ? 1e9 : 1) : 1;
    p->n_sizes = counts->n;
    p->too_many_sizes = counts->merged;
    size_counts_merge(counts, rows);
    return counts->failed ? err_set(err, ENOMEM, "no memory for %u sizes", p->n_sizes) : 0;
}

int trace_profile_read(const char *path, uint32_t rows, struct trace_profile *out, struct err *err)
{
    struct trace_reader *r;
    struct visit v = {.profile = out};
    *out = (struct trace_profile){0};
    int rc = trace_reader_open(&r, path, TRACE_ANY, err);
    if (rc < 0)
        return rc;
    trace_info_begin(&out->info, r);
    out->timed = out->info.clock != TRACE_CLOCK_NONE && out->info.totals.duration_ns > 0;
    rc = read_events(r, &v, err);
    free(v.clocks);
    trace_live_release(&v.live);
    trace_reader_free(r);
    return rc < 0 ? rc : finish(out, rows, err);
}

void trace_profile_release(struct trace_profile *p)
{
    size_counts_release(&p->counts);
}

double trace_profile_rate(const struct trace_profile *p, const struct size_count *c)
{
    return (double)c->births / p->duration;
}

double trace_profile_live(const struct trace_profile *p, const struct size_count *c)
{
    return c->live_time / (p->timed ? 1e9 : 1) / p->duration;
}

double trace_profile_live_bytes(const struct trace_profile *p)
{
    double bytes = 0;
    for (uint32_t i = 0; i < p->counts.n; i++)
        bytes += (double)p->counts.counts[i].bytes * trace_profile_live(p, &p->counts.counts[i]);
    return bytes;
}
