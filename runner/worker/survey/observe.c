#include "observe.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "request.h"
#include "still.h"
#include "surveyor.h"
#include "timing.h"
#include "touch.h"

/* ---- The calls of the allocator: here, and nowhere else in the loop. ---- */

static bool is_remote(const struct lane *lane, const struct object *o)
{
    return o->maker != lane->index;
}

static void *call_malloc(struct lane *lane, uint64_t bytes)
{
    void *p;
    TIMED(lane, LATENCY_MALLOC, bytes, false, p = malloc(bytes));
    return p;
}

static void *call_calloc(struct lane *lane, uint64_t bytes)
{
    void *p;
    TIMED(lane, LATENCY_CALLOC, bytes, false, p = calloc(1, bytes));
    return p;
}

static void *call_aligned(struct lane *lane, uint64_t alignment, uint64_t bytes)
{
    void *p;
    TIMED(lane, LATENCY_ALIGNED, bytes, false, p = aligned(alignment, bytes));
    return p;
}

/* `old` may be no object. */
static void *call_realloc(struct lane *lane, const struct object *old, uint64_t bytes)
{
    void *p;
    bool remote = old->p && is_remote(lane, old);
    TIMED(lane, LATENCY_REALLOC, bytes, remote, p = realloc(old->p, bytes));
    return p;
}

static void call_free(struct lane *lane, const struct object *old)
{
    TIMED(lane, LATENCY_FREE, old->bytes, is_remote(lane, old), free(old->p));
}

/* ---- What is live. ---- */

static void count(struct observed *o, int64_t objects, int64_t bytes)
{
    atomic_store_explicit(&o->live_objects,
                          atomic_load_explicit(&o->live_objects, memory_order_relaxed) + objects,
                          memory_order_relaxed);
    atomic_store_explicit(&o->live_bytes,
                          atomic_load_explicit(&o->live_bytes, memory_order_relaxed) + bytes,
                          memory_order_relaxed);
}

/* The object that was in the slot is no more. */
static void end_object(struct observed *o, struct object *object)
{
    if (object->p)
        count(o, -1, -(int64_t)object->bytes);
    object->p = NULL;
}

/* `p`, which the lane has just made, becomes the slot's object. */
static void begin_object(struct lane *lane, struct object *object, void *p, uint64_t bytes)
{
    const struct observer *all = lane->worker->observer;
    if (!p)
        return;
    *object = (struct object){.p = p,
                              .bytes = bytes,
                              .usable = all->knows_usable ? malloc_usable_size(p) : 0,
                              .maker = lane->index,
                              .holder = lane->index};
    count(observed_of(lane), 1, (int64_t)bytes);
}

/* ---- Words. ---- */

static const char *call_name(enum plan_kind kind)
{
    switch (kind) {
    case PLAN_CALLOC:
        return "calloc";
    case PLAN_REALLOC:
    case PLAN_REALLOC_NULL:
        return "realloc";
    case PLAN_ALIGNED:
        return "posix_memalign";
    default:
        return "malloc";
    }
}

/* Makes what the word asks for in the place of what the slot holds, if that is to go. */
static void *make(struct lane *lane, enum plan_kind kind, const struct request *r,
                  struct object *object)
{
    static const struct object none;
    void *p;
    switch (kind) {
    case PLAN_CALLOC:
        return call_calloc(lane, r->bytes);
    case PLAN_REALLOC:
        p = call_realloc(lane, object, r->bytes);
        if (p || r->bytes == 0)
            end_object(observed_of(lane), object);
        return p;
    case PLAN_REALLOC_NULL:
        return call_realloc(lane, &none, r->bytes);
    case PLAN_ALIGNED:
        return call_aligned(lane, r->alignment, r->bytes);
    default:
        return call_malloc(lane, r->bytes);
    }
}

static void run_free(struct lane *lane, struct object *object)
{
    call_free(lane, object);
    end_object(observed_of(lane), object);
}

/* An allocation with its prefixes; returns the word behind it. */
static const struct plan_op *run_allocation(struct lane *lane, const struct plan_op *op)
{
    struct request r = read_request(&op);
    enum plan_kind kind = plan_op_kind(*op);
    struct object *object = &observed_of(lane)->objects[plan_op_slot(*op)];
    if (kind == PLAN_REPLACE)
        run_free(lane, object);
    void *p = make(lane, kind, &r, object);
    if (UNLIKELY(!p))
        check_null(lane, op, call_name(kind), r.bytes);
    else
        touch(lane->worker->control->touch, p, r.from, r.to);
    begin_object(lane, object, p, r.bytes);
    return op + 1;
}

/* What is known of the object goes before it: the cell is empty, and its taker does not look yet. */
static void run_give(struct lane *lane, struct object *object, uint32_t cell)
{
    struct worker *w = lane->worker;
    still_leave(lane);
    handover_await(&w->cells[cell], false, &lane->wait);
    still_return(lane);
    void *p = object->p;
    w->observer->in_cells[cell] = *object;
    object->p = NULL;
    handover_give(&w->cells[cell], p, &lane->wait);
}

static void run_take(struct lane *lane, struct object *object, uint32_t cell)
{
    struct worker *w = lane->worker;
    still_leave(lane);
    handover_await(&w->cells[cell], true, &lane->wait);
    still_return(lane);
    *object = w->observer->in_cells[cell];
    object->holder = lane->index;
    w->observer->in_cells[cell].p = NULL;
    handover_take(&w->cells[cell], &lane->wait);
}

/*
 * pthread_join frees what the thread's birth took from the allocator. So it is called by a lane that runs,
 * and only when it will not take long.
 */
static void run_join(struct lane *lane, struct lane *child)
{
    still_leave(lane);
    pace_leave(lane, &(struct pace_cause){.thread = child->index});
    still_await_end(child);
    pace_return(lane);
    still_return(lane);
    lane_join(lane, child);
    still_gone(child);
}

/* The time in which all stood still does not count, also if that was while this one waited. */
static void run_pace(struct lane *lane, uint64_t value)
{
    struct worker *w = lane->worker;
    bool by_time = w->plan->flags & PLAN_PACE_TIME;
    uint64_t still;
    do {
        still = atomic_load(&w->still_ns);
        still_leave(lane);
        pace_wait(lane, by_time ? value + still : value);
        still_return(lane);
    } while (by_time && still != atomic_load(&w->still_ns));
}

static const struct plan_op *run_word(struct lane *lane, const struct plan_op *op)
{
    struct worker *w = lane->worker;
    struct object *object = &observed_of(lane)->objects[plan_op_slot(*op)];
    switch (plan_op_kind(*op)) {
    case PLAN_FREE:
        run_free(lane, object);
        break;
    case PLAN_GIVE:
        run_give(lane, object, op->arg);
        break;
    case PLAN_TAKE:
        run_take(lane, object, op->arg);
        break;
    case PLAN_SPAWN:
        still_birth(&w->lanes[op->arg]);
        lane_spawn(lane, &w->lanes[op->arg]);
        break;
    case PLAN_JOIN:
        run_join(lane, &w->lanes[op->arg]);
        break;
    case PLAN_PACE:
        run_pace(lane, plan_op_pace(*op));
        break;
    case PLAN_TOUCH:
        touch_again(object->p, op->arg);
        break;
    case PLAN_PHASE:
        surveyor_phase(lane, op->arg);
        break;
    default:
        return run_allocation(lane, op);
    }
    return op + 1;
}

/* ---- The loop. ---- */

/* Adds what is new of the lane to the sums of all. */
static COLD void tell(struct lane *lane, struct observed *mine)
{
    struct observer *o = lane->worker->observer;
    uint64_t words = atomic_load_explicit(&mine->words, memory_order_relaxed);
    int64_t bytes = atomic_load_explicit(&mine->live_bytes, memory_order_relaxed);
    atomic_fetch_add(&o->words, words - mine->told_words);
    atomic_fetch_add(&o->live_bytes, bytes - mine->told_bytes);
    mine->told_words = words;
    mine->told_bytes = bytes;
    atomic_store_explicit(&lane->control->ops_done, words, memory_order_relaxed);
    surveyor_look(lane);
}

static bool has_news(const struct observer *o, const struct observed *mine, uint64_t words)
{
    int64_t moved =
        atomic_load_explicit(&mine->live_bytes, memory_order_relaxed) - mine->told_bytes;
    return words - mine->told_words >= o->batch_words || moved >= (int64_t)o->batch_bytes ||
           -moved >= (int64_t)o->batch_bytes;
}

static void run(struct lane *lane, uint64_t from, uint64_t to)
{
    const struct plan_op *op = lane->ops + from, *end = lane->ops + to;
    const struct observer *o = lane->worker->observer;
    struct observed *mine = observed_of(lane);
    still_return(lane); /* also of a thread that has just been born */
    while (op < end) {
        still_poll(lane, o);
        const struct plan_op *next = run_word(lane, op);
        uint64_t words =
            atomic_load_explicit(&mine->words, memory_order_relaxed) + (uint64_t)(next - op);
        atomic_store_explicit(&mine->words, words, memory_order_relaxed);
        if (has_news(o, mine, words))
            tell(lane, mine);
        op = next;
    }
    atomic_store_explicit(&lane->control->ops_done,
                          atomic_load_explicit(&mine->words, memory_order_relaxed),
                          memory_order_relaxed);
    lane->words_before += to - from;
}

static void end(struct lane *lane)
{
    tell(lane, observed_of(lane));
    still_end(lane, gettid() == getpid());
}

/* ---- Set-up. ---- */

size_t observer_objects(const struct plan *plan)
{
    size_t n = plan->n_cells;
    for (uint32_t t = 0; t < plan->n_threads; t++)
        n += plan_threads(plan)[t].n_slots;
    return n;
}

size_t observer_bytes(const struct plan *plan)
{
    return plan->n_threads * sizeof(struct observed) +
           observer_objects(plan) * sizeof(struct object);
}

/* Sums are known to half a hundredth of the greatest, and to the hundredth part of a step. */
static void choose_batches(struct observer *o, const struct plan *plan)
{
    uint64_t n = plan->n_threads;
    uint64_t words = plan->n_ops / SURVEYOR_STEPS / (100 * n);
    uint64_t bytes = plan->facts.peak_live_bytes / (200 * n);
    o->batch_words = words < 1 ? 1 : words > 256 ? 256 : words;
    o->batch_bytes = bytes < 1 ? 1 : bytes;
}

void observer_init(struct worker *w, struct observer *o, void *memory, struct surveyor *surveyor)
{
    static const struct loop_other loop = {.run = run, .end = end};
    o->worker = w;
    o->surveyor = surveyor;
    o->lanes = memory;
    struct object *objects = (struct object *)(o->lanes + w->plan->n_threads);
    for (uint32_t t = 0; t < w->plan->n_threads; t++) {
        const struct plan_thread *plan = &plan_threads(w->plan)[t];
        o->lanes[t].objects = objects;
        objects += plan->n_slots;
        atomic_store(&o->lanes[t].stand, plan->flags & PLAN_ROOT ? STAND_RUNS : STAND_AWAY);
    }
    o->in_cells = objects;
    choose_batches(o, w->plan);
    w->observer = o;
    w->other = &loop;
}

void observer_await_roots(struct worker *w)
{
    for (uint32_t t = 0; t < w->plan->n_threads; t++) {
        struct observed *lane = &w->observer->lanes[t];
        uint32_t now;
        while ((w->lanes[t].plan->flags & PLAN_ROOT) &&
               ((now = atomic_load(&lane->stand)) != STAND_ENDS && now != STAND_AWAY))
            os_wait(&lane->stand, now);
    }
}

void observer_each_object(const struct observer *o,
                          void (*each)(void *context, const struct object *object), void *context)
{
    const struct object *end = o->in_cells + o->worker->plan->n_cells;
    for (const struct object *object = o->lanes[0].objects; object < end; object++)
        if (object->p)
            each(context, object);
}
