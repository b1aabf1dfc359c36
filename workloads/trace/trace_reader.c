#include "trace_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "trace_file.h"
#include "trace_live.h"
#include "trace_rules.h"

struct trace_reader {
    struct trace_file file;
    struct trace_totals totals;
    ZSTD_DCtx *zstd;
    uint8_t *raw;
    struct trace_epoch epoch;
    struct trace_rules rules;
    struct trace_order order;
};

/* How the events of an epoch go to the caller; NULL, or what is wrong with them. */
typedef const char *deliver(struct trace_reader *r, trace_visit *visit, void *context);

static const char *deliver_by_thread(struct trace_reader *r, trace_visit *visit, void *context)
{
    for (uint32_t i = 0; visit && i < r->epoch.n_events; i++)
        visit(context, &r->epoch.events[i]);
    return NULL;
}

static const char *deliver_ordered(struct trace_reader *r, trace_visit *visit, void *context)
{
    return trace_order_visit(&r->order, &r->epoch, visit, context);
}

static int unpack(struct trace_reader *r, const struct trace_chunk *chunk, uint64_t at,
                  struct err *err)
{
    size_t n =
        ZSTD_decompressDCtx(r->zstd, r->raw, chunk->raw_bytes, r->file.frame, chunk->frame_bytes);
    if (ZSTD_isError(n) || n != chunk->raw_bytes)
        return trace_file_damaged(&r->file, at, "a chunk does not unpack", err);
    return 0;
}

static int visit_chunk(struct trace_reader *r, const struct trace_chunk *chunk, uint64_t at,
                       deliver *how, trace_visit *visit, void *context, struct err *err)
{
    int rc = unpack(r, chunk, at, err);
    if (rc < 0)
        return rc;
    r->epoch.first_cell = (uint32_t)r->rules.n_cells;
    const char *why = trace_epoch_decode(&r->epoch, r->raw, chunk->raw_bytes, chunk->n_events);
    if (!why)
        why = trace_rules_apply(&r->rules, &r->epoch);
    if (!why)
        why = how(r, visit, context);
    if (why == TRACE_RULES_MEMORY)
        return trace_file_no_memory(&r->file, err);
    return why ? trace_file_damaged(&r->file, at, why, err) : 0;
}

/* The whole file behind its last chunk: its footer tells the truth, and nothing is left over. */
static int check_end(const struct trace_reader *r, struct err *err)
{
    const struct trace_rules *rules = &r->rules;
    const struct trace_totals *t = &r->file.footer.totals;
    const char *why = NULL;
    if (memcmp(rules->counts, t->n_events, sizeof(rules->counts)) != 0)
        why = "its footer counts other events than there are";
    else if (t->n_cells != t->n_events[TRACE_GIVE] || t->n_cells != t->n_events[TRACE_TAKE] ||
             rules->n_threads != r->file.header.n_threads)
        why = "its hand-overs or threads do not add up";
    return why ? trace_file_damaged(&r->file, r->file.chunks_end, why, err) : 0;
}

static int visit_all(struct trace_reader *r, deliver *how, trace_visit *visit, void *context,
                     struct err *err)
{
    uint32_t max_threads = r->file.header.n_threads;
    trace_rules_release(&r->rules);
    if (!trace_rules_init(&r->rules, max_threads))
        return trace_file_no_memory(&r->file, err);
    for (uint64_t at = r->file.chunks_begin; at < r->file.chunks_end;) {
        struct trace_chunk chunk;
        int rc = trace_file_chunk(&r->file, at, &chunk, err);
        if (rc == 0)
            rc = visit_chunk(r, &chunk, at, how, visit, context, err);
        if (rc < 0)
            return rc;
        at += sizeof(chunk) + chunk.frame_bytes;
    }
    return r->file.is_cut ? 0 : check_end(r, err);
}

int trace_reader_visit(struct trace_reader *r, trace_visit *visit, void *context, struct err *err)
{
    return visit_all(r, deliver_by_thread, visit, context, err);
}

int trace_reader_visit_ordered(struct trace_reader *r, trace_visit *visit, void *context,
                               struct err *err)
{
    if (!r->order.keys && !trace_order_init(&r->order, r->file.most_events))
        return trace_file_no_memory(&r->file, err);
    return visit_all(r, deliver_ordered, visit, context, err);
}

static void follow(void *live, const struct trace_event *e)
{
    trace_live_event(live, e);
}

/* The totals of a file without a footer, as far as they follow from its events. */
static int derive_totals(struct trace_reader *r, struct err *err)
{
    struct trace_live live = {0};
    int rc = trace_reader_visit_ordered(r, follow, &live, err);
    if (rc == 0 && live.failed)
        rc = trace_file_no_memory(&r->file, err);
    r->totals = (struct trace_totals){
        .n_cells = r->rules.n_cells,
        .remote_frees = live.remote_frees,
        .bytes = live.requested,
        .peak_live_bytes = live.peak_bytes,
        .peak_live_objects = live.peak_objects,
        .most_threads = live.most_alive ? live.most_alive : 1,
        .duration_ns = r->rules.duration_ns,
    };
    memcpy(r->totals.n_events, r->rules.counts, sizeof(r->totals.n_events));
    r->file.header.n_threads = r->rules.n_threads;
    trace_live_release(&live);
    return rc;
}

static int open_reader(struct trace_reader *r, const char *path, enum trace_how how,
                       struct err *err)
{
    int rc = trace_file_open(&r->file, path, err);
    if (rc < 0)
        return rc;
    const struct trace_cut *cut = &r->file.cut;
    if (r->file.is_cut && how == TRACE_WHOLE)
        return err_set(err, EINVAL, "%s: trace cut off: the file ends after %lu bytes, %s %s", path,
                       cut->file_bytes, cut->file_bytes > cut->used_bytes ? "inside" : "before",
                       cut->inside);
    r->zstd = ZSTD_createDCtx();
    r->raw = malloc((size_t)r->file.most_raw_bytes + 1);
    if (!r->zstd || !r->raw || !trace_epoch_init(&r->epoch, r->file.most_events))
        return trace_file_no_memory(&r->file, err);
    if (r->file.is_cut)
        return derive_totals(r, err);
    r->totals = r->file.footer.totals;
    return 0;
}

int trace_reader_open(struct trace_reader **out, const char *path, enum trace_how how,
                      struct err *err)
{
    *out = NULL;
    struct trace_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, ENOMEM, "%s: no memory to read it", path);
    int rc = open_reader(r, path, how, err);
    if (rc < 0)
        trace_reader_free(r);
    else
        *out = r;
    return rc;
}

void trace_reader_free(struct trace_reader *r)
{
    if (!r)
        return;
    trace_order_release(&r->order);
    trace_rules_release(&r->rules);
    trace_epoch_release(&r->epoch);
    trace_file_release(&r->file);
    ZSTD_freeDCtx(r->zstd);
    free(r->raw);
    free(r);
}

const struct trace_cut *trace_reader_cut(const struct trace_reader *r)
{
    return r->file.is_cut ? &r->file.cut : NULL;
}

const struct trace_header *trace_reader_header(const struct trace_reader *r)
{
    return &r->file.header;
}

const struct trace_totals *trace_reader_totals(const struct trace_reader *r)
{
    return &r->totals;
}

const char *trace_reader_text(const struct trace_reader *r)
{
    return r->file.text;
}

uint64_t trace_reader_file_bytes(const struct trace_reader *r)
{
    return r->file.n_bytes;
}

const struct slots *trace_reader_slots(const struct trace_reader *r, uint32_t t)
{
    return r->rules.threads[t] ? &r->rules.threads[t]->slots : NULL;
}

bool trace_reader_joined(const struct trace_reader *r, uint32_t t)
{
    return trace_bits_has(&r->rules.joined, t);
}

bool trace_reader_taken(const struct trace_reader *r, uint64_t cell)
{
    return trace_bits_has(&r->rules.taken, cell);
}
