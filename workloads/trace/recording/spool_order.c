#include "spool_order.h"

#include <errno.h>
#include <stdlib.h>

struct order_thread {
    struct spool_cursor cursor;
    struct spool_event next; /* valid when `has` */
    uint64_t key;            /* in the heap; not above the stamp of `next` */
    uint64_t made;           /* the token behind those of the events that were given out */
    bool has, ended;
    bool born; /* its birth was given out */
    bool on_stack;
};

static bool peek(struct spool_order *o, uint32_t thread)
{
    struct order_thread *t = &o->threads[thread];
    if (!t->has && !t->ended) {
        t->has = o->survey->threads[thread].first && spool_cursor_next(&t->cursor, &t->next);
        t->ended = !t->has;
    }
    return t->has;
}

static bool is_before(const struct spool_order *o, uint32_t a, uint32_t b)
{
    uint64_t x = o->threads[a].key, y = o->threads[b].key;
    return x != y ? x < y : a < b;
}

static void sift_down(struct spool_order *o, uint32_t i)
{
    uint32_t moved = o->heap[i];
    for (uint32_t child; (child = 2 * i + 1) < o->n_heap; i = child) {
        if (child + 1 < o->n_heap && is_before(o, o->heap[child + 1], o->heap[child]))
            child++;
        if (!is_before(o, o->heap[child], moved))
            break;
        o->heap[i] = o->heap[child];
    }
    o->heap[i] = moved;
}

int spool_order_begin(struct spool_order *o, const struct spool_survey *survey, uint64_t step,
                      struct err *err)
{
    *o = (struct spool_order){.survey = survey};
    o->threads = calloc(survey->n_threads, sizeof(*o->threads));
    o->heap = calloc(survey->n_threads, sizeof(*o->heap));
    o->stack = calloc((size_t)survey->n_threads + 1, sizeof(*o->stack));
    if (!o->threads || !o->heap || !o->stack)
        return err_set(err, ENOMEM, "no memory to convert the recording");
    for (uint32_t t = 0; t < survey->n_threads; t++) {
        struct order_thread *thread = &o->threads[t];
        thread->made = spool_first_token(survey->spool->first_thread + t);
        if (survey->threads[t].first)
            thread->cursor = spool_cursor_at(survey->spool, survey->threads[t].first, step);
        if (!peek(o, t))
            continue;
        thread->key = thread->next.stamp;
        o->heap[o->n_heap++] = t;
    }
    for (uint32_t i = o->n_heap / 2; i-- > 0;)
        sift_down(o, i);
    return 0;
}

/* The thread with the earliest next event; SPOOL_NO_THREAD when there is none. */
static uint32_t earliest(struct spool_order *o)
{
    while (o->n_heap > 0) {
        uint32_t thread = o->heap[0];
        struct order_thread *t = &o->threads[thread];
        if (!peek(o, thread))
            o->heap[0] = o->heap[--o->n_heap];
        else if (t->key == t->next.stamp)
            return thread;
        else
            t->key = t->next.stamp;
        if (o->n_heap > 0)
            sift_down(o, 0);
    }
    return SPOOL_NO_THREAD;
}

/* What the next event of `thread` waits for; SPOOL_NO_THREAD: nothing that will come. */
static uint32_t awaited(struct spool_order *o, uint32_t thread)
{
    const struct order_thread *t = &o->threads[thread];
    uint32_t other = o->survey->threads[thread].spawner;
    if (!t->born && other != SPOOL_NO_THREAD && peek(o, other))
        return other;
    switch (t->next.kind) {
    case SPOOL_FREE:
    case SPOOL_REALLOC:
    case SPOOL_RESIDENT_LIVE:
        other = spool_survey_maker(o->survey, t->next.token);
        if (other == SPOOL_NO_THREAD || o->threads[other].made > t->next.token)
            return SPOOL_NO_THREAD;
        break;
    case SPOOL_JOIN:
        if (t->next.number == SPOOL_NO_THREAD)
            return SPOOL_NO_THREAD;
        other = t->next.number - o->survey->spool->first_thread;
        break;
    default:
        return SPOOL_NO_THREAD;
    }
    return other != thread && peek(o, other) ? other : SPOOL_NO_THREAD;
}

static void push(struct spool_order *o, uint32_t thread)
{
    o->threads[thread].on_stack = true;
    o->stack[o->n_stack++] = thread;
}

/* Takes from the stack what nobody waits for any more. */
static void settle(struct spool_order *o)
{
    while (o->n_stack > 0) {
        uint32_t top = o->stack[o->n_stack - 1];
        if (o->n_stack > 1 && awaited(o, o->stack[o->n_stack - 2]) == top)
            return;
        o->threads[top].on_stack = false;
        o->n_stack--;
    }
}

static void take(struct spool_order *o, uint32_t thread, struct spool_event *event)
{
    struct order_thread *t = &o->threads[thread];
    *event = t->next;
    t->has = false;
    if (event->made != 0)
        t->made = event->made + 1;
    if (event->kind == SPOOL_SPAWN && event->number != SPOOL_NO_THREAD)
        o->threads[event->number - o->survey->spool->first_thread].born = true;
}

bool spool_order_next(struct spool_order *o, struct spool_event *event, uint32_t *thread)
{
    if (o->n_stack == 0) {
        uint32_t first = earliest(o);
        if (first == SPOOL_NO_THREAD || o->threads[first].next.stamp >= o->survey->end_stamp)
            return false;
        push(o, first);
    }
    for (;;) {
        *thread = o->stack[o->n_stack - 1];
        uint32_t other = awaited(o, *thread);
        if (other == SPOOL_NO_THREAD || o->threads[other].on_stack)
            break; /* in a circle, which no program makes, the first one goes on */
        push(o, other);
    }
    take(o, *thread, event);
    settle(o);
    return true;
}

void spool_order_release(struct spool_order *o)
{
    free(o->threads);
    free(o->heap);
    free(o->stack);
    *o = (struct spool_order){0};
}
