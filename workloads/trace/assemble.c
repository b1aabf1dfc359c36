#include "assemble.h"

#include <errno.h>
#include <stdlib.h>

#include "number_map.h"
#include "trace_writer.h"

#define NONE UINT32_MAX

/* A live object; its number is reused when it ends. */
struct object {
    uint32_t holder; /* that used it last; caller's numbers, as the next one */
    uint32_t maker;  /* that allocated or reallocated it last */
    uint32_t slot;   /* of the holder; of a free number: the next free one */
    uint32_t cell;   /* where it waits when the holder gave it away; else NONE */
    uint64_t bytes;
};

struct thread {
    uint32_t number; /* in the trace; NONE: not born yet */
    bool ended;
    bool joined;
};

struct assemble {
    struct trace_writer *writer;
    struct number_map tokens; /* of live objects: their numbers */
    struct object *objects;
    uint32_t n_objects, room, free_object;
    struct thread *threads;
    uint32_t thread_room, n_threads, n_born;
    uint64_t live_bytes, live_objects, alive;
    struct trace_totals totals;
    bool out_of_memory;
};

static void note_peak(uint64_t *peak, uint64_t now)
{
    if (now > *peak)
        *peak = now;
}

static void add_live(struct assemble *a, uint64_t bytes)
{
    a->live_bytes += bytes;
    a->live_objects++;
    a->totals.bytes += bytes;
    note_peak(&a->totals.peak_live_bytes, a->live_bytes);
    note_peak(&a->totals.peak_live_objects, a->live_objects);
}

static void remove_live(struct assemble *a, uint64_t bytes)
{
    a->live_bytes -= bytes;
    a->live_objects--;
}

static uint32_t number_of(const struct assemble *a, uint32_t thread)
{
    return a->threads[thread].number;
}

static bool grow(struct assemble *a)
{
    uint32_t room = a->room ? 2 * a->room : 4096;
    struct object *objects = room > a->room ? realloc(a->objects, room * sizeof(*objects)) : NULL;
    if (!objects)
        return false;
    a->objects = objects;
    a->room = room;
    return true;
}

/* A number for an object that begins; NULL when memory is out. */
static struct object *new_object(struct assemble *a, uint64_t token)
{
    uint32_t number = a->free_object;
    if (number != NONE)
        a->free_object = a->objects[number].slot;
    else if (a->n_objects < a->room || grow(a))
        number = a->n_objects++;
    if (number == NONE || !number_map_put(&a->tokens, token, number)) {
        a->out_of_memory = true;
        return NULL;
    }
    return &a->objects[number];
}

static void drop_object(struct assemble *a, uint32_t number)
{
    a->objects[number].cell = NONE;
    a->objects[number].slot = a->free_object;
    a->free_object = number;
}

/* `parent` starts `child`; once per thread. */
static void write_birth(struct assemble *a, uint32_t parent, uint32_t child)
{
    if (number_of(a, child) != NONE || a->n_born == a->n_threads)
        return;
    a->threads[child].number = a->n_born++;
    trace_writer_thread(a->writer, number_of(a, parent), TRACE_SPAWN, number_of(a, child));
    note_peak(&a->totals.most_threads, ++a->alive);
}

static void give_away(struct assemble *a, struct object *o)
{
    o->cell = trace_writer_give(a->writer, number_of(a, o->holder), o->slot);
}

/* The object begins in `slot`, or goes on there, as the event says. */
static void place(struct assemble *a, const struct assemble_event *e, struct object *o,
                  uint32_t slot)
{
    *o = (struct object){
        .holder = e->thread, .maker = e->thread, .slot = slot, .cell = NONE, .bytes = e->bytes};
    add_live(a, e->bytes);
    if (e->given && a->n_threads > 1)
        give_away(a, o);
}

/* `bytes`: what the event asks for; of a realloc, what it adds. */
static void write_pages(struct assemble *a, uint32_t thread, uint32_t pages, uint64_t bytes)
{
    uint64_t most = trace_pages_max(bytes);
    if (pages != TRACE_PAGES_ALL)
        trace_writer_pages(a->writer, number_of(a, thread), pages < most ? pages : (uint32_t)most);
}

static void write_new(struct assemble *a, const struct assemble_event *e, enum trace_kind kind)
{
    struct object *o = new_object(a, e->made);
    write_pages(a, e->thread, e->pages, e->bytes);
    if (o)
        place(
            a, e, o,
            trace_writer_enter(a->writer, number_of(a, e->thread), kind, e->bytes, e->align_log2));
}

/* Before its first use by another thread than its holder, the object comes over. */
static void fetch(struct assemble *a, struct object *o, uint32_t thread)
{
    if (o->cell == NONE && o->holder != thread)
        give_away(a, o);
    if (o->cell == NONE)
        return;
    o->slot = trace_writer_take(a->writer, number_of(a, thread), o->cell);
    o->cell = NONE;
    o->holder = thread;
}

/*
 * The object that the event ends, no longer known by its token, in the hands of the event's thread;
 * NONE: unknown, or given away and not the giver's to use.
 */
static uint32_t pick_up(struct assemble *a, const struct assemble_event *e)
{
    uint32_t number = number_map_get(&a->tokens, e->token);
    if (number == NUMBER_MAP_NONE)
        return NONE;
    struct object *o = &a->objects[number];
    if (o->cell != NONE && o->holder == e->thread)
        return NONE;
    number_map_remove(&a->tokens, e->token);
    fetch(a, o, e->thread);
    return number;
}

static void write_free(struct assemble *a, const struct assemble_event *e)
{
    uint32_t number = pick_up(a, e);
    if (number == NONE) {
        a->totals.unknown_frees++;
        return;
    }
    struct object *o = &a->objects[number];
    trace_writer_free_slot(a->writer, number_of(a, e->thread), o->slot);
    a->totals.remote_frees += o->maker != e->thread;
    remove_live(a, o->bytes);
    drop_object(a, number);
}

static void write_realloc(struct assemble *a, const struct assemble_event *e)
{
    uint32_t number = pick_up(a, e);
    if (number == NONE) {
        write_new(a, e, TRACE_REALLOC_IN);
        return;
    }
    struct object *o = &a->objects[number];
    if (e->bytes > o->bytes)
        write_pages(a, e->thread, e->pages, e->bytes - o->bytes);
    trace_writer_realloc(a->writer, number_of(a, e->thread), o->slot, o->bytes, e->bytes);
    remove_live(a, o->bytes);
    uint32_t slot = o->slot;
    drop_object(a, number);
    o = new_object(a, e->made);
    if (o)
        place(a, e, o, slot);
}

static void write_join(struct assemble *a, const struct assemble_event *e)
{
    struct thread *child = &a->threads[e->other];
    if (child->number == NONE || child->number == 0 || child->joined || e->other == e->thread)
        return;
    child->joined = true;
    trace_writer_thread(a->writer, number_of(a, e->thread), TRACE_JOIN, child->number);
}

static void write_end(struct assemble *a, const struct assemble_event *e)
{
    struct thread *t = &a->threads[e->thread];
    if (t->ended)
        return;
    t->ended = true;
    a->alive--;
    trace_writer_thread(a->writer, t->number, TRACE_END, 0);
}

void assemble_event(struct assemble *a, const struct assemble_event *e)
{
    note_peak(&a->totals.duration_ns, e->ns);
    if (number_of(a, e->thread) == NONE) {
        trace_writer_time(a->writer, 0, e->ns);
        write_birth(a, 0, e->thread);
    }
    if (number_of(a, e->thread) == NONE || a->threads[e->thread].joined)
        return; /* one thread more than there were to be, or it goes on behind its end */
    trace_writer_time(a->writer, number_of(a, e->thread), e->ns);
    switch (e->kind) {
    case TRACE_MALLOC:
    case TRACE_CALLOC:
    case TRACE_ALIGNED:
    case TRACE_REALLOC_IN:
        write_new(a, e, e->kind);
        break;
    case TRACE_FREE:
        write_free(a, e);
        break;
    case TRACE_REALLOC:
        write_realloc(a, e);
        break;
    case TRACE_SPAWN:
        write_birth(a, e->thread, e->other);
        break;
    case TRACE_JOIN:
        write_join(a, e);
        break;
    case TRACE_END:
        write_end(a, e);
        break;
    default:
        break;
    }
}

struct assemble *assemble_new(const char *path, const struct trace_header *header, const char *text,
                              uint32_t thread_room, int level, struct err *err)
{
    struct assemble *a = calloc(1, sizeof(*a));
    struct thread *threads = calloc(thread_room, sizeof(*threads));
    if (!a || !threads) {
        err_set(err, ENOMEM, "%s: no memory to write it", path);
        free(a);
        free(threads);
        return NULL;
    }
    *a = (struct assemble){.threads = threads,
                           .thread_room = thread_room,
                           .n_threads = header->n_threads,
                           .n_born = 1,
                           .alive = 1,
                           .free_object = NONE,
                           .totals = {.most_threads = 1}};
    for (uint32_t t = 1; t < thread_room; t++)
        threads[t].number = NONE;
    a->writer = trace_writer_new(path, header, text, level, err);
    if (a->writer)
        return a;
    assemble_abandon(a);
    return NULL;
}

/*
 * What a broken input promised and did not keep: objects given to a thread that never came for them,
 * and threads that were counted and never seen. False when there is no thread to take an object.
 */
static bool keep_promises(struct assemble *a)
{
    for (uint32_t t = 1; t < a->thread_room; t++)
        write_birth(a, 0, t);
    for (uint32_t i = 0; i < a->n_objects; i++) {
        uint32_t taker = 0;
        if (a->objects[i].cell == NONE)
            continue;
        while (taker < a->thread_room && (taker == a->objects[i].holder ||
                                          a->threads[taker].joined || number_of(a, taker) == NONE))
            taker++;
        if (taker == a->thread_room)
            return false;
        fetch(a, &a->objects[i], taker);
    }
    return true;
}

int assemble_finish(struct assemble *a, struct trace_totals *totals, struct err *err)
{
    int rc = 0;
    if (!keep_promises(a))
        rc = err_set(err, EINVAL,
                     "the recording is damaged: objects go to threads that are not there");
    if (a->out_of_memory)
        rc = err_set(err, ENOMEM, "no memory for the trace's live objects");
    a->totals.lost_events = totals->lost_events;
    a->totals.unknown_frees += totals->unknown_frees;
    a->totals.conflicts = totals->conflicts;
    a->totals.exit_how = totals->exit_how;
    a->totals.exit_value = totals->exit_value;
    *totals = a->totals;
    if (rc == 0) {
        rc = trace_writer_finish(a->writer, totals, NULL, err);
        a->writer = NULL;
    }
    assemble_abandon(a);
    return rc;
}

void assemble_abandon(struct assemble *a)
{
    if (!a)
        return;
    trace_writer_abandon(a->writer);
    number_map_release(&a->tokens);
    free(a->objects);
    free(a->threads);
    free(a);
}
