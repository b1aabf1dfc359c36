#include <errno.h>
#include <stdlib.h>

#include "convert.h"

struct pairing {
    struct convert *c;
    struct number_map addresses; /* of live objects: their numbers */
    struct number_map handles;   /* of threads that can be joined: their raw numbers */
    uint32_t *free_numbers;      /* of objects, a stack */
    uint32_t n_free, room;       /* room: of both arrays */
    bool out_of_memory;
};

static bool make_room(struct pairing *p)
{
    if (p->n_free > 0 || p->c->n_objects < p->room)
        return true;
    uint32_t room = p->room ? 2 * p->room : 4096;
    if (room < p->room)
        return false;
    struct convert_object *objects = realloc(p->c->objects, room * sizeof(*objects));
    if (objects)
        p->c->objects = objects;
    uint32_t *numbers = realloc(p->free_numbers, room * sizeof(*numbers));
    if (numbers)
        p->free_numbers = numbers;
    if (!objects || !numbers)
        return false;
    p->room = room;
    return true;
}

static uint64_t value_of(const struct spool_event *e)
{
    return e->what & SPOOL_VALUE_MASK;
}

static void set_value(struct spool_event *e, uint64_t value)
{
    e->what = (e->what & ~SPOOL_VALUE_MASK) | value;
}

/* Left out, but not 0: that would end the chunk. */
static void leave_out(struct spool_event *e)
{
    e->what = spool_what(SPOOL_NOTHING, 0, 1);
}

/* The object with this number is at the event's address from now on. */
static void place(struct pairing *p, struct spool_event *e, uint32_t object)
{
    uint64_t address = value_of(e);
    p->c->totals.conflicts += number_map_get(&p->addresses, address) != NUMBER_MAP_NONE;
    if (!number_map_put(&p->addresses, address, object))
        p->out_of_memory = true;
    p->c->objects[object].last = e;
    set_value(e, object);
}

static void pair_new(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    if (!make_room(p)) {
        p->out_of_memory = true;
        return;
    }
    uint32_t object = p->n_free > 0 ? p->free_numbers[--p->n_free] : p->c->n_objects++;
    p->c->objects[object] = (struct convert_object){.holder = thread};
    place(p, e, object);
}

static void end_object(struct pairing *p, uint32_t object)
{
    p->free_numbers[p->n_free++] = object;
}

/*
 * The object at the event's address, no longer there and used by `thread`; CONVERT_NONE: unknown.
 */
static uint32_t pick_up(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    uint32_t object = number_map_remove(&p->addresses, value_of(e));
    if (object == NUMBER_MAP_NONE) {
        p->c->totals.unknown_frees++;
        leave_out(e);
        return CONVERT_NONE;
    }
    struct convert_object *o = &p->c->objects[object];
    if (o->holder != thread)
        o->last->what |= SPOOL_GIVE;
    o->holder = thread;
    o->last = e;
    set_value(e, object);
    return object;
}

static void pair_free(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    uint32_t object = pick_up(p, e, thread);
    if (object != CONVERT_NONE)
        end_object(p, object);
}

static void pair_realloc_end(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    struct convert_thread *t = &p->c->threads[thread];
    uint32_t object = t->pending;
    t->pending = CONVERT_NONE;
    enum spool_kind kind = spool_what_kind(e->what);
    if (object == CONVERT_NONE && kind == SPOOL_REALLOC_NEW) {
        e->what = spool_what(SPOOL_REALLOC_IN, 0, value_of(e));
        pair_new(p, e, thread);
    } else if (object == CONVERT_NONE) {
        leave_out(e);
    } else if (kind == SPOOL_REALLOC_FREED) {
        set_value(e, object);
        end_object(p, object);
    } else {
        place(p, e, object);
    }
}

static void pair_spawn(struct pairing *p, struct spool_event *e)
{
    uint64_t child = value_of(e);
    if (child == 0 || child >= p->c->spool->n_threads || p->c->threads[child].born) {
        leave_out(e);
        return;
    }
    p->c->threads[child].born = true;
    p->c->threads[child].spawn = e;
    p->c->n_threads++;
}

static void pair_spawn_void(struct pairing *p, struct spool_event *e)
{
    uint64_t child = value_of(e);
    leave_out(e);
    if (child >= p->c->spool->n_threads)
        return;
    struct convert_thread *t = &p->c->threads[child];
    if (!t->spawn || t->seen || t->revoked)
        return;
    leave_out(t->spawn);
    t->revoked = true;
    p->c->n_threads--;
}

static void pair_join(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    uint32_t child = number_map_remove(&p->handles, value_of(e));
    if (child == NUMBER_MAP_NONE || child == 0 || child == thread || p->c->threads[child].join) {
        leave_out(e);
        return;
    }
    p->c->threads[child].join = e;
    set_value(e, child);
}

static void pair_start(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    if (value_of(e) != 0 && !number_map_put(&p->handles, value_of(e), thread))
        p->out_of_memory = true;
    leave_out(e);
}

/* A thread that shows up was born; one that goes on after its join was not joined there. */
static void note_thread(struct pairing *p, uint32_t thread)
{
    struct convert_thread *t = &p->c->threads[thread];
    p->c->n_threads += !t->born;
    t->born = t->seen = true;
    if (t->join) {
        leave_out(t->join);
        t->join = NULL;
    }
}

static void pair_event(struct pairing *p, struct spool_event *e, uint32_t thread)
{
    if (p->c->threads[thread].revoked || (e->what & SPOOL_GIVE)) {
        leave_out(e);
        return;
    }
    note_thread(p, thread);
    switch (spool_what_kind(e->what)) {
    case SPOOL_MALLOC:
    case SPOOL_CALLOC:
    case SPOOL_ALIGNED:
        pair_new(p, e, thread);
        break;
    case SPOOL_FREE:
        pair_free(p, e, thread);
        break;
    case SPOOL_REALLOC_OLD:
        p->c->threads[thread].pending = pick_up(p, e, thread);
        break;
    case SPOOL_REALLOC_NEW:
    case SPOOL_REALLOC_KEPT:
    case SPOOL_REALLOC_FREED:
        pair_realloc_end(p, e, thread);
        break;
    case SPOOL_SPAWN:
        pair_spawn(p, e);
        break;
    case SPOOL_SPAWN_VOID:
        pair_spawn_void(p, e);
        break;
    case SPOOL_START:
        pair_start(p, e, thread);
        break;
    case SPOOL_JOIN:
        pair_join(p, e, thread);
        break;
    case SPOOL_END:
        break;
    default:
        leave_out(e); /* the program wrote here */
    }
}

int convert_pair(struct convert *c, struct err *err)
{
    struct pairing p = {.c = c};
    struct merge m;
    int rc = merge_begin(&m, c->spool, err);
    if (rc < 0)
        return rc;
    c->n_threads = 1;
    c->threads[0].born = true;
    uint32_t thread;
    for (struct spool_event *e; !p.out_of_memory && (e = merge_next(&m, &thread));)
        pair_event(&p, e, thread);
    if (p.out_of_memory)
        rc = err_set(err, ENOMEM, "no memory to convert the recording");
    else
        c->totals.lost_events = merge_count_rest(&m) + atomic_load(&c->spool->header->lost_events);
    merge_release(&m);
    number_map_release(&p.addresses);
    number_map_release(&p.handles);
    free(p.free_numbers);
    return rc;
}
