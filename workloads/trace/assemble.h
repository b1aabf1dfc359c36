/*
 * From events in one legal order, with objects named by tokens, to a trace: who holds which object in
 * which slot, hand-overs between threads, births, live bytes and peaks. For the recorder's converter
 * and the importers. One thread at a time.
 *
 * A token names an object from the event that made it to the one event that ends it: a free, or a
 * realloc, which makes another one. Tokens are any numbers but 0 that no other living object has.
 */
#pragma once

#include "err.h"
#include "trace.h"

struct assemble;

struct assemble_event {
    enum trace_kind kind; /* MALLOC, CALLOC, ALIGNED, REALLOC_IN, FREE, REALLOC, SPAWN, JOIN, END */
    uint32_t thread;      /* a number of the caller's, below `thread_room` */
    uint32_t other;       /* SPAWN, JOIN: likewise */
    uint64_t token;       /* FREE, REALLOC: which object */
    uint64_t made;        /* allocations, REALLOC: the object that begins */
    bool given;           /* `made` is used next by another thread than this one */
    uint64_t bytes;       /* allocations, REALLOC */
    unsigned align_log2;  /* ALIGNED */
    uint32_t pages; /* allocations, REALLOC: as for trace_writer_pages(); or TRACE_PAGES_ALL */
    uint64_t ns;    /* since the start; a thread's never goes back */
};

/*
 * A trace at `path`. header->n_threads is the number of threads that will be seen, thread 0 always
 * among them: in an event of their own or started. Texts as for trace_writer_new(). NULL with `err`
 * filled on failure.
 */
struct assemble *assemble_new(const char *path, const struct trace_header *header, const char *text,
                              uint32_t thread_room, int level, struct err *err);

/*
 * The next event. A thread that was not started is, by thread 0, before its first event; a second
 * start, and a join of a thread that does not live or of the joining one, are left out. A free of an
 * unknown token is counted and left out; a realloc of one is a realloc of NULL. An object that
 * another thread uses although it was not `given` is given away where its holder stands. Nothing of a
 * thread counts behind its join.
 */
void assemble_event(struct assemble *a, const struct assemble_event *event);

/*
 * Completes the file and frees `a`. On entry *totals holds what the caller counted (lost_events,
 * unknown_frees, conflicts) and how the program ended, afterwards all. 0 or a negative errno; then there is no file.
 */
int assemble_finish(struct assemble *a, struct trace_totals *totals, struct err *err) MUST_CHECK;
/* Gives up: frees `a` and leaves no file. NULL is allowed. */
void assemble_abandon(struct assemble *a);
