/*
 * Follows objects and threads through an import, twice over the same events: the first time it counts threads and
 * finds out after which allocations another thread goes on with the object, the second time it tells. Memory: live
 * objects, threads, and one bit for each allocation. Within workloads/trace/importers/.
 */
#pragma once

#include "assemble.h"
#include "format.h"
#include "import.h"
#include "number_map.h"

struct follow {
    const struct import_format *format;
    bool is_second;           /* pass; set by follow_again() */
    struct number_map ids;    /* threads by id + 1: their numbers */
    struct number_map places; /* of live objects: their numbers */
    struct follow_object *objects;
    uint32_t n_objects, object_room, free_object;
    struct follow_thread *threads;
    uint32_t n_threads, thread_room;
    uint32_t n_born;       /* threads in an event that is not left out; the first always counts */
    uint32_t thread_limit; /* second pass: as many as the first saw */
    uint64_t *given;       /* bits by allocation, in order */
    uint64_t n_made, made_room;
    uint64_t first_ns;
    struct import_counts counts;
    uint64_t n_events;
};

enum { FOLLOW_EVENTS_MAX = 2 };

/*
 * The next event of the input, and what it comes to: *n events for assemble_event(), none where it is left out.
 * NULL, or what is wrong with it.
 */
const char *follow_event(struct follow *f, const struct import_event *in,
                         struct assemble_event out[FOLLOW_EVENTS_MAX], unsigned *n);

/* Begins the second pass. */
void follow_again(struct follow *f);
void follow_release(struct follow *f);
