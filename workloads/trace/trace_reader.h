/*
 * Reads a trace and holds it to its format: every number is checked before it is used, and what is
 * wrong is told with its place. Memory grows with what the file really contains and is bounded by
 * one epoch, the live objects, two bits per hand-over, and the threads. One thread at a time.
 *
 * A file that ends early is opened as its complete chunks. What holds then, and only then:
 *  - the events are the program's first ones, in a legal order of the whole program;
 *  - n_threads of the header counts the threads that these events start; some may have no event,
 *    and threads may have no END and no JOIN;
 *  - a cell below n_cells is given once, and taken once or never (trace_reader_taken());
 *  - totals hold what follows from the events: not what the recorder lost or left out, and not how
 *    the program ended.
 */
#pragma once

#include "err.h"
#include "slots.h"
#include "trace.h"
#include "trace_order.h"

struct trace_reader;

enum trace_how {
    TRACE_WHOLE, /* a file that was cut off is an error */
    TRACE_ANY,
};

struct trace_cut {
    uint64_t used_bytes; /* of the file, to the end of its last complete chunk */
    uint64_t file_bytes;
    const char *inside; /* what the file ends inside or before: "a chunk", "its footer" */
};

/*
 * Opens; checks header, footer and the chain of chunks. A file that was cut off is read through
 * for its totals. 0 or a negative errno with *out NULL.
 */
int trace_reader_open(struct trace_reader **out, const char *path, enum trace_how how,
                      struct err *err) MUST_CHECK;
void trace_reader_free(struct trace_reader *r);

/* NULL for a whole file. */
const struct trace_cut *trace_reader_cut(const struct trace_reader *r);
const struct trace_header *trace_reader_header(const struct trace_reader *r);
const struct trace_totals *trace_reader_totals(const struct trace_reader *r);
/* Program and arguments; text_bytes of the header, the last of them 0. */
const char *trace_reader_text(const struct trace_reader *r);
uint64_t trace_reader_file_bytes(const struct trace_reader *r);

/*
 * Calls `visit` with every event, a thread's in their order, epoch by epoch and in it thread by
 * thread. `visit` may be NULL: only check. 0, or -EINVAL with the first broken rule: a slot that is
 * not in use, a cell given or taken twice or never, a thread started twice, counts unlike the
 * footer's. May be called again, and begins anew.
 */
int trace_reader_visit(struct trace_reader *r, trace_visit *visit, void *context,
                       struct err *err) MUST_CHECK;

/*
 * Likewise, in one legal order of the whole program, close to the recorded one: see trace_order.h.
 * -EINVAL also when there is none because threads wait for one another.
 */
int trace_reader_visit_ordered(struct trace_reader *r, trace_visit *visit, void *context,
                               struct err *err) MUST_CHECK;

/* The slots in use at the end of thread `t`, after a visit. NULL: none ever. */
const struct slots *trace_reader_slots(const struct trace_reader *r, uint32_t t);
/* Whether any thread joined thread `t`, likewise. */
bool trace_reader_joined(const struct trace_reader *r, uint32_t t);
/* Whether the object given into `cell` was taken, likewise. Always true for a whole file. */
bool trace_reader_taken(const struct trace_reader *r, uint64_t cell);
