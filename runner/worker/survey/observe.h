/*
 * The observed loop: what a survey executes in the place of the measured one. Each lane keeps, beside the
 * pointer of every live object, its requested and usable size and who made it, on the way through
 * cells too, and counts what is live. Before every word it asks whether all are to stand still.
 *
 * All memory is the worker's own, made before the baseline. A lane's part is written by its thread and read by
 * others while that stands still; counters may be read at any time.
 */
#pragma once

#include "lane.h"

/* A live object, or none. */
struct object {
    void *p; /* NULL: none */
    uint64_t bytes, usable;
    uint32_t maker; /* index of the lane that made it */
    uint32_t
        holder; /* of the lane that has it: that took it last, or made it; in a cell, that gave it */
};

/* Where a lane is; see still.h. */
enum stand {
    STAND_AWAY,  /* not born yet, or gone and joined */
    STAND_RUNS,  /* may be in the allocator */
    STAND_WAITS, /* for another lane, or for its first word; not in the allocator */
    STAND_STILL,
    STAND_ENDS, /* its words are done; its thread may still be leaving */
};

struct observed {
    _Alignas(NO_SHARING_BYTES) _Atomic uint32_t stand; /* the futex of who joins it */
    struct object *objects;                            /* by slot */
    _Atomic uint64_t words;                            /* executed */
    /* Made here less ended here: may be below 0, for others end what it made. */
    _Atomic int64_t live_bytes, live_objects;
    int64_t told_bytes; /* the part of them that is in the observer's sums */
    uint64_t told_words;
};

struct observer {
    struct worker *worker;
    struct observed *lanes;
    struct object *in_cells; /* by cell */
    bool knows_usable;       /* the subject has malloc_usable_size() */
    _Atomic uint32_t halt;   /* the futex of who stands still */
    /* Sums of the lanes, told whenever one has moved by so much. */
    uint64_t batch_words, batch_bytes;
    _Alignas(NO_SHARING_BYTES) _Atomic int64_t live_bytes;
    _Atomic uint64_t words;
    struct surveyor *surveyor;
    struct timed_lane *timed; /* by lane: see timing.h */
};

/* As many objects as can be live at once. */
size_t observer_objects(const struct plan *plan);

/* Bytes of memory, zeroed, that observer_init() divides up. */
size_t observer_bytes(const struct plan *plan);

/* Makes the worker's loop the observed one. `surveyor` learns of sums that have moved. */
void observer_init(struct worker *w, struct observer *o, void *memory, struct surveyor *surveyor);

static inline struct observed *observed_of(const struct lane *lane)
{
    return &lane->worker->observer->lanes[lane->index];
}

/* Waits until the words of all roots are done; then none of them is in the way of a joiner. */
void observer_await_roots(struct worker *w);

/* Calls `each` with every live object, in slots and in cells; all lanes stand still. */
void observer_each_object(const struct observer *o,
                          void (*each)(void *context, const struct object *object), void *context);
