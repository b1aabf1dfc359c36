/*
 * Reads a trace and holds it to its format: every number is checked before it is used, memory grows
 * with what the file really contains, and what is wrong is told with its place. One thread at a
 * time.
 */
#pragma once

#include "err.h"
#include "slots.h"
#include "trace.h"

struct trace_reader;

struct trace_event {
    enum trace_kind kind;
    uint32_t thread;
    uint32_t slot;       /* where the object is, was, or comes to be */
    unsigned align_log2; /* ALIGNED */
    uint64_t bytes;      /* requested; CLOCK: nanoseconds since the thread's last CLOCK */
    uint64_t old_bytes;  /* REALLOC */
    uint32_t other;      /* cell, or thread of SPAWN and JOIN */
    uint32_t pages;
    uint64_t position;
};

/* Opens, checks header, footer and the chain of chunks. 0 or a negative errno with *out NULL. */
int trace_reader_open(struct trace_reader **out, const char *path, struct err *err) MUST_CHECK;
void trace_reader_free(struct trace_reader *r);

const struct trace_header *trace_reader_header(const struct trace_reader *r);
const struct trace_totals *trace_reader_totals(const struct trace_reader *r);
/* Program and arguments; text_bytes of the header, the last of them 0. */
const char *trace_reader_text(const struct trace_reader *r);
uint64_t trace_reader_file_bytes(const struct trace_reader *r);

/*
 * Calls `visit` with every event, a thread's in their order, threads interleaved as the file has
 * them. Once per reader. `visit` may be NULL: only check. 0, or -EINVAL with the first broken rule:
 * a slot that is not in use, a cell given or taken twice or never, a thread started twice, counts
 * unlike the footer's.
 */
int trace_reader_visit(struct trace_reader *r,
                       void (*visit)(void *context, const struct trace_event *event), void *context,
                       struct err *err) MUST_CHECK;

/* The slots in use at the end of thread `t`, after trace_reader_visit(). NULL: none ever. */
const struct slots *trace_reader_slots(const struct trace_reader *r, uint32_t t);
/* Whether any thread joined thread `t`, likewise. */
bool trace_reader_joined(const struct trace_reader *r, uint32_t t);
