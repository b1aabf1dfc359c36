/*
 * The rules that the events of a trace keep from its beginning on, epoch by epoch, and the slots
 * that follow from them. Memory: live objects, two bits per hand-over, threads. One thread at a
 * time.
 */
#pragma once

#include "slots.h"
#include "trace_epoch.h"

/* A set of numbers from 0 on that grows. */
struct trace_bits {
    uint64_t *words;
    uint64_t n_words;
};

/* What lasts of a thread from epoch to epoch. */
struct trace_thread {
    struct slots slots;
    uint64_t position;    /* of its last CLOCK: events of all threads before it */
    uint64_t since_clock; /* its own events since */
    uint64_t ns;          /* of its last CLOCK */
};

struct trace_rules {
    struct trace_thread **threads; /* room for max_threads; NULL: no event yet */
    uint32_t max_threads;
    uint32_t n_threads; /* started so far, thread 0 included */
    uint64_t n_cells;   /* given so far */
    uint64_t n_events;  /* CLOCKs not counted */
    uint64_t duration_ns;
    struct trace_bits given, taken, started, joined;
    uint64_t counts[TRACE_KINDS]; /* records by kind */
};

/* False when memory is out. */
bool trace_rules_init(struct trace_rules *rules, uint32_t max_threads);
void trace_rules_release(struct trace_rules *rules);

/*
 * Checks the events of the next epoch, fills in the slots of objects that enter, and counts the
 * thread's own events in the positions of its CLOCKs, too. NULL, or the
 * rule that is broken. TRACE_RULES_MEMORY itself: no memory.
 */
const char *trace_rules_apply(struct trace_rules *rules, struct trace_epoch *epoch);
extern const char TRACE_RULES_MEMORY[];

bool trace_bits_has(const struct trace_bits *b, uint64_t i);
