#include "trace_order.h"

#include <stdlib.h>
#include <string.h>

#define ORDER_NONE  UINT32_MAX
#define ORDER_GIVEN (UINT32_MAX - 1)

/* A thread whose last CLOCK is older than this many events of others writes a new one. */
#define SPREAD_MAX 4096u

bool trace_order_init(struct trace_order *o, uint32_t n_events)
{
    const size_t n = (size_t)n_events + 1;
    *o = (struct trace_order){
        .n_events = n_events,
        .keys = malloc(n * sizeof(*o->keys)),
        .next = malloc(n * sizeof(*o->next)),
        .heap = malloc(n * sizeof(*o->heap)),
        .takers = malloc(n * sizeof(*o->takers)),
        .joiners = malloc(n * sizeof(*o->joiners)),
    };
    return o->keys && o->next && o->heap && o->takers && o->joiners;
}

void trace_order_release(struct trace_order *o)
{
    free(o->keys);
    free(o->next);
    free(o->heap);
    free(o->takers);
    free(o->joiners);
    *o = (struct trace_order){0};
}

/* The events from `begin` to the next CLOCK or the end; that CLOCK's place. */
static uint32_t find_clock(const struct trace_epoch *epoch, const struct trace_range *r,
                           uint32_t begin, uint64_t position, uint64_t *until)
{
    uint32_t i = begin;
    while (i < r->end && epoch->events[i].kind != TRACE_CLOCK)
        i++;
    *until = i < r->end ? position + epoch->events[i].position : position;
    return i;
}

/* Each event as far behind the last CLOCK as its share of the way to the next one. */
static void set_keys(struct trace_order *o, const struct trace_epoch *epoch,
                     const struct trace_range *r)
{
    uint64_t position = r->position, behind = r->since_clock;
    for (uint32_t i = r->begin; i < r->end; i++) {
        uint64_t until;
        uint32_t end = find_clock(epoch, r, i, position, &until);
        uint64_t n = behind + (end - i), way = until - position;
        way = way < n + SPREAD_MAX ? way : n + SPREAD_MAX;
        way = way > n ? way : n;
        for (; i < end; i++, behind++)
            o->keys[i] = position + (n ? behind * way / n : 0);
        if (end < r->end) {
            o->keys[end] = position = until;
            behind = 0;
        }
    }
}

static uint64_t key_of(const struct trace_order *o, uint32_t range)
{
    return o->keys[o->next[range]];
}

static void push(struct trace_order *o, uint32_t range)
{
    uint32_t i = o->n_heap++;
    for (; i > 0 && key_of(o, o->heap[(i - 1) / 2]) > key_of(o, range); i = (i - 1) / 2)
        o->heap[i] = o->heap[(i - 1) / 2];
    o->heap[i] = range;
}

static uint32_t pop(struct trace_order *o)
{
    uint32_t top = o->heap[0], last = o->heap[--o->n_heap], i = 0;
    for (uint32_t child; (child = 2 * i + 1) < o->n_heap; i = child) {
        if (child + 1 < o->n_heap && key_of(o, o->heap[child + 1]) < key_of(o, o->heap[child]))
            child++;
        if (key_of(o, o->heap[child]) >= key_of(o, last))
            break;
        o->heap[i] = o->heap[child];
    }
    o->heap[i] = last;
    return top;
}

/* The range of a thread; ORDER_NONE when it has no event in the epoch. */
static uint32_t range_of(const struct trace_epoch *epoch, uint32_t thread)
{
    uint32_t low = 0, high = epoch->n_ranges;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (epoch->ranges[middle].thread < thread)
            low = middle + 1;
        else
            high = middle;
    }
    return low < epoch->n_ranges && epoch->ranges[low].thread == thread ? low : ORDER_NONE;
}

/* Threads that are started in the epoch wait for that; the others begin. */
static void prepare(struct trace_order *o, const struct trace_epoch *epoch)
{
    o->n_heap = 0;
    memset(o->takers, 0xff, o->n_events * sizeof(*o->takers));
    memset(o->joiners, 0xff, epoch->n_ranges * sizeof(*o->joiners));
    for (uint32_t k = 0; k < epoch->n_ranges; k++) {
        o->next[k] = epoch->ranges[k].begin;
        set_keys(o, epoch, &epoch->ranges[k]);
        if (epoch->ranges[k].thread < epoch->first_thread)
            push(o, k);
    }
}

/* Whether the event must wait; whoever it waits for then wakes the range. */
static bool waits(struct trace_order *o, const struct trace_epoch *epoch, uint32_t range,
                  const struct trace_event *e)
{
    if (e->kind == TRACE_TAKE && e->other >= epoch->first_cell) {
        uint32_t *taker = &o->takers[e->other - epoch->first_cell];
        if (*taker == ORDER_GIVEN)
            return false;
        *taker = range;
        return true;
    }
    if (e->kind != TRACE_JOIN)
        return false;
    uint32_t other = range_of(epoch, e->other);
    if (other == ORDER_NONE || o->next[other] == epoch->ranges[other].end)
        return false;
    o->joiners[other] = range;
    return true;
}

static void wake(struct trace_order *o, const struct trace_epoch *epoch,
                 const struct trace_event *e)
{
    uint32_t range = ORDER_NONE;
    if (e->kind == TRACE_GIVE) {
        uint32_t *taker = &o->takers[e->other - epoch->first_cell];
        range = *taker;
        *taker = ORDER_GIVEN;
    } else if (e->kind == TRACE_SPAWN) {
        range = range_of(epoch, e->other);
    }
    if (range != ORDER_NONE)
        push(o, range);
}

/* Events of one range until another's turn comes, it must wait, or it is through. */
static uint32_t go_on(struct trace_order *o, const struct trace_epoch *epoch, uint32_t range,
                      trace_visit *visit, void *context)
{
    uint32_t n = 0, end = epoch->ranges[range].end;
    while (o->next[range] < end) {
        const struct trace_event *e = &epoch->events[o->next[range]];
        if (o->n_heap > 0 && key_of(o, o->heap[0]) < key_of(o, range)) {
            push(o, range);
            return n;
        }
        if (waits(o, epoch, range, e))
            return n;
        visit(context, e);
        o->next[range]++;
        n++;
        wake(o, epoch, e);
    }
    if (o->joiners[range] != ORDER_NONE)
        push(o, o->joiners[range]);
    return n;
}

const char *trace_order_visit(struct trace_order *o, const struct trace_epoch *epoch,
                              trace_visit *visit, void *context)
{
    uint32_t n = 0;
    prepare(o, epoch);
    while (o->n_heap > 0)
        n += go_on(o, epoch, pop(o), visit, context);
    return n == epoch->n_events ? NULL : "its threads wait for one another";
}
