/*
 * Writes a trace as long as one likes, for tests of scale: generate_trace N_EVENTS THREADS FILE.
 * Each thread keeps a live set of changing size, frees in no order, reallocs, hands objects to the
 * next thread, and now and then takes a large one of which only a part is resident. Memory: the
 * live set.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rng.h"
#include "trace_writer.h"

#define LIVE_MAX  2000u /* objects of a thread */
#define QUEUE_MAX 64u   /* objects on their way to a thread */

struct object {
    uint32_t slot, maker;
    uint64_t bytes;
};

struct worker {
    struct object live[LIVE_MAX];
    uint32_t n_live;
    struct parcel {
        uint32_t cell;
        struct object object;
    } queue[QUEUE_MAX]; /* first in, first out */
    uint64_t n_in, n_out;
};

struct generator {
    struct trace_writer *w;
    struct worker *workers;
    uint32_t n_threads;
    struct rng rng;
    struct trace_totals totals;
    uint64_t live_bytes, n_live;
};

static void count_bytes(struct generator *g, uint64_t bytes)
{
    struct trace_totals *t = &g->totals;
    t->bytes += bytes;
    g->live_bytes += bytes;
    if (g->live_bytes > t->peak_live_bytes)
        t->peak_live_bytes = g->live_bytes;
    if (g->n_live > t->peak_live_objects)
        t->peak_live_objects = g->n_live;
}

/* Mostly small; one in 4096 from 64 KiB to 1 MiB. */
static uint64_t draw_bytes(struct generator *g)
{
    if (rng_below(&g->rng, 4096) == 0)
        return 65536 + rng_below(&g->rng, 1u << 20);
    return 1 + rng_below(&g->rng, (uint64_t)16 << rng_below(&g->rng, 8));
}

static void tell_pages(struct generator *g, uint32_t t, uint64_t bytes)
{
    if (bytes >= TRACE_EXTENT_BYTES)
        trace_writer_pages(g->w, t, (uint32_t)rng_below(&g->rng, bytes / TRACE_PAGE_BYTES + 1));
}

static void allocate(struct generator *g, uint32_t t)
{
    static const enum trace_kind kinds[] = {TRACE_MALLOC,  TRACE_MALLOC,    TRACE_MALLOC,
                                            TRACE_MALLOC,  TRACE_CALLOC,    TRACE_CALLOC,
                                            TRACE_ALIGNED, TRACE_REALLOC_IN};
    struct worker *me = &g->workers[t];
    struct object *o = &me->live[me->n_live++];
    enum trace_kind kind = kinds[rng_below(&g->rng, 8)];
    *o = (struct object){.maker = t, .bytes = draw_bytes(g)};
    tell_pages(g, t, o->bytes);
    o->slot = trace_writer_enter(g->w, t, kind, o->bytes, kind == TRACE_ALIGNED ? 6 : 0);
    g->n_live++;
    count_bytes(g, o->bytes);
}

static void release(struct generator *g, uint32_t t, uint32_t i)
{
    struct worker *me = &g->workers[t];
    struct object o = me->live[i];
    me->live[i] = me->live[--me->n_live];
    trace_writer_free_slot(g->w, t, o.slot);
    g->totals.remote_frees += o.maker != t;
    g->n_live--;
    g->live_bytes -= o.bytes;
}

static void resize(struct generator *g, uint32_t t, uint32_t i)
{
    struct object *o = &g->workers[t].live[i];
    uint64_t old = o->bytes;
    o->bytes = draw_bytes(g);
    o->maker = t;
    if (o->bytes > old)
        tell_pages(g, t, o->bytes - old);
    trace_writer_realloc(g->w, t, o->slot, old, o->bytes);
    g->live_bytes -= old;
    count_bytes(g, o->bytes);
}

static void hand_over(struct generator *g, uint32_t t, uint32_t i)
{
    struct worker *me = &g->workers[t], *next = &g->workers[(t + 1) % g->n_threads];
    if (g->n_threads == 1 || next->n_in - next->n_out == QUEUE_MAX)
        return;
    struct object o = me->live[i];
    me->live[i] = me->live[--me->n_live];
    uint32_t cell = trace_writer_give(g->w, t, o.slot);
    next->queue[next->n_in++ % QUEUE_MAX] = (struct parcel){cell, o};
}

static void take(struct generator *g, uint32_t t)
{
    struct worker *me = &g->workers[t];
    struct parcel p = me->queue[me->n_out++ % QUEUE_MAX];
    p.object.slot = trace_writer_take(g->w, t, p.cell);
    me->live[me->n_live++] = p.object;
}

/* One event; allocations and frees balance around a live set that breathes. */
static void step(struct generator *g, uint32_t t, uint64_t i)
{
    struct worker *me = &g->workers[t];
    uint32_t wanted = LIVE_MAX / 4 + (i >> 20 & 1) * (LIVE_MAX / 2);
    uint64_t chance = rng_below(&g->rng, 100);
    bool full = me->n_live + 1 >= LIVE_MAX;
    if (me->n_in > me->n_out && !full && chance < 30)
        take(g, t);
    else if (me->n_live == 0 || (!full && chance < (me->n_live < wanted ? 70u : 45u)))
        allocate(g, t);
    else if (chance >= 97)
        resize(g, t, (uint32_t)rng_below(&g->rng, me->n_live));
    else if (chance >= 92)
        hand_over(g, t, (uint32_t)rng_below(&g->rng, me->n_live));
    else
        release(g, t, (uint32_t)rng_below(&g->rng, me->n_live));
}

/* Everything is taken out, half of what lives is freed, the threads end. */
static void finish_threads(struct generator *g)
{
    for (uint32_t t = g->n_threads; t-- > 0;) {
        struct worker *me = &g->workers[t];
        while (me->n_in > me->n_out) {
            if (me->n_live == LIVE_MAX)
                release(g, t, 0);
            take(g, t);
        }
        for (uint32_t n = me->n_live / 2; me->n_live > n;)
            release(g, t, me->n_live - 1);
        if (t > 0) {
            trace_writer_thread(g->w, t, TRACE_END, 0);
            trace_writer_thread(g->w, 0, TRACE_JOIN, t);
        }
    }
}

/* Threads run in turns of up to 100 events of 200 ns. */
static void generate(struct generator *g, uint64_t n_events)
{
    for (uint32_t t = 1; t < g->n_threads; t++)
        trace_writer_thread(g->w, 0, TRACE_SPAWN, t);
    g->totals.most_threads = g->n_threads;
    for (uint64_t i = 0; i < n_events;) {
        uint32_t t = (uint32_t)rng_below(&g->rng, g->n_threads);
        for (uint64_t n = 1 + rng_below(&g->rng, 100); n > 0 && i < n_events; n--, i++) {
            trace_writer_time(g->w, t, i * 200);
            step(g, t, i);
        }
    }
    g->totals.duration_ns = n_events * 200;
    finish_threads(g);
}

int main(int argc, char **argv)
{
    static const char text[] = "generate_trace";
    struct err err;
    uint64_t n_events = argc == 4 ? strtoull(argv[1], NULL, 10) : 0;
    uint32_t n_threads = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (n_events == 0 || n_threads == 0 || n_threads > 100000) {
        fprintf(stderr, "usage: generate_trace N_EVENTS THREADS FILE\n");
        return 2;
    }
    struct trace_header header = {
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .text_bytes = sizeof(text),
        .n_threads = n_threads,
        .page_bytes = 4096,
        .n_cpus = 1,
        .clock = TRACE_CLOCK_MONOTONIC,
        .source = TRACE_GENERATED,
    };
    struct generator g = {.n_threads = n_threads};
    rng_seed(&g.rng, n_events);
    g.workers = calloc(n_threads, sizeof(*g.workers));
    g.w = g.workers ? trace_writer_new(argv[3], &header, text, 3, &err) : NULL;
    int rc = g.workers ? 0 : err_set(&err, ENOMEM, "no memory for %u threads", n_threads);
    if (g.w) {
        generate(&g, n_events);
        rc = trace_writer_finish(g.w, &g.totals, NULL, &err);
    }
    free(g.workers);
    if (g.w && rc == 0)
        return 0;
    fprintf(stderr, "generate_trace: %s\n", err.text);
    return 1;
}
