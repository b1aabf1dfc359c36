#include "plan_walk.h"

#include <stdlib.h>

enum { RUN_WORDS = 100 }; /* of one thread, before the next is looked at */

struct object {
    uint64_t bytes; /* 0: none */
    uint32_t maker;
};

struct walker {
    uint64_t pc, high; /* `high`: bits of a size from a prefix */
    bool alive, ended;
    bool again;     /* not a root, and started by what is repeated */
    unsigned gates; /* passed: before the body and behind it */
    bool waits;     /* at the next one */
    struct object *slots;
    uint64_t *at_begin;
};

struct walk {
    const struct plan *plan;
    struct walker *walkers;
    struct object *cells;
    uint64_t live_objects, live_bytes, in_cells;
    uint32_t at_gate[2]; /* roots that have come so far */
    uint64_t *sizes;     /* NULL: not wanted */
    struct plan_walk seen;
};

static bool in_body(const struct walk *w, uint32_t t)
{
    const struct plan_thread *th = &plan_threads(w->plan)[t];
    uint64_t pc = w->walkers[t].pc;
    return w->walkers[t].again ||
           ((th->flags & PLAN_ROOT) && pc >= th->loop_begin && pc < th->loop_end);
}

static void raise_to(uint64_t *most, uint64_t n)
{
    if (n > *most)
        *most = n;
}

static void begin(struct walk *w, uint32_t t, struct object *o, uint64_t bytes, bool grown)
{
    *o = (struct object){bytes, t};
    w->seen.allocations++;
    raise_to(&w->seen.peak_live_objects, ++w->live_objects);
    raise_to(&w->seen.peak_live_bytes, w->live_bytes += bytes);
    if (!in_body(w, t))
        return;
    if (w->sizes)
        w->sizes[w->seen.again_allocations] = bytes;
    w->seen.again_allocations++;
    w->seen.again_grown += grown;
    w->seen.bytes_drawn[log2_floor(bytes)]++;
    raise_to(&w->seen.most_bytes, bytes);
    if (bytes < w->seen.least_bytes)
        w->seen.least_bytes = bytes;
    w->seen.body_bytes += bytes;
}

static void end(struct walk *w, uint32_t t, struct object *o)
{
    bool root = plan_threads(w->plan)[t].flags & PLAN_ROOT, remote = o->maker != t;
    w->seen.frees++;
    w->seen.remote_frees += remote;
    w->seen.again_frees += in_body(w, t);
    w->seen.again_remote_frees += in_body(w, t) && remote;
    w->seen.child_frees += !root;
    w->seen.child_remote_frees += !root && remote;
    w->live_objects--;
    w->live_bytes -= o->bytes;
    o->bytes = 0;
}

static bool move(struct object *from, struct object *to)
{
    if (from->bytes == 0 || to->bytes != 0)
        return false;
    *to = *from;
    from->bytes = 0;
    return true;
}

static bool exchange(struct walk *w, struct object *slot, struct object *cell, bool gives)
{
    if (!move(gives ? slot : cell, gives ? cell : slot))
        return false;
    w->in_cells += gives ? 1 : (uint64_t)-1;
    raise_to(&w->seen.peak_in_cells, w->in_cells);
    return true;
}

/* Whether the word could be executed now. */
static bool step(struct walk *w, uint32_t t, struct plan_op op)
{
    struct walker *me = &w->walkers[t];
    struct object *o = &me->slots[plan_op_slot(op)];
    enum plan_kind kind = plan_op_kind(op);
    switch (kind) {
    case PLAN_WIDE:
        me->high = (uint64_t)op.arg << 32;
        return true;
    case PLAN_EXTENT:
    case PLAN_PHASE:
    case PLAN_TOUCH:
        return true;
    case PLAN_SPAWN:
        w->walkers[op.arg].alive = true;
        w->walkers[op.arg].again = in_body(w, t);
        return true;
    case PLAN_JOIN:
        return w->walkers[op.arg].ended;
    case PLAN_GIVE:
    case PLAN_TAKE:
        return exchange(w, o, &w->cells[op.arg], kind == PLAN_GIVE);
    default:
        break;
    }
    if (o->bytes > 0)
        end(w, t, o);
    if (kind != PLAN_FREE)
        begin(w, t, o, me->high | op.arg, kind == PLAN_REALLOC);
    me->high = 0;
    w->seen.body_calls += in_body(w, t) ? plan_kind_calls(kind) : 0;
    return true;
}

static void look_at_loop(struct walk *w, uint32_t t)
{
    const struct plan_thread *th = &plan_threads(w->plan)[t];
    struct walker *me = &w->walkers[t];
    for (uint32_t s = 0; s < th->n_slots; s++) {
        if (me->pc == th->loop_begin)
            me->at_begin[s] = me->slots[s].bytes;
        else if (me->pc == th->loop_end && th->loop_begin < th->loop_end)
            w->seen.n_sizes_changed += me->at_begin[s] != me->slots[s].bytes;
    }
}

/* Whether the thread may go on where a body begins or ends; *moved when it came further. */
static bool pass_gate(struct walk *w, uint32_t t, bool *moved)
{
    struct walker *me = &w->walkers[t];
    const struct plan_thread *th = &plan_threads(w->plan)[t];
    bool looped = (th->flags & PLAN_ROOT) && (w->plan->flags & PLAN_LOOPS);
    while (looped && me->gates < 2 && me->pc == (me->gates ? th->loop_end : th->loop_begin)) {
        w->at_gate[me->gates] += !me->waits;
        me->waits = w->at_gate[me->gates] < w->plan->n_roots;
        if (me->waits)
            return false;
        look_at_loop(w, t);
        me->gates++;
        *moved = true;
    }
    return true;
}

/* A turn of one thread; whether it got anywhere. */
static bool turn(struct walk *w, uint32_t t)
{
    struct walker *me = &w->walkers[t];
    const struct plan_op *ops = plan_thread_ops(w->plan, t);
    bool moved = false;
    for (int i = 0; i < RUN_WORDS && me->alive && !me->ended; i++) {
        if (!pass_gate(w, t, &moved))
            return moved;
        if (plan_op_kind(ops[me->pc]) == PLAN_END)
            me->ended = true;
        else if (!step(w, t, ops[me->pc]))
            return moved;
        else
            me->pc++;
        moved = true;
    }
    return moved;
}

struct plan_walk plan_walk(const struct plan *p)
{
    return plan_walk_sizes(p, NULL);
}

struct plan_walk plan_walk_sizes(const struct plan *p, uint64_t *sizes)
{
    struct walk w = {.plan = p, .sizes = sizes, .seen = {.least_bytes = UINT64_MAX}};
    w.walkers = calloc(p->n_threads, sizeof(w.walkers[0]));
    w.cells = calloc(p->n_cells + 1, sizeof(w.cells[0]));
    for (uint32_t t = 0; t < p->n_threads; t++) {
        const struct plan_thread *th = &plan_threads(p)[t];
        w.walkers[t].slots = calloc(th->n_slots + 1, sizeof(struct object));
        w.walkers[t].at_begin = calloc(th->n_slots + 1, sizeof(uint64_t));
        w.walkers[t].alive = th->flags & PLAN_ROOT;
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t t = 0; t < p->n_threads; t++)
            moved |= turn(&w, t);
    }
    for (uint32_t t = 0; t < p->n_threads; t++) {
        w.seen.stuck |= !w.walkers[t].ended;
        free(w.walkers[t].slots);
        free(w.walkers[t].at_begin);
    }
    w.seen.live_objects_at_end = w.live_objects;
    free(w.walkers);
    free(w.cells);
    return w.seen;
}
