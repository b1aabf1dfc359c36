/*
 * What stands in the frame of a chunk: the events of an epoch as a table of threads and their
 * columns, and back. Only the layout is known here; which slots, cells and threads make sense is
 * the business of trace_rules.h. Any thread.
 */
#pragma once

#include "trace.h"

/* The events of one thread in an epoch. */
struct trace_range {
    uint32_t thread;
    uint32_t begin, end; /* in the array of events */
    uint32_t n_records;  /* as the file counts them: an EXTENT is one of its own */
    uint32_t column_bytes[TRACE_COLUMNS];
    /* By trace_rules_apply(), before its first event: the thread's last CLOCK, events since. */
    uint64_t position, since_clock;
};

/* As in the file, the position of a CLOCK here counts the events of other threads alone. */
struct trace_epoch {
    struct trace_event *events; /* by thread, each thread's in their order */
    struct trace_range *ranges; /* by number of the thread, upwards; none is empty */
    uint32_t n_events, n_ranges;
    uint32_t first_cell;   /* cells given in the chunks before */
    uint32_t first_thread; /* threads started before; by trace_rules_apply() */
};

/* Room for `n` events of as many threads. False when memory is out. */
bool trace_epoch_init(struct trace_epoch *e, uint32_t n);
void trace_epoch_release(struct trace_epoch *e);

/* How many records of the file this event is: with an EXTENT 2. */
uint32_t trace_event_records(const struct trace_event *e);

/*
 * Packs the epoch into `raw`, which has room for TRACE_CHUNK_RAW_BYTES, and returns the bytes used.
 * Fills in what the ranges say of records and columns.
 */
size_t trace_epoch_encode(struct trace_epoch *e, uint8_t *raw);

/*
 * Unpacks `n_raw` bytes that claim to hold `n_records` records (at most TRACE_CHUNK_EVENTS), with
 * the slots of objects that enter left 0. `e->first_cell` must be set. NULL, or what is
 * wrong with them.
 */
const char *trace_epoch_decode(struct trace_epoch *e, const uint8_t *raw, size_t n_raw,
                               uint32_t n_records);
