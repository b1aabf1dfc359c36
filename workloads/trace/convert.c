#include "convert.h"

#include <errno.h>
#include <stdlib.h>

#include "trace_writer.h"

struct writing {
    struct convert *c;
    struct trace_writer *w;
    uint64_t first_stamp;
    double ns_per_stamp;
    uint32_t n_born;
    uint64_t live_bytes, live_objects, alive;
};

static void note_peak(uint64_t *peak, uint64_t now)
{
    if (now > *peak)
        *peak = now;
}

static void add_live(struct writing *w, uint64_t bytes)
{
    w->live_bytes += bytes;
    w->live_objects++;
    w->c->totals.bytes += bytes;
    note_peak(&w->c->totals.peak_live_bytes, w->live_bytes);
    note_peak(&w->c->totals.peak_live_objects, w->live_objects);
}

static void remove_live(struct writing *w, uint64_t bytes)
{
    w->live_bytes -= bytes;
    w->live_objects--;
}

static uint32_t number_of(const struct writing *w, uint32_t thread)
{
    return w->c->threads[thread].number;
}

static struct convert_object *object_of(const struct writing *w, const struct spool_event *e)
{
    return &w->c->objects[e->what & SPOOL_VALUE_MASK];
}

/* `parent` starts `child`; once per thread. */
static void write_birth(struct writing *w, uint32_t parent, uint32_t child)
{
    if (number_of(w, child) != CONVERT_NONE)
        return;
    w->c->threads[child].number = w->n_born++;
    trace_writer_thread(w->w, number_of(w, parent), TRACE_SPAWN, number_of(w, child));
    note_peak(&w->c->totals.most_threads, ++w->alive);
}

static void write_new(struct writing *w, enum trace_kind kind, struct spool_event *e,
                      uint32_t thread)
{
    uint64_t bytes = e->size < TRACE_BYTES_MAX ? e->size : TRACE_BYTES_MAX;
    unsigned align = spool_what_align_log2(e->what);
    align = align < TRACE_ALIGN_LOG2_MAX ? align : TRACE_ALIGN_LOG2_MAX;
    struct convert_object *o = object_of(w, e);
    *o = (struct convert_object){
        .holder = thread,
        .maker = thread,
        .slot = trace_writer_enter(w->w, number_of(w, thread), kind, bytes, align),
        .cell = CONVERT_NONE,
        .bytes = bytes,
    };
    add_live(w, bytes);
}

/* Before its first use by another thread than its holder, the object comes over. */
static void fetch(struct writing *w, struct convert_object *o, uint32_t thread)
{
    if (o->cell == CONVERT_NONE)
        return;
    o->slot = trace_writer_take(w->w, number_of(w, thread), o->cell);
    o->cell = CONVERT_NONE;
    o->holder = thread;
}

static void write_free(struct writing *w, struct convert_object *o, uint32_t thread)
{
    trace_writer_free_slot(w->w, number_of(w, thread), o->slot);
    w->c->totals.remote_frees += o->maker != thread;
    remove_live(w, o->bytes);
}

static void write_realloc(struct writing *w, struct spool_event *e, uint32_t thread)
{
    struct convert_object *o = object_of(w, e);
    uint64_t bytes = e->size < TRACE_BYTES_MAX ? e->size : TRACE_BYTES_MAX;
    trace_writer_realloc(w->w, number_of(w, thread), o->slot, o->bytes, bytes);
    remove_live(w, o->bytes);
    add_live(w, bytes);
    o->bytes = bytes;
    o->maker = thread;
}

static void write_event(struct writing *w, struct spool_event *e, uint32_t thread)
{
    enum spool_kind kind = spool_what_kind(e->what);
    uint32_t value = (uint32_t)(e->what & SPOOL_VALUE_MASK);
    switch (kind) {
    case SPOOL_MALLOC:
        write_new(w, TRACE_MALLOC, e, thread);
        break;
    case SPOOL_CALLOC:
        write_new(w, TRACE_CALLOC, e, thread);
        break;
    case SPOOL_ALIGNED:
        write_new(w, TRACE_ALIGNED, e, thread);
        break;
    case SPOOL_FREE:
        fetch(w, object_of(w, e), thread);
        write_free(w, object_of(w, e), thread);
        break;
    case SPOOL_REALLOC_OLD:
        fetch(w, object_of(w, e), thread);
        break;
    case SPOOL_REALLOC_NEW:
        write_realloc(w, e, thread);
        break;
    case SPOOL_REALLOC_FREED:
        write_free(w, object_of(w, e), thread);
        break;
    case SPOOL_REALLOC_IN:
        write_new(w, TRACE_REALLOC_IN, e, thread);
        break;
    case SPOOL_SPAWN:
        write_birth(w, thread, value);
        break;
    case SPOOL_JOIN:
        trace_writer_thread(w->w, number_of(w, thread), TRACE_JOIN, number_of(w, value));
        break;
    case SPOOL_END:
        trace_writer_thread(w->w, number_of(w, thread), TRACE_END, 0);
        w->alive--;
        break;
    default:
        break;
    }
}

static void write_next(struct writing *w, struct spool_event *e, uint32_t thread)
{
    if (w->c->threads[thread].revoked)
        return;
    double since = (double)(e->stamp - w->first_stamp);
    uint64_t ns = (uint64_t)(since * w->ns_per_stamp);
    w->c->totals.duration_ns = ns;
    if (number_of(w, thread) == CONVERT_NONE) { /* nobody was seen to start it: the root does */
        trace_writer_time(w->w, 0, ns);
        write_birth(w, 0, thread);
    }
    trace_writer_time(w->w, number_of(w, thread), ns);
    write_event(w, e, thread);
    if (e->what & SPOOL_GIVE) {
        struct convert_object *o = object_of(w, e);
        o->cell = trace_writer_give(w->w, number_of(w, thread), o->slot);
    }
}

static double ns_per_stamp(const struct spool_header *h, const struct convert_options *options)
{
    if (h->clock != TRACE_CLOCK_TSC || options->stop_stamp <= h->start_stamp)
        return 1.0;
    return (double)(options->stop_ns - h->start_ns) /
           (double)(options->stop_stamp - h->start_stamp);
}

static int write_all(struct convert *c, const struct convert_options *options, struct err *err)
{
    struct trace_header header = options->header;
    header.n_threads = c->n_threads;
    header.text_bytes = options->text_bytes;
    struct merge m;
    int rc = merge_begin(&m, c->spool, err);
    if (rc < 0)
        return rc;
    struct writing w = {.c = c, .n_born = 1, .alive = 1};
    w.w = trace_writer_new(options->path, &header, options->text, options->level, err);
    if (!w.w) {
        merge_release(&m);
        return -EIO;
    }
    c->threads[0].number = 0;
    c->totals.most_threads = 1;
    w.first_stamp = c->spool->header->start_stamp;
    w.ns_per_stamp = ns_per_stamp(c->spool->header, options);
    uint32_t thread;
    for (struct spool_event *e; (e = merge_next(&m, &thread));)
        write_next(&w, e, thread);
    merge_release(&m);
    return trace_writer_finish(w.w, &c->totals, NULL, err);
}

static bool convert_init(struct convert *c, const struct spool_reader *spool)
{
    *c = (struct convert){.spool = spool};
    c->threads = calloc(spool->n_threads, sizeof(*c->threads));
    if (!c->threads)
        return false;
    for (uint32_t t = 0; t < spool->n_threads; t++)
        c->threads[t].number = c->threads[t].pending = CONVERT_NONE;
    return true;
}

int convert_spool(const struct spool_reader *spool, const struct convert_options *options,
                  struct err *err)
{
    struct convert c;
    if (!convert_init(&c, spool))
        return err_set(err, ENOMEM, "no memory to convert the recording");
    int rc = convert_pair(&c, err);
    if (rc == 0)
        rc = write_all(&c, options, err);
    free(c.threads);
    free(c.objects);
    return rc;
}
