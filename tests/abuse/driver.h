/*
 * A seeded random program: it makes, resizes and frees objects and writes to both ends of each. It looks at
 * every pointer that it is given, and ends the process with a status of its own when one lies where no memory of
 * the allocator's is. One thread.
 */
#pragma once

#include "arena.h"
#include "rng.h"

#define N_SLOTS 128u
#define N_FREED 64u

/* Statuses of a process besides 0. */
enum {
    ABUSE_OUTSIDE = 70,    /* a pointer outside the heap */
    ABUSE_BEYOND = 71,     /* an object that reaches out of it */
    ABUSE_MISALIGNED = 72, /* an object at an address that no object can have */
    ABUSE_IMPOSSIBLE = 77, /* the form of abuse had nothing to work on */
};

struct slot {
    char *p;
    size_t bytes;
};

struct driver {
    struct rng rng;
    struct slot slots[N_SLOTS];
    void *freed[N_FREED]; /* freed last and, as far as is known, not given out since; NULL: none */
    unsigned n_freed;     /* so far */
    /* An object may reach out of the heap: its size was what was abused. */
    bool sizes_may_lie;
};

void drive(struct driver *d, unsigned n_ops);

/* Frees a live object, and nothing is made. */
void driver_drop(struct driver *d, struct slot *s);

/* A slot with a live object in an arena, or one of at most `most` bytes; NULL: none. */
struct slot *driver_live(struct driver *d, size_t most);

/* An object that was freed and not given out since, in memory of an arena; NULL: none. */
void *driver_freed(struct driver *d);
