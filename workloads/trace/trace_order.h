/*
 * The events of an epoch in one legal order, close to the recorded one: CLOCKs say how far the
 * whole program had come, between them a thread's events are spread evenly. A thread's events come
 * after its SPAWN, a TAKE after its GIVE, a JOIN after what the joined thread did. One thread at a
 * time.
 */
#pragma once

#include "trace_epoch.h"

typedef void trace_visit(void *context, const struct trace_event *event);

/* Scratch for an epoch of n_events. */
struct trace_order {
    uint32_t n_events;
    uint64_t *keys; /* by event: about its place in the order */
    uint32_t *next; /* by range: its next event */
    uint32_t *heap; /* ranges that can go on, the one whose next event comes first on top */
    uint32_t n_heap;
    uint32_t *takers;  /* by cell given here: the range that waits for it, or ORDER_... */
    uint32_t *joiners; /* by range: the range that waits for its end, or ORDER_NONE */
};

/* False when memory is out. */
bool trace_order_init(struct trace_order *o, uint32_t n_events);
void trace_order_release(struct trace_order *o);

/* Visits all events of an epoch that keeps the rules. NULL, or why there is no order. */
const char *trace_order_visit(struct trace_order *o, const struct trace_epoch *epoch,
                              trace_visit *visit, void *context);
