/*
 * The live objects of a trace while its events pass in a legal order: their bytes, their number and
 * who made them. Memory: threads and live objects. One thread at a time.
 */
#pragma once

#include "number_map.h"
#include "slots.h"
#include "trace.h"

struct trace_live_object {
    uint64_t bytes;
    uint32_t maker;
};

struct trace_live_thread {
    uint32_t *numbers; /* of objects, by slot */
    uint32_t room;
    bool ended;
};

/* Zero is a valid beginning. */
struct trace_live {
    struct slots numbers; /* of objects in use */
    struct trace_live_object *objects;
    uint32_t room;
    struct trace_live_thread *threads;
    uint32_t n_threads;
    struct number_map cells; /* from cell + 1 to the number of the object on its way */
    bool failed;             /* memory was out: what follows is not to be trusted */

    uint64_t bytes, n_objects; /* now */
    uint64_t peak_bytes, peak_objects;
    uint64_t requested; /* summed over all allocations */
    uint64_t remote_frees;
    uint64_t n_alive, most_alive; /* threads */
};

void trace_live_event(struct trace_live *live, const struct trace_event *e);
void trace_live_release(struct trace_live *live);
