/* What a trace holds, for people and for choosing workloads. Any thread; nothing is kept. */
#pragma once

#include "err.h"
#include "trace.h"

#define TRACE_COMMAND_BYTES 1024

#define TRACE_SIZE_CLASSES 48 /* by power of two: 0 and 1, 2 and 3, 4 to 7, ... */

struct trace_sizes {
    uint64_t allocations, bytes;
};

struct trace_info {
    char command[TRACE_COMMAND_BYTES]; /* program and arguments, a blank between; cut when longer */
    char program[128];                 /* the program's name without its folders */
    char system[88];                   /* kernel and machine it was recorded on */
    char cpu[64], allocator[64];       /* model of the processor, what the program ran on; or "" */
    char cut[128];    /* that the file was cut off, as a sentence; "": it is whole */
    uint64_t start_s; /* since 1970 */
    uint32_t n_threads;
    uint32_t n_cpus, page_bytes;
    enum trace_clock clock;
    enum trace_source source;
    bool anonymous; /* without arguments */
    struct trace_totals totals;

    uint64_t events;      /* all kinds but CLOCK and EXTENT */
    uint64_t allocations; /* calls that return an object, realloc included */
    uint64_t frees;
    double remote_share; /* of the frees, 0 to 1 */
    uint64_t file_bytes;
    double bytes_per_event; /* of the file */
    struct trace_sizes sizes[TRACE_SIZE_CLASSES];
};

/*
 * Reads and checks all of the trace at `path`; of a file that was cut off what is complete. 0;
 * -EINVAL when it is no trace, of another version or damaged, with the place; or the errno of
 * reading it.
 */
int trace_info_read(const char *path, struct trace_info *info, struct err *err) MUST_CHECK;

/* The same in the course of a visit of one's own: what header and totals say, then each event. */
struct trace_reader;
void trace_info_begin(struct trace_info *info, const struct trace_reader *r);
void trace_info_add(struct trace_info *info, const struct trace_event *e);
