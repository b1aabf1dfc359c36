/* A trace as a workload: what a recorded program did, as a plan for the worker. */
#pragma once

#include "plan.h"
#include "trace_info.h"

enum trace_plan_phase { TRACE_PHASE_RUN, TRACE_PHASE_DRAIN };

/* What holds a thread back besides the objects, threads and ends that it waits for. */
enum trace_pace {
    TRACE_PACE_NONE,
    TRACE_PACE_ORDER, /* the recorded order of all events, but for a window of them */
    TRACE_PACE_TIME,  /* the recorded times */
    TRACE_PACES
};

/*
 * The window: events of all threads, less than a millisecond of a program that allocates all the time;
 * of a short trace, one part of so many.
 */
#define TRACE_PACE_WINDOW 65536u
#define TRACE_PACE_PARTS  512u

#define TRACE_COPIES_MAX 1024u
#define TRACE_SCALE_MAX  1000u

struct trace_plan_options {
    enum trace_pace pace;
    uint64_t scale;     /* TRACE_PACE_TIME: of the times, in millionths */
    uint32_t copies;    /* of the program, side by side; 0: one */
    size_t mapped_most; /* longer plans are streamed from disk; 0: plan_memory_most() */
    uint64_t pause;     /* of cells, see cell_pool.h; 0: as there */
};

/*
 * The trace at `path` as a finished plan: in each copy one plan thread per recorded one, its thread
 * 0 a root. Where nothing paces it and it is short enough to be mapped, all of it is one body that
 * can be repeated: in phase DRAIN, which the recording did not have, the root joins the threads
 * that nobody joined and frees what was never freed. Of a trace that was cut off, what was given
 * and not taken before the end is taken then, too; what the root itself had given, by a thread that
 * was not recorded. On success *fd is the caller's to close and *plan the caller's to os_unmap
 * (plan->n_bytes). `options` and `info` may be NULL. 0 or a negative errno as from
 * trace_info_read() and plan_writer_finish().
 *
 * The trace is read twice. Memory: what the reader takes, objects that wait for another thread, and
 * some 128 KiB per thread.
 */
int trace_plan(const char *path, const struct trace_plan_options *options, int *fd,
               const struct plan **plan, struct trace_info *info, struct err *err) MUST_CHECK;
