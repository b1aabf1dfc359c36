/*
 * A plan executed by its words alone: objects are sizes, threads take turns. What plan_check() and
 * plan_profile_make() have in common, and what goes through the objects of a plan.
 *
 * Because a cell has one giver and one taker, every order of turns leads to the same end (Kahn
 * 1974), so one order proves that all of them end. The order chosen lets all roots come to their
 * bodies, then all to the ends of these, then all to their own: a body that is left as it was found
 * can then be repeated, by all together and so in any order.
 *
 * One thread at a time. Memory (by mmap): 25 bytes per slot, 40 per cell.
 */
#pragma once

#include "plan.h"

enum plan_part { PLAN_PART_BEFORE, PLAN_PART_BODY, PLAN_PART_AFTER, PLAN_PARTS };
enum plan_life { PLAN_LIFE_UNBORN, PLAN_LIFE_ALIVE, PLAN_LIFE_ENDED, PLAN_LIFE_JOINED };

struct plan_object {
    uint64_t bytes;
    uint64_t born; /* calls of all threads before the one that made it */
    uint32_t maker;
    uint32_t full;
};

struct plan_cell {
    struct plan_object object;
    uint32_t giver, taker; /* PLAN_NO_THREAD until seen */
    uint32_t full_before;  /* when the bodies began */
    uint32_t reserved;
};

struct plan_actor {
    struct plan_object *slots;
    uint8_t *at_begin; /* one byte a slot: full when the body began; NULL without a body */
    uint64_t pc;
    enum plan_life life;
    enum plan_part born_in; /* the part of the root that started it, directly or not */
    bool queued, parked;    /* parked: a root that waits for the others at an end of its body */
    uint32_t joiner;        /* who waits for its end */
    uint32_t group;
    uint32_t seat;
    struct plan_count counts[PLAN_PARTS]; /* by where in its sequence the thread is */
    uint64_t
        net_bytes; /* what it allocated less what it freed, modulo 2^64: a thread may free others' */
    /* of the prefixes seen, for the next allocation */
    uint64_t size_high, alignment;
    unsigned prefixed; /* how many */
    uint64_t pace;     /* the last value */
    uint64_t let_go;   /* words before it are no longer mapped */
};

struct plan_execution {
    const struct plan *plan;
    struct plan_actor *actors;
    struct plan_cell *cells;
    uint32_t *queue; /* a ring of n_threads runnable threads */
    uint32_t queue_head, queue_n;
    uint32_t turn;            /* words that a thread executes before the next; may be changed */
    enum plan_part stage;     /* which part the roots may execute */
    uint8_t *seats;           /* taken or not */
    uint32_t first_free_seat; /* none below is free */
    uint32_t n_seats, n_roots, n_phases;
    uint64_t live_bytes, live_objects, alive;
    struct plan_facts facts;
    /* Called when a thread stands behind a whole call or another word; NULL: not. */
    void (*mark)(struct plan_execution *x, uint32_t t);
    /* Called when thread t has made an object, and before it ends one; NULL: not. */
    void (*begins)(struct plan_execution *x, uint32_t t, const struct plan_object *o);
    void (*ends)(struct plan_execution *x, uint32_t t, const struct plan_object *o);
    void *context; /* of these three */
    struct err *err;
};

/* Roots stand at their beginnings. `plan` has passed plan_check_layout(). 0 or -ENOMEM. Release in any case. */
int plan_execution_start(struct plan_execution *x, const struct plan *plan,
                         struct err *err) MUST_CHECK;
void plan_execution_release(struct plan_execution *x);

/* All threads as far as the part lets them come. 0, or -EINVAL with the broken law in x->err. */
int plan_execution_run(struct plan_execution *x, enum plan_part part) MUST_CHECK;

/* Behind the bodies: takes their roots back to the beginnings, to do them once more. */
void plan_execution_rewind(struct plan_execution *x);

/* Writes the sentence, with the thread and where it stands before it, into x->err; -EINVAL. */
int plan_execution_broken(struct plan_execution *x, uint32_t t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The name of the group of threads that wait for each other, directly or not: one of them. */
uint32_t plan_execution_group(struct plan_execution *x, uint32_t t);
