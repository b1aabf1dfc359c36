#include "trace_live.h"

#include <stdlib.h>
#include <string.h>

/* The room of a list that is to hold number i. */
static uint32_t room_for(uint32_t room, uint32_t i)
{
    return i + 1 > 2 * room ? i + 1 : 2 * room;
}

static bool make_object(struct trace_live *live, uint32_t number)
{
    if (number < live->room)
        return true;
    uint32_t room = room_for(live->room, number);
    struct trace_live_object *objects = realloc(live->objects, room * sizeof(*objects));
    if (!objects)
        return false;
    live->objects = objects;
    live->room = room;
    return true;
}

static bool make_slot(struct trace_live_thread *t, uint32_t slot)
{
    if (slot < t->room)
        return true;
    uint32_t room = room_for(t->room, slot);
    uint32_t *numbers = realloc(t->numbers, room * sizeof(*numbers));
    if (!numbers)
        return false;
    t->numbers = numbers;
    t->room = room;
    return true;
}

static bool make_thread(struct trace_live *live, uint32_t thread)
{
    if (thread < live->n_threads)
        return true;
    uint32_t n = room_for(live->n_threads, thread);
    struct trace_live_thread *threads = realloc(live->threads, n * sizeof(*threads));
    if (!threads)
        return false;
    memset(threads + live->n_threads, 0, (n - live->n_threads) * sizeof(*threads));
    live->threads = threads;
    live->n_threads = n;
    return true;
}

static void note_peak(uint64_t *peak, uint64_t now)
{
    if (now > *peak)
        *peak = now;
}

static void add_bytes(struct trace_live *live, uint64_t bytes)
{
    live->requested += bytes;
    live->bytes += bytes;
    note_peak(&live->peak_bytes, live->bytes);
}

static bool allocate(struct trace_live *live, struct trace_live_thread *t,
                     const struct trace_event *e)
{
    uint32_t number = slots_enter(&live->numbers);
    if (number == SLOTS_NONE || !make_object(live, number) || !make_slot(t, e->slot))
        return false;
    t->numbers[e->slot] = number;
    live->objects[number] = (struct trace_live_object){e->bytes, e->thread};
    note_peak(&live->peak_objects, ++live->n_objects);
    add_bytes(live, e->bytes);
    return true;
}

static void drop(struct trace_live *live, uint32_t number, const struct trace_event *e)
{
    const struct trace_live_object *o = &live->objects[number];
    live->bytes -= o->bytes;
    live->n_objects--;
    live->remote_frees += o->maker != e->thread;
    slots_leave(&live->numbers, number);
}

static void resize(struct trace_live *live, uint32_t number, const struct trace_event *e)
{
    live->bytes -= live->objects[number].bytes;
    live->objects[number] = (struct trace_live_object){e->bytes, e->thread};
    add_bytes(live, e->bytes);
}

static bool take(struct trace_live *live, struct trace_live_thread *t, const struct trace_event *e)
{
    uint32_t number = number_map_remove(&live->cells, (uint64_t)e->other + 1);
    if (!make_slot(t, e->slot))
        return false;
    t->numbers[e->slot] = number;
    return true;
}

/* A thread may end twice: its END, and the JOIN of one that has none. */
static void end(struct trace_live *live, uint32_t thread)
{
    if (!make_thread(live, thread))
        live->failed = true;
    else if (!live->threads[thread].ended)
        live->n_alive--;
    if (!live->failed)
        live->threads[thread].ended = true;
}

static bool follow(struct trace_live *live, const struct trace_event *e)
{
    if (!make_thread(live, e->thread))
        return false;
    struct trace_live_thread *t = &live->threads[e->thread];
    switch (e->kind) {
    case TRACE_FREE:
        drop(live, t->numbers[e->slot], e);
        return true;
    case TRACE_REALLOC:
        resize(live, t->numbers[e->slot], e);
        return true;
    case TRACE_GIVE:
        return number_map_put(&live->cells, (uint64_t)e->other + 1, t->numbers[e->slot]);
    case TRACE_TAKE:
        return take(live, t, e);
    case TRACE_SPAWN:
        note_peak(&live->most_alive, ++live->n_alive);
        return true;
    case TRACE_END:
        end(live, e->thread);
        return true;
    case TRACE_JOIN:
        end(live, e->other);
        return true;
    default:
        return !trace_kind_enters(e->kind) || allocate(live, t, e);
    }
}

void trace_live_event(struct trace_live *live, const struct trace_event *e)
{
    if (live->most_alive == 0)
        live->n_alive = live->most_alive = 1;
    if (!live->failed && !follow(live, e))
        live->failed = true;
}

void trace_live_release(struct trace_live *live)
{
    for (uint32_t t = 0; t < live->n_threads; t++)
        free(live->threads[t].numbers);
    free(live->threads);
    free(live->objects);
    slots_release(&live->numbers);
    number_map_release(&live->cells);
    *live = (struct trace_live){0};
}
