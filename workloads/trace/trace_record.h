/*
 * Records a program into a trace. One recording at a time per thread; the caller may have others.
 */
#pragma once

#include "trace_info.h"

struct record_options {
    const char *recorder; /* path of libarenabench-record.so; without blanks and colons */
    const char *output;   /* the trace to write; replaced only by a complete one */
    const char
        *spool_dir; /* where the raw events go meanwhile (24 bytes each); NULL: beside output */
    uint64_t spool_bytes; /* most that they may take; 0: RECORD_SPOOL_BYTES */
    int level;            /* of zstd, 1 to 19; 0: RECORD_LEVEL */
    bool monotonic;       /* order by CLOCK_MONOTONIC although the time-stamp counter would do */
};

#define RECORD_SPOOL_BYTES (64 * GIB)
#define RECORD_LEVEL       12

struct record_result {
    int exit_status;   /* of the program; 128 + signal when one ended it */
    int signal;        /* 0 when it exited */
    uint64_t lived_ns; /* from its start to its end */
    struct trace_info info;
};

/*
 * Runs the program argv[0] (searched in PATH) with the recorder preloaded and the caller's
 * environment, standard streams and folder, waits for its end, and writes the trace. However the
 * program ended, what it did until then is in the trace. While waiting, SIGINT and SIGQUIT are
 * ignored here: from a terminal they reach the program. Only this one process is recorded, none
 * that it starts.
 *
 * 0 when a trace was written; else a negative errno, and *result holds what is known of the
 * program's end (exit_status -1: it was not started).
 */
int trace_record(const struct record_options *options, char *const argv[],
                 struct record_result *result, struct err *err) MUST_CHECK;
