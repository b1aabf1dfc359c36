/*
 * Threads take turns, a few words each, and an object is its size and its maker.
 */
#include "plan_execution.h"

#include <errno.h>
#include <stdarg.h>

#include "os.h"
#include "text.h"

enum { TURN = 64 }; /* threads advance side by side, as they will in a trial */
enum { PHASES_MAX = 1 << 16 };
enum { PREFIXES_MAX = 2 }; /* readers may rely on it: WIDE and EXTENT */

enum step { STEP_ON, STEP_WAIT, STEP_PARK, STEP_END, STEP_BROKEN };

static const struct plan_thread *thread_of(const struct plan_execution *x, uint32_t t)
{
    return &plan_threads(x->plan)[t];
}

static enum step broken(struct plan_execution *x, uint32_t t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say_broken(struct plan_execution *x, uint32_t t, const char *format, va_list args)
{
    text_vformat(x->err->text, sizeof(x->err->text), format, args);
    err_prefix(x->err, "plan '%s': thread %u, operation %lu", x->plan->name, t, x->actors[t].pc);
}

static enum step broken(struct plan_execution *x, uint32_t t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_broken(x, t, format, args);
    va_end(args);
    return STEP_BROKEN;
}

int plan_execution_broken(struct plan_execution *x, uint32_t t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_broken(x, t, format, args);
    va_end(args);
    return -EINVAL;
}

static void enqueue(struct plan_execution *x, uint32_t t)
{
    if (t == PLAN_NO_THREAD || x->actors[t].queued || x->actors[t].life != PLAN_LIFE_ALIVE)
        return;
    x->actors[t].queued = true;
    x->queue[(x->queue_head + x->queue_n++) % x->plan->n_threads] = t;
}

uint32_t plan_execution_group(struct plan_execution *x, uint32_t t)
{
    while (x->actors[t].group != t)
        t = x->actors[t].group = x->actors[x->actors[t].group].group;
    return t;
}

static void group_join(struct plan_execution *x, uint32_t a, uint32_t b)
{
    x->actors[plan_execution_group(x, a)].group = plan_execution_group(x, b);
}

static enum plan_part part_of(struct plan_execution *x, uint32_t t)
{
    const struct plan_thread *th = thread_of(x, t);
    if (!(th->flags & PLAN_ROOT))
        return x->actors[t].born_in;
    uint64_t pc = x->actors[t].pc;
    return pc < th->loop_begin ? PLAN_PART_BEFORE
           : pc < th->loop_end ? PLAN_PART_BODY
                               : PLAN_PART_AFTER;
}

static struct plan_count *count_of(struct plan_execution *x, uint32_t t)
{
    const struct plan_thread *th = thread_of(x, t);
    struct plan_actor *a = &x->actors[t];
    return &a->counts[a->pc < th->loop_begin ? PLAN_PART_BEFORE
                      : a->pc < th->loop_end ? PLAN_PART_BODY
                                             : PLAN_PART_AFTER];
}

static void object_begins(struct plan_execution *x, uint32_t t, struct plan_object *o,
                          uint64_t bytes)
{
    *o = (struct plan_object){.bytes = bytes, .born = x->facts.calls, .maker = t, .full = 1};
    count_of(x, t)->bytes += bytes;
    x->facts.bytes += bytes;
    x->facts.allocations++;
    x->actors[t].net_bytes += bytes;
    x->live_bytes += bytes;
    x->live_objects++;
    if (x->live_bytes > x->facts.peak_live_bytes)
        x->facts.peak_live_bytes = x->live_bytes;
    if (x->live_objects > x->facts.peak_live_objects)
        x->facts.peak_live_objects = x->live_objects;
    if (x->begins)
        x->begins(x, t, o);
}

static void object_ends(struct plan_execution *x, uint32_t t, struct plan_object *o)
{
    bool remote = o->maker != t, in_body = part_of(x, t) == PLAN_PART_BODY;
    if (x->ends)
        x->ends(x, t, o);
    x->facts.frees++;
    x->facts.remote_frees += remote;
    x->facts.body_frees += in_body;
    x->facts.body_remote_frees += in_body && remote;
    x->actors[t].net_bytes -= o->bytes;
    x->live_bytes -= o->bytes;
    x->live_objects--;
    o->full = 0;
}

/* Whether what stands at the thread's pc needs its slot full, or empty, and finds it otherwise. */
static enum step check_slot(struct plan_execution *x, uint32_t t, enum plan_kind kind,
                            uint32_t slot)
{
    if (slot >= thread_of(x, t)->n_slots)
        return broken(x, t, "slot %u is beyond the thread's %u", slot, thread_of(x, t)->n_slots);
    bool full = x->actors[t].slots[slot].full;
    bool fills = kind == PLAN_MALLOC || kind == PLAN_CALLOC || kind == PLAN_ALIGNED ||
                 kind == PLAN_REALLOC_NULL || kind == PLAN_TAKE;
    bool uses = !fills;
    if (fills && full)
        return broken(x, t, "slot %u still holds an object", slot);
    if (uses && !full)
        return broken(x, t, "slot %u holds no object (freed or given away before)", slot);
    return STEP_ON;
}

static enum step do_prefix(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    struct plan_actor *a = &x->actors[t];
    if (++a->prefixed > PREFIXES_MAX)
        return broken(x, t, "more than %u prefixes in a row", PREFIXES_MAX);
    if (plan_op_kind(op) == PLAN_EXTENT)
        return STEP_ON;
    if (plan_op_slot(op) > 40)
        return broken(x, t, "alignment 2^%u is too large", plan_op_slot(op));
    a->alignment = (uint64_t)1 << plan_op_slot(op);
    a->size_high = (uint64_t)op.arg << 32;
    return STEP_ON;
}

static enum step do_call(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    struct plan_actor *a = &x->actors[t];
    enum plan_kind kind = plan_op_kind(op);
    struct plan_object *o = &a->slots[plan_op_slot(op)];
    bool ends = kind == PLAN_FREE || kind == PLAN_REPLACE || kind == PLAN_REALLOC;
    uint64_t bytes = a->size_high | op.arg;

    if (a->prefixed && (kind == PLAN_FREE || kind == PLAN_REPLACE))
        return broken(x, t, "a prefix stands before a word that takes none");
    if (kind == PLAN_ALIGNED && a->alignment == 0)
        return broken(x, t, "an aligned allocation without its alignment");
    if (bytes > PTRDIFF_MAX)
        return broken(x, t, "a request of %lu bytes", bytes);
    if (ends && o->full)
        object_ends(x, t, o);
    if (kind != PLAN_FREE)
        object_begins(x, t, o, bytes);
    count_of(x, t)->calls += plan_kind_calls(kind);
    x->facts.calls += plan_kind_calls(kind);
    a->size_high = a->alignment = 0;
    a->prefixed = 0;
    return STEP_ON;
}

static enum step do_cell(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    if (op.arg >= x->plan->n_cells)
        return broken(x, t, "cell %u is beyond the plan's %u", op.arg, x->plan->n_cells);
    struct plan_cell *c = &x->cells[op.arg];
    struct plan_object *o = &x->actors[t].slots[plan_op_slot(op)];
    bool gives = plan_op_kind(op) == PLAN_GIVE;
    uint32_t *end = gives ? &c->giver : &c->taker;
    if (*end != PLAN_NO_THREAD && *end != t)
        return broken(x, t, "cell %u is %s by thread %u too", op.arg, gives ? "given" : "taken",
                      *end);
    *end = t;
    if (c->giver == c->taker)
        return broken(x, t, "gives cell %u to itself", op.arg);
    if ((bool)c->object.full == gives)
        return STEP_WAIT;

    struct plan_object *from = gives ? o : &c->object, *to = gives ? &c->object : o;
    *to = *from;
    from->full = 0;
    uint32_t other = gives ? c->taker : c->giver;
    if (other != PLAN_NO_THREAD)
        group_join(x, t, other);
    enqueue(x, other);
    return STEP_ON;
}

static void take_seat(struct plan_execution *x, uint32_t t)
{
    uint32_t seat = x->first_free_seat;
    while (x->seats[seat])
        seat++;
    x->seats[seat] = 1;
    x->first_free_seat = seat + 1;
    x->actors[t].seat = seat;
    if (seat >= x->n_seats)
        x->n_seats = seat + 1;
}

static void leave_seat(struct plan_execution *x, uint32_t t)
{
    uint32_t seat = x->actors[t].seat;
    x->seats[seat] = 0;
    if (seat < x->first_free_seat)
        x->first_free_seat = seat;
}

static enum step do_spawn(struct plan_execution *x, uint32_t t, uint32_t child)
{
    if (child >= x->plan->n_threads || (thread_of(x, child)->flags & PLAN_ROOT))
        return broken(x, t, "starts thread %u, which is %s", child,
                      child < x->plan->n_threads ? "a root" : "not in the plan");
    struct plan_actor *c = &x->actors[child];
    if (c->life != PLAN_LIFE_UNBORN)
        return broken(x, t, "starts thread %u a second time", child);
    c->life = PLAN_LIFE_ALIVE;
    c->born_in = part_of(x, t);
    take_seat(x, child);
    if (++x->alive > x->facts.most_threads)
        x->facts.most_threads = x->alive;
    group_join(x, t, child);
    enqueue(x, child);
    return STEP_ON;
}

static enum step do_join(struct plan_execution *x, uint32_t t, uint32_t child)
{
    if (child >= x->plan->n_threads || (thread_of(x, child)->flags & PLAN_ROOT))
        return broken(x, t, "joins thread %u, which nobody can have started", child);
    struct plan_actor *c = &x->actors[child];
    if (c->life == PLAN_LIFE_JOINED)
        return broken(x, t, "joins thread %u a second time", child);
    if (c->joiner != PLAN_NO_THREAD && c->joiner != t)
        return broken(x, t, "joins thread %u, as thread %u does", child, c->joiner);
    c->joiner = t;
    group_join(x, t, child);
    if (c->life != PLAN_LIFE_ENDED)
        return STEP_WAIT;
    if (c->born_in != part_of(x, t))
        return broken(x, t, "joins thread %u in another part than the one that started it", child);
    c->life = PLAN_LIFE_JOINED;
    return STEP_ON;
}

static enum step do_pace(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    struct plan_actor *a = &x->actors[t];
    const struct plan_thread *th = thread_of(x, t);
    uint64_t value = plan_op_pace(op);
    if (!(x->plan->flags & (PLAN_PACE_ORDER | PLAN_PACE_TIME)))
        return broken(x, t, "a pace in a plan without one");
    if (value < a->pace)
        return broken(x, t, "pace %lu stands behind pace %lu", value, a->pace);
    if (a->pc >= th->loop_begin && a->pc < th->loop_end)
        return broken(x, t, "a pace in a body");
    a->pace = value;
    if (value > x->facts.last_pace)
        x->facts.last_pace = value;
    return STEP_ON;
}

static enum step do_touch(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    if (check_slot(x, t, PLAN_TOUCH, plan_op_slot(op)) == STEP_BROKEN)
        return STEP_BROKEN;
    if (x->actors[t].slots[plan_op_slot(op)].bytes == 0)
        return broken(x, t, "touches slot %u, whose object has no byte", plan_op_slot(op));
    return STEP_ON;
}

static enum step do_phase(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    if (op.arg >= PHASES_MAX)
        return broken(x, t, "phase %u is beyond %u", op.arg, PHASES_MAX);
    if (op.arg >= x->n_phases)
        x->n_phases = op.arg + 1;
    return STEP_ON;
}

static enum step do_op(struct plan_execution *x, uint32_t t, struct plan_op op)
{
    enum plan_kind kind = plan_op_kind(op);
    bool prefix = kind == PLAN_WIDE || kind == PLAN_EXTENT;
    bool calls = plan_kind_calls(kind) > 0, crosses = kind == PLAN_GIVE || kind == PLAN_TAKE;
    if (x->actors[t].prefixed && !calls && !prefix)
        return broken(x, t, "a prefix stands before a word that takes none");
    if ((calls || crosses) && check_slot(x, t, kind, plan_op_slot(op)) == STEP_BROKEN)
        return STEP_BROKEN;
    if (prefix)
        return do_prefix(x, t, op);
    if (calls)
        return do_call(x, t, op);
    if (crosses)
        return do_cell(x, t, op);
    if (kind == PLAN_SPAWN)
        return do_spawn(x, t, op.arg);
    if (kind == PLAN_JOIN)
        return do_join(x, t, op.arg);
    if (kind == PLAN_PACE)
        return do_pace(x, t, op);
    if (kind == PLAN_TOUCH)
        return do_touch(x, t, op);
    if (kind == PLAN_PHASE)
        return do_phase(x, t, op);
    return broken(x, t, kind == PLAN_END ? "the end stands before the end" : "unknown operation");
}

/* At the two ends of a body: which of its slots hold an object must be the same. */
static enum step check_loop(struct plan_execution *x, uint32_t t)
{
    const struct plan_thread *th = thread_of(x, t);
    struct plan_actor *a = &x->actors[t];
    if (!a->at_begin || (a->pc != th->loop_begin && a->pc != th->loop_end))
        return STEP_ON;
    if (a->prefixed)
        return broken(x, t, "a prefix is cut off from its word by the end of the body");
    for (uint32_t s = 0; s < th->n_slots; s++) {
        if (a->pc == th->loop_begin)
            a->at_begin[s] = (uint8_t)a->slots[s].full;
        else if (a->at_begin[s] != a->slots[s].full)
            return broken(x, t, "slot %u is %s when the body ends, but was not when it began", s,
                          a->slots[s].full ? "full" : "empty");
    }
    return STEP_ON;
}

/* A plan may be larger than memory: what was gone through is let go, and read again if needed. */
static void let_go(struct plan_execution *x, uint32_t t)
{
    struct plan_actor *a = &x->actors[t];
    if (!(x->plan->flags & PLAN_STREAMED) || a->pc - a->let_go < PLAN_WINDOW_WORDS)
        return;
    size_t first = x->plan->ops_offset + thread_of(x, t)->first_op * sizeof(struct plan_op);
    os_forget(x->plan, first + a->let_go * sizeof(struct plan_op),
              first + a->pc * sizeof(struct plan_op));
    a->let_go = a->pc;
}

/* Whether a root has to wait for the others here. */
static bool parks(struct plan_execution *x, uint32_t t)
{
    const struct plan_thread *th = thread_of(x, t);
    uint64_t pc = x->actors[t].pc;
    return (th->flags & PLAN_ROOT) && ((x->stage == PLAN_PART_BEFORE && pc == th->loop_begin) ||
                                       (x->stage == PLAN_PART_BODY && pc == th->loop_end));
}

static enum step take_turn(struct plan_execution *x, uint32_t t)
{
    struct plan_actor *a = &x->actors[t];
    const struct plan_op *ops = plan_thread_ops(x->plan, t);
    uint64_t last = thread_of(x, t)->n_ops - 1;
    for (unsigned i = 0; i < x->turn; i++) {
        if (check_loop(x, t) == STEP_BROKEN)
            return STEP_BROKEN;
        if (parks(x, t))
            return STEP_PARK;
        if (a->pc == last)
            return a->prefixed ? broken(x, t, "a prefix stands at the end") : STEP_END;
        enum step step = do_op(x, t, ops[a->pc]);
        if (step != STEP_ON)
            return step;
        a->pc++;
        if (x->mark && !a->prefixed)
            x->mark(x, t);
    }
    return STEP_ON;
}

static void end_thread(struct plan_execution *x, uint32_t t)
{
    x->actors[t].life = PLAN_LIFE_ENDED;
    x->alive--;
    leave_seat(x, t);
    enqueue(x, x->actors[t].joiner);
}

/* After nobody can go on: everybody who lives is where the stage wants it. */
static int check_stuck(struct plan_execution *x)
{
    for (uint32_t t = 0; t < x->plan->n_threads; t++) {
        struct plan_actor *a = &x->actors[t];
        if (a->life != PLAN_LIFE_ALIVE || a->parked)
            continue;
        struct plan_op op = plan_thread_ops(x->plan, t)[a->pc];
        broken(x, t, "waits for ever: %s %u never comes",
               plan_op_kind(op) == PLAN_JOIN   ? "the end of thread"
               : plan_op_kind(op) == PLAN_GIVE ? "the emptying of cell"
                                               : "an object in cell",
               op.arg);
        return -EINVAL;
    }
    return 0;
}

int plan_execution_run(struct plan_execution *x, enum plan_part stage)
{
    x->stage = stage;
    for (uint32_t t = 0; t < x->plan->n_threads; t++) {
        x->actors[t].parked = false;
        enqueue(x, t);
    }
    while (x->queue_n > 0) {
        uint32_t t = x->queue[x->queue_head];
        x->queue_head = (x->queue_head + 1) % x->plan->n_threads;
        x->queue_n--;
        x->actors[t].queued = false;
        enum step step = take_turn(x, t);
        let_go(x, t);
        if (step == STEP_BROKEN)
            return -EINVAL;
        x->actors[t].parked = step == STEP_PARK;
        if (step == STEP_ON)
            enqueue(x, t);
        if (step == STEP_END)
            end_thread(x, t);
    }
    return check_stuck(x);
}

void plan_execution_rewind(struct plan_execution *x)
{
    for (uint32_t t = 0; t < x->plan->n_threads; t++) {
        const struct plan_thread *th = thread_of(x, t);
        struct plan_actor *a = &x->actors[t];
        if (th->loop_begin < th->loop_end)
            a->pc = th->loop_begin;
        if ((th->flags & PLAN_ROOT) || a->life != PLAN_LIFE_JOINED || a->born_in != PLAN_PART_BODY)
            continue;
        a->life = PLAN_LIFE_UNBORN;
        a->pc = 0;
        for (uint32_t s = 0; s < th->n_slots; s++)
            a->slots[s].full = 0; /* what an earlier life left there is lost */
    }
}

static size_t slots_bytes(const struct plan_thread *th)
{
    return th->n_slots * (sizeof(struct plan_object) + 1);
}

static int start(struct plan_execution *x)
{
    const struct plan *p = x->plan;
    x->actors = os_map(p->n_threads * sizeof(*x->actors), OS_PLAIN);
    x->queue = os_map(p->n_threads * sizeof(*x->queue), OS_PLAIN);
    x->cells = os_map((size_t)p->n_cells * sizeof(*x->cells) + 1, OS_PLAIN);
    x->seats = os_map(p->n_threads, OS_PLAIN);
    if (!x->actors || !x->queue || !x->cells || !x->seats)
        return -ENOMEM;
    for (uint32_t c = 0; c < p->n_cells; c++)
        x->cells[c].giver = x->cells[c].taker = PLAN_NO_THREAD;
    for (uint32_t t = 0; t < p->n_threads; t++) {
        const struct plan_thread *th = thread_of(x, t);
        struct plan_actor *a = &x->actors[t];
        a->slots = os_map(slots_bytes(th) + 1, OS_PLAIN);
        if (!a->slots)
            return -ENOMEM;
        if (th->loop_begin < th->loop_end)
            a->at_begin = (uint8_t *)(a->slots + th->n_slots);
        a->group = t;
        a->joiner = PLAN_NO_THREAD;
        if (!(th->flags & PLAN_ROOT))
            continue;
        a->life = PLAN_LIFE_ALIVE;
        x->n_roots++;
        x->alive++;
        take_seat(x, t);
    }
    x->facts.most_threads = x->alive;
    return 0;
}

int plan_execution_start(struct plan_execution *x, const struct plan *plan, struct err *err)
{
    *x = (struct plan_execution){.plan = plan, .turn = TURN, .err = err};
    int rc = start(x);
    return rc < 0 ? err_set(err, -rc, "plan '%s': not enough memory to go through it", plan->name)
                  : 0;
}

void plan_execution_release(struct plan_execution *x)
{
    for (uint32_t t = 0; x->actors && t < x->plan->n_threads; t++)
        os_unmap(x->actors[t].slots, slots_bytes(thread_of(x, t)) + 1);
    os_unmap(x->actors, x->plan->n_threads * sizeof(*x->actors));
    os_unmap(x->queue, x->plan->n_threads * sizeof(*x->queue));
    os_unmap(x->cells, (size_t)x->plan->n_cells * sizeof(*x->cells) + 1);
    os_unmap(x->seats, x->plan->n_threads);
}
