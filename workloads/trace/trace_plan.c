#include "trace_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell_pool.h"
#include "open_cells.h"
#include "plan_memory.h"
#include "plan_writer.h"
#include "text.h"
#include "trace_reader.h"

#define SCALE_ONE 1000000u

struct recorded {
    uint64_t ns, position; /* as the thread's CLOCKs have summed up */
    uint64_t paced;        /* its last value */
    bool started, joined;
};

/* One of the two rounds over the trace: the same words are counted first, then written. */
struct round {
    const struct trace_plan_options *options;
    struct trace_reader *reader;
    struct plan_writer *writer;
    uint32_t keeper; /* the thread that was not recorded */
    bool keeps;      /* there is one */
    bool writes;     /* the second round */
    struct recorded *threads;
    struct open_cells open;
    struct cell_pool pool;
    uint64_t at; /* events so far */
    const char *why;
    int failed; /* a positive errno */
};

static void fail(struct round *r, int code, const char *why)
{
    if (r->failed)
        return;
    r->failed = code;
    r->why = why;
}

/* Both ends of a hand-over are known: they get their cell. */
static void connect(struct round *r, const struct open_cell *give, const struct open_cell *take)
{
    if (!r->writes)
        return;
    uint32_t cell = cell_pool_take(&r->pool, give->thread, take->thread, give->at, take->at);
    if (cell == CELL_POOL_NONE)
        fail(r, ENOMEM, "no memory for its hand-overs");
    plan_writer_patch(r->writer, give->thread, give->place, cell);
    plan_writer_patch(r->writer, take->thread, take->place, cell);
}

static struct open_cell put_end(struct round *r, uint32_t t, bool gives, uint32_t slot)
{
    struct open_cell end = {.thread = t, .gives = gives, .at = r->at};
    end.place = plan_writer_slot(r->writer, t, gives ? PLAN_GIVE : PLAN_TAKE, slot, 0);
    return end;
}

static void hand_over(struct round *r, const struct trace_event *e)
{
    bool gives = e->kind == TRACE_GIVE;
    struct open_cell end = put_end(r, e->thread, gives, e->slot);
    const struct open_cell *other = open_cells_find(&r->open, e->other);
    if (!other) {
        if (!open_cells_add(&r->open, e->other, &end))
            fail(r, ENOMEM, "no memory for its hand-overs");
        return;
    }
    if (other->gives == gives)
        fail(r, EINVAL, "a cell is given or taken twice");
    connect(r, gives ? &end : other, gives ? other : &end);
    open_cells_remove(&r->open, e->other);
}

static uint64_t scaled(uint64_t ns, uint64_t scale)
{
    __uint128_t value = (__uint128_t)ns * scale / SCALE_ONE;
    return value < PLAN_PACE_MAX ? (uint64_t)value : PLAN_PACE_MAX;
}

static void add_clock(struct round *r, const struct trace_event *e)
{
    struct recorded *t = &r->threads[e->thread];
    t->ns += e->bytes;
    t->position += e->position;
    uint64_t value = r->options->pace == TRACE_PACE_ORDER  ? t->position
                     : r->options->pace == TRACE_PACE_TIME ? scaled(t->ns, r->options->scale)
                                                           : 0;
    if (value <= t->paced)
        return;
    t->paced = value;
    plan_writer_put(r->writer, e->thread, plan_op_make_pace(value));
}

static void add_request(struct round *r, const struct trace_event *e)
{
    static const enum plan_kind kinds[TRACE_KINDS] = {
        [TRACE_MALLOC] = PLAN_MALLOC,           [TRACE_CALLOC] = PLAN_CALLOC,
        [TRACE_ALIGNED] = PLAN_ALIGNED,         [TRACE_REALLOC] = PLAN_REALLOC,
        [TRACE_REALLOC_IN] = PLAN_REALLOC_NULL,
    };
    static_assert(PLAN_TOUCH_ALL == TRACE_PAGES_ALL, "one word for all pages");
    struct plan_request request = {
        .kind = kinds[e->kind],
        .slot = e->slot,
        .bytes = e->bytes,
        .alignment = (uint64_t)1 << e->align_log2,
        .from = e->kind == TRACE_REALLOC ? e->old_bytes : 0,
        .pages = e->pages,
    };
    plan_writer_request(r->writer, e->thread, &request);
}

/* The number that a thread will have in the plan is not known in the first round. */
static void add_thread_word(struct round *r, const struct trace_event *e, const uint32_t *numbers)
{
    struct recorded *other = &r->threads[e->other];
    bool spawns = e->kind == TRACE_SPAWN;
    *(spawns ? &other->started : &other->joined) = true;
    plan_writer_put(r->writer, e->thread,
                    plan_op_make(spawns ? PLAN_SPAWN : PLAN_JOIN, 0, numbers[e->other]));
}

struct conversion {
    struct round round;
    uint32_t *numbers; /* of recorded threads in the plan */
    uint32_t n_numbers;
    struct trace_info *info; /* to be filled in in the first round; or NULL */
};

static void add_event(void *context, const struct trace_event *e)
{
    struct conversion *c = context;
    struct round *r = &c->round;
    if (c->info && !r->writes)
        trace_info_add(c->info, e);
    switch (e->kind) {
    case TRACE_FREE:
        plan_writer_slot(r->writer, e->thread, PLAN_FREE, e->slot, 0);
        break;
    case TRACE_GIVE:
    case TRACE_TAKE:
        hand_over(r, e);
        break;
    case TRACE_SPAWN:
    case TRACE_JOIN:
        add_thread_word(r, e, c->numbers);
        break;
    case TRACE_CLOCK:
        add_clock(r, e);
        return;
    case TRACE_END: /* frees may follow: the end of the sequence is the end of the thread */
        break;
    default:
        add_request(r, e);
        break;
    }
    r->at++;
}

/* `taker` takes what was given into the cell and frees it. */
static void take_and_free(struct round *r, const struct open_cell *give, uint32_t taker)
{
    struct open_cell take = put_end(r, taker, false, 0);
    connect(r, give, &take);
    plan_writer_slot(r->writer, taker, PLAN_FREE, 0, 0);
}

static uint32_t next_slot(const struct trace_reader *reader, uint32_t t, uint32_t from)
{
    const struct slots *s = trace_reader_slots(reader, t);
    return s ? slots_next(s, from) : SLOTS_NONE;
}

/* What the other threads never freed goes to the root. */
static void take_leftovers(struct round *r)
{
    for (uint32_t t = 1; t < r->keeper; t++) {
        uint32_t slot = next_slot(r->reader, t, 0);
        for (; slot != SLOTS_NONE; slot = next_slot(r->reader, t, slot + 1)) {
            struct open_cell give = put_end(r, t, true, slot);
            take_and_free(r, &give, 0);
        }
    }
}

/* What was on its way when the recording was cut off. */
static void take_open(struct round *r)
{
    for (uint32_t i = 0; i < r->open.n; i++) {
        const struct open_cell *end = &r->open.cells[i];
        if (!end->used)
            continue;
        if (!end->gives)
            fail(r, EINVAL, "a cell is taken and never given");
        take_and_free(r, end, end->thread == 0 ? r->keeper : 0);
        r->keeps |= end->thread == 0;
    }
}

static void drain(struct conversion *c)
{
    struct round *r = &c->round;
    for (uint32_t t = 1; t < r->keeper; t++)
        if (r->threads[t].started && !r->threads[t].joined)
            plan_writer_put(r->writer, 0, plan_op_make(PLAN_JOIN, 0, c->numbers[t]));
    plan_writer_put(r->writer, 0, plan_op_make(PLAN_PHASE, 0, TRACE_PHASE_DRAIN));
    uint32_t slot = next_slot(r->reader, 0, 0);
    for (; slot != SLOTS_NONE; slot = next_slot(r->reader, 0, slot + 1))
        plan_writer_slot(r->writer, 0, PLAN_FREE, slot, 0);
    take_leftovers(r);
    take_open(r);
    if (r->keeps) {
        plan_writer_put(r->writer, 0, plan_op_make(PLAN_SPAWN, 0, c->numbers[r->keeper]));
        plan_writer_put(r->writer, 0, plan_op_make(PLAN_JOIN, 0, c->numbers[r->keeper]));
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

/* Threads that were started get numbers in their order; one that never was is left out. */
static void number_threads(struct conversion *c)
{
    const struct round *r = &c->round;
    c->n_numbers = 0;
    for (uint32_t t = 0; t <= r->keeper; t++) {
        bool there = t == 0 || (t == r->keeper ? r->keeps : r->threads[t].started);
        c->numbers[t] = there ? c->n_numbers++ : PLAN_NO_THREAD;
    }
}

static int one_round(struct conversion *c, const char *path, struct err *err)
{
    struct round *r = &c->round;
    plan_writer_put(r->writer, 0, plan_op_make(PLAN_PHASE, 0, TRACE_PHASE_RUN));
    int rc = trace_reader_visit(r->reader, add_event, c, err);
    if (rc == 0)
        drain(c);
    if (rc == 0 && r->failed)
        rc = err_set(err, r->failed, "%s: %s", path, r->why);
    return rc;
}

static uint32_t flags_of(enum trace_pace pace)
{
    return pace == TRACE_PACE_ORDER  ? PLAN_PACE_ORDER
           : pace == TRACE_PACE_TIME ? PLAN_PACE_TIME
                                     : 0;
}

/* Of a program with few calls, which asks for much in each, the usual window would be all. */
static uint64_t pace_window(uint64_t n_events)
{
    uint64_t share = n_events / TRACE_PACE_PARTS;
    return share > TRACE_PACE_WINDOW ? TRACE_PACE_WINDOW : share ? share : 1;
}

static int begin_writing(struct conversion *c, const char *path, struct err *err)
{
    struct round *r = &c->round;
    const struct trace_plan_options *o = r->options;
    char name[PLAN_NAME_BYTES];
    name_of(path, name);
    number_threads(c);
    struct plan_writer_header header = {
        .name = name,
        .numbers = c->numbers,
        .n_numbers = c->n_numbers,
        .copies = o->copies ? o->copies : 1,
        .flags = flags_of(o->pace),
        .pace_window = o->pace == TRACE_PACE_ORDER ? pace_window(r->at) : 0,
        .mapped_most = o->mapped_most ? o->mapped_most : plan_memory_most(),
        .loops = true,
    };
    open_cells_release(&r->open);
    memset(r->threads, 0, r->keeper * sizeof(*r->threads));
    r->at = 0;
    r->writes = true;
    return plan_writer_begin(r->writer, &header, err);
}

static int make_room(struct conversion *c, const char *path, struct err *err)
{
    struct round *r = &c->round;
    uint32_t n = trace_reader_header(r->reader)->n_threads;
    r->keeper = n;
    r->threads = calloc(n, sizeof(*r->threads));
    c->numbers = calloc((size_t)n + 1, sizeof(*c->numbers));
    r->writer = plan_writer_new(n + 1);
    return r->threads && c->numbers && r->writer
               ? 0
               : err_set(err, ENOMEM, "%s: no memory for its plan", path);
}

int trace_plan(const char *path, const struct trace_plan_options *options, int *fd,
               const struct plan **plan, struct trace_info *info, struct err *err)
{
    static const struct trace_plan_options preset = {.copies = 1};
    struct conversion c = {.round.options = options ? options : &preset, .info = info};
    struct round *r = &c.round;
    r->pool.pause = r->options->pause;
    int rc = info ? trace_info_read(path, info, err) : 0;
    if (rc == 0)
        rc = trace_reader_open(&r->reader, path, TRACE_ANY, err);
    if (rc < 0)
        return rc;
    if (info)
        trace_info_begin(info, r->reader);
    rc = make_room(&c, path, err);
    if (rc == 0)
        rc = one_round(&c, path, err);
    if (rc == 0)
        rc = begin_writing(&c, path, err);
    if (rc == 0)
        rc = one_round(&c, path, err);
    if (rc == 0)
        rc = plan_writer_finish(r->writer, r->pool.n_cells, fd, plan, err);
    plan_writer_free(r->writer);
    trace_reader_free(r->reader);
    cell_pool_release(&r->pool);
    open_cells_release(&r->open);
    free(r->threads);
    free(c.numbers);
    return rc;
}
