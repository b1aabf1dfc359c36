/*
 * Writes a trace. Events come in one legal order of the whole program: an object is given before it
 * is taken, a thread is started before its first event and joined after its last. Threads and cells
 * are numbered in the order in which they are started and given, thread 0 is there from the
 * beginning. The writer knows the slots, so callers name objects only by what trace_writer_*
 * returned. The file appears under its name when trace_writer_finish() succeeds, and not at all
 * otherwise. Memory: an epoch, the live objects, the threads. One thread at a time. The first
 * failure is kept and told by trace_writer_finish().
 */
#pragma once

#include "err.h"
#include "trace.h"

struct trace_writer;

/*
 * `text`: program and arguments, each ended by a 0 byte. n_threads and start facts from `header`.
 */
struct trace_writer *trace_writer_new(const char *path, const struct trace_header *header,
                                      const char *text, int level, struct err *err);

/*
 * The time of the events that follow in thread `t`, nanoseconds since the start; never goes back. Kept in
 * multiples of 128.
 */
void trace_writer_time(struct trace_writer *w, uint32_t t, uint64_t ns);

/*
 * How many pages of 4 KiB were ever resident of what thread `t` allocates next, by an enter or a
 * realloc (there: of what it adds); of objects below TRACE_EXTENT_BYTES it is not kept.
 */
void trace_writer_pages(struct trace_writer *w, uint32_t t, uint32_t pages);

/* MALLOC, CALLOC, ALIGNED (with its alignment), REALLOC_IN: the slot that the object got. */
uint32_t trace_writer_enter(struct trace_writer *w, uint32_t t, enum trace_kind kind,
                            uint64_t bytes, unsigned align_log2);
void trace_writer_free_slot(struct trace_writer *w, uint32_t t, uint32_t slot);
void trace_writer_realloc(struct trace_writer *w, uint32_t t, uint32_t slot, uint64_t old_bytes,
                          uint64_t bytes);
/* The new cell that the object went into. */
uint32_t trace_writer_give(struct trace_writer *w, uint32_t t, uint32_t slot);
/* The slot that it got. */
uint32_t trace_writer_take(struct trace_writer *w, uint32_t t, uint32_t cell);
/* SPAWN, JOIN (of thread `other`), END. */
void trace_writer_thread(struct trace_writer *w, uint32_t t, enum trace_kind kind, uint32_t other);

/*
 * Completes the file: totals->n_events and n_cells are the writer's, all else the caller's. Frees
 * the writer. `file_bytes` may be NULL. 0 or a negative errno; then nothing was written.
 */
int trace_writer_finish(struct trace_writer *w, struct trace_totals *totals, uint64_t *file_bytes,
                        struct err *err) MUST_CHECK;
/* Gives up: frees the writer and leaves no file. NULL is allowed. */
void trace_writer_abandon(struct trace_writer *w);
