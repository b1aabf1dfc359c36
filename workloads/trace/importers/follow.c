#include "follow.h"

#include <stdlib.h>
#include <string.h>

/* A live object. Its number is reused when it ends. */
struct follow_object {
    uint64_t
        made; /* which allocation it came from, or realloc; of a free number: the next free one */
    uint32_t thread; /* that made it */
};

struct follow_thread {
    uint64_t ns; /* of its last event; times do not go back */
    bool is_born, is_joined;
};

static const char no_memory[] = "no memory for its objects and threads";
static const char changed[] = "the file changed while it was read";

/* Room for item `n` in an array that doubles; false when memory is out. */
static bool reserve(void **array, uint32_t *room, uint32_t n, size_t each)
{
    if (n < *room)
        return true;
    uint32_t larger = *room ? 2 * *room : 1024;
    void *moved = larger > *room ? realloc(*array, larger * each) : NULL;
    if (!moved)
        return false;
    *array = moved;
    *room = larger;
    return true;
}

/* --- threads --- */

static const char *new_thread(struct follow *f, uint64_t id, uint32_t *number)
{
    if (f->n_threads >= TRACE_THREADS_MAX)
        return "more threads than a trace can have";
    if (f->is_second && f->n_threads == f->thread_limit)
        return changed;
    if (!reserve((void **)&f->threads, &f->thread_room, f->n_threads, sizeof(*f->threads)) ||
        !number_map_put(&f->ids, id + 1, f->n_threads))
        return no_memory;
    bool is_first = f->n_threads == 0;
    f->threads[f->n_threads] = (struct follow_thread){.is_born = is_first};
    f->n_born += is_first;
    *number = f->n_threads++;
    return NULL;
}

static const char *thread_of(struct follow *f, uint64_t id, uint32_t *number)
{
    *number = number_map_get(&f->ids, id + 1);
    return *number == NUMBER_MAP_NONE ? new_thread(f, id, number) : NULL;
}

/* The time in the thread, in ns since the first time there is. */
static uint64_t time_of(struct follow *f, uint32_t thread, const struct import_event *in)
{
    struct follow_thread *t = &f->threads[thread];
    uint64_t ns = in->ns;
    if (!in->has_ns)
        return t->ns;
    if (!f->format->threads_are_born) { /* else times are since the start already */
        if (!f->is_second && ns < f->first_ns)
            f->first_ns = ns;
        ns = ns > f->first_ns ? ns - f->first_ns : 0;
    }
    if (ns > t->ns)
        t->ns = ns;
    return t->ns;
}

/* --- which allocations another thread goes on with --- */

static const char *count_made(struct follow *f)
{
    if (f->n_made >= TRACE_EVENTS_MAX)
        return "more events than a trace can have";
    if (f->n_made >= f->made_room && !f->is_second) {
        uint64_t room = f->made_room ? 2 * f->made_room : 1u << 16;
        uint64_t *given = realloc(f->given, room / 8);
        if (!given)
            return no_memory;
        memset((char *)given + f->made_room / 8, 0, (room - f->made_room) / 8);
        f->given = given;
        f->made_room = room;
    }
    if (f->n_made >= f->made_room)
        return changed;
    f->n_made++;
    return NULL;
}

static bool is_given(const struct follow *f, uint64_t made)
{
    return f->given[made / 64] >> made % 64 & 1;
}

/* --- objects --- */

static const char *begin_object(struct follow *f, struct assemble_event *e)
{
    uint32_t number = f->free_object;
    if (number != 0) {
        number--;
        f->free_object = (uint32_t)f->objects[number].made;
    } else if (reserve((void **)&f->objects, &f->object_room, f->n_objects, sizeof(*f->objects))) {
        number = f->n_objects++;
    } else {
        return no_memory;
    }
    f->objects[number] = (struct follow_object){.made = f->n_made, .thread = e->thread};
    const char *why = count_made(f);
    if (!why && !number_map_put(&f->places, e->made, number))
        why = no_memory;
    e->given = !why && f->is_second && is_given(f, f->n_made - 1);
    return why;
}

/* The object there is used, and ended, by `thread`. False: nothing is known there. */
static bool end_object(struct follow *f, uint64_t place, uint32_t thread)
{
    uint32_t number = place ? number_map_remove(&f->places, place) : NUMBER_MAP_NONE;
    if (number == NUMBER_MAP_NONE)
        return false;
    struct follow_object *o = &f->objects[number];
    if (!f->is_second && o->thread != thread)
        f->given[o->made / 64] |= (uint64_t)1 << o->made % 64;
    o->made = f->free_object;
    f->free_object = number + 1;
    return true;
}

/* --- events --- */

struct step {
    struct follow *f;
    const struct import_event *in;
    struct assemble_event *out;
    unsigned n;              /* of out */
    struct assemble_event e; /* thread and time filled in */
};

static void note_birth(struct follow *f, uint32_t thread)
{
    f->n_born += !f->threads[thread].is_born;
    f->threads[thread].is_born = true;
}

/* `e` is to be in the trace. */
static void put(struct step *s, const struct assemble_event *e)
{
    note_birth(s->f, e->thread);
    if (e->kind == TRACE_SPAWN)
        note_birth(s->f, e->other);
    s->out[s->n++] = *e;
}

/* Where the new object is to be one still lives: its free was not seen. The thread that gets the place makes it. */
static void end_resident(struct step *s)
{
    if (!end_object(s->f, s->in->made, s->e.thread))
        return;
    s->f->counts.conflicts++;
    struct assemble_event e = s->e;
    e.kind = TRACE_FREE;
    e.token = s->in->made;
    put(s, &e);
}

static const char *follow_new(struct step *s)
{
    if (s->in->made == 0) {
        s->f->counts.failed++;
        return NULL;
    }
    if (s->in->bytes > TRACE_BYTES_MAX)
        return "an allocation of more than an address space holds";
    if (s->in->align_log2 > TRACE_ALIGN_LOG2_MAX)
        return "an alignment that no allocator can give";
    end_resident(s);
    s->e.made = s->in->made;
    s->e.bytes = s->in->bytes;
    s->e.align_log2 = s->in->align_log2;
    s->e.pages = s->in->has_pages ? s->in->pages : TRACE_PAGES_ALL;
    const char *why = begin_object(s->f, &s->e);
    if (!why)
        put(s, &s->e);
    return why;
}

static void follow_free(struct step *s)
{
    s->e.kind = TRACE_FREE;
    s->e.token = s->in->old;
    if (s->in->old == 0)
        s->f->counts.null_frees++;
    else if (end_object(s->f, s->in->old, s->e.thread))
        put(s, &s->e);
    else
        s->f->counts.unknown_frees++;
}

static const char *follow_realloc(struct step *s)
{
    if (s->in->made == 0) { /* of 0 bytes: a free; else it failed and the object stays */
        if (s->in->bytes == 0 && s->in->old != 0)
            follow_free(s);
        else
            s->f->counts.failed++;
        return NULL;
    }
    if (s->in->bytes > TRACE_BYTES_MAX)
        return "a realloc to more than an address space holds";
    if (end_object(s->f, s->in->old, s->e.thread)) {
        s->e.token = s->in->old;
    } else {
        s->e.kind = TRACE_REALLOC_IN;
        s->f->counts.unknown_reallocs += s->in->old != 0;
    }
    return follow_new(s);
}

static const char *follow_spawn(struct step *s)
{
    if (number_map_get(&s->f->ids, s->in->other + 1) != NUMBER_MAP_NONE)
        return "a thread is started that was there before";
    const char *why = new_thread(s->f, s->in->other, &s->e.other);
    if (!why)
        put(s, &s->e);
    return why;
}

static const char *follow_join(struct step *s)
{
    uint32_t child = number_map_get(&s->f->ids, s->in->other + 1);
    if (child == NUMBER_MAP_NONE || child == 0 || child == s->e.thread ||
        s->f->threads[child].is_joined)
        return "a join of a thread that cannot be joined here";
    s->f->threads[child].is_joined = true;
    s->e.other = child;
    put(s, &s->e);
    return NULL;
}

/*
 * Where births are not told, the first thread starts all others and so has no end, and a number that ended may come
 * back as another thread's.
 */
static void follow_end(struct step *s)
{
    if (!s->f->format->threads_are_born) {
        if (s->e.thread == 0)
            return;
        number_map_remove(&s->f->ids, s->in->thread + 1);
    }
    put(s, &s->e);
}

static const char *follow_kind(struct step *s)
{
    switch (s->in->kind) {
    case TRACE_FREE:
        follow_free(s);
        return NULL;
    case TRACE_REALLOC:
        return follow_realloc(s);
    case TRACE_SPAWN:
        return follow_spawn(s);
    case TRACE_JOIN:
        return follow_join(s);
    case TRACE_END:
        follow_end(s);
        return NULL;
    case TRACE_CLOCK:
        return NULL;
    default:
        return follow_new(s);
    }
}

const char *follow_event(struct follow *f, const struct import_event *in,
                         struct assemble_event out[FOLLOW_EVENTS_MAX], unsigned *n)
{
    struct step s = {.f = f, .in = in, .out = out, .e = {.kind = in->kind}};
    *n = 0;
    if (f->n_events++ == 0 && !f->is_second)
        f->first_ns = UINT64_MAX;
    const char *why = thread_of(f, in->thread, &s.e.thread);
    if (why)
        return why;
    if (f->threads[s.e.thread].is_joined)
        return "a thread goes on although it was joined";
    s.e.ns = time_of(f, s.e.thread, in);
    if (s.e.ns > TRACE_TIME_MAX && f->is_second)
        return "a time more than a hundred years after the first";
    why = follow_kind(&s);
    *n = s.n;
    return why;
}

void follow_again(struct follow *f)
{
    number_map_release(&f->ids);
    number_map_release(&f->places);
    f->is_second = true;
    f->thread_limit = f->n_threads;
    f->n_objects = f->n_threads = f->free_object = 0;
    f->n_born = 0;
    f->n_made = f->n_events = 0;
    f->counts = (struct import_counts){0};
}

void follow_release(struct follow *f)
{
    number_map_release(&f->ids);
    number_map_release(&f->places);
    free(f->objects);
    free(f->threads);
    free(f->given);
    *f = (struct follow){0};
}
