#include "trace_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan_builder.h"
#include "text.h"
#include "trace_reader.h"

static void add_event(void *context, const struct trace_event *e)
{
    struct plan_builder *b = context;
    switch (e->kind) {
    case TRACE_MALLOC:
        plan_builder_malloc(b, e->thread, e->slot, e->bytes);
        break;
    case TRACE_CALLOC:
        plan_builder_calloc(b, e->thread, e->slot, e->bytes);
        break;
    case TRACE_ALIGNED:
        plan_builder_aligned(b, e->thread, e->slot, (uint64_t)1 << e->align_log2, e->bytes);
        break;
    case TRACE_FREE:
        plan_builder_free_slot(b, e->thread, e->slot);
        break;
    case TRACE_REALLOC_IN:
        plan_builder_realloc_null(b, e->thread, e->slot, e->bytes);
        break;
    case TRACE_REALLOC:
        plan_builder_realloc(b, e->thread, e->slot, e->old_bytes, e->bytes);
        break;
    case TRACE_GIVE:
        plan_builder_give(b, e->thread, e->slot, e->other);
        break;
    case TRACE_TAKE:
        plan_builder_take(b, e->thread, e->slot, e->other);
        break;
    case TRACE_SPAWN:
        plan_builder_spawn(b, e->thread, e->other);
        break;
    case TRACE_JOIN:
        plan_builder_join(b, e->thread, e->other);
        break;
    default: /* END is the end of the sequence; CLOCK is for pacing */
        break;
    }
}

/* What the other threads never freed goes to the root; returns the first of its cells. */
static uint32_t give_leftovers(struct plan_builder *b, const struct trace_reader *r,
                               uint32_t *n_given)
{
    uint32_t first = (uint32_t)trace_reader_totals(r)->n_cells;
    *n_given = 0;
    for (uint32_t t = 1; t < trace_reader_header(r)->n_threads; t++) {
        const struct slots *s = trace_reader_slots(r, t);
        uint32_t slot = s ? slots_next(s, 0) : SLOTS_NONE;
        for (; slot != SLOTS_NONE; slot = slots_next(s, slot + 1)) {
            plan_builder_give(b, t, slot, plan_builder_cell(b));
            ++*n_given;
        }
    }
    return first;
}

static void drain(struct plan_builder *b, const struct trace_reader *r)
{
    uint32_t n_given, first = give_leftovers(b, r, &n_given);
    for (uint32_t t = 1; t < trace_reader_header(r)->n_threads; t++) {
        if (!trace_reader_joined(r, t))
            plan_builder_join(b, 0, t);
    }
    plan_builder_phase(b, 0, TRACE_PHASE_DRAIN);
    const struct slots *s = trace_reader_slots(r, 0);
    uint32_t slot = s ? slots_next(s, 0) : SLOTS_NONE;
    for (; slot != SLOTS_NONE; slot = slots_next(s, slot + 1))
        plan_builder_free_slot(b, 0, slot);
    for (uint32_t i = 0; i < n_given; i++) {
        plan_builder_take(b, 0, 0, first + i);
        plan_builder_free_slot(b, 0, 0);
    }
    for (uint32_t i = 0; i < first; i++) { /* what was under way when a trace was cut off */
        if (!trace_reader_taken(r, i)) {
            plan_builder_take(b, 0, 0, i);
            plan_builder_free_slot(b, 0, 0);
        }
    }
}

/* "rocksdb" of "folder/rocksdb.trace". */
static void name_of(const char *path, char name[PLAN_NAME_BYTES])
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *suffix = strstr(base, ".trace");
    int n =
        suffix && suffix != base && suffix[6] == '\0' ? (int)(suffix - base) : (int)strlen(base);
    text_format(name, PLAN_NAME_BYTES, "%.*s", n, base);
}

static int build(struct plan_builder *b, struct trace_reader *r, struct err *err)
{
    for (uint64_t i = 0; i < trace_reader_totals(r)->n_cells; i++)
        (void)plan_builder_cell(b);
    plan_builder_root(b, 0);
    plan_builder_loop_begin(b, 0);
    plan_builder_phase(b, 0, TRACE_PHASE_RUN);
    int rc = trace_reader_visit(r, add_event, b, err);
    if (rc < 0)
        return rc;
    drain(b, r);
    plan_builder_loop_end(b, 0);
    return 0;
}

int trace_plan(const char *path, int *fd, const struct plan **plan, struct trace_info *info,
               struct err *err)
{
    struct trace_info local;
    int rc = trace_info_read(path, info ? info : &local, err); /* nothing large for a broken file */
    if (rc < 0)
        return rc;
    struct trace_reader *r;
    rc = trace_reader_open(&r, path, TRACE_ANY, err);
    if (rc < 0)
        return rc;
    char name[PLAN_NAME_BYTES];
    name_of(path, name);
    struct plan_builder *b = plan_builder_new(name, trace_reader_header(r)->n_threads);
    rc = b ? build(b, r, err) : err_set(err, ENOMEM, "%s: no memory for its plan", path);
    if (rc == 0)
        rc = plan_builder_finish(b, fd, plan, err);
    plan_builder_free(b);
    trace_reader_free(r);
    return rc;
}
