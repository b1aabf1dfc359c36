/*
 * Records a program into a trace, or a tree of processes into one trace each. One recording at a
 * time in a process.
 */
#pragma once

#include "record_process.h"
#include "trace_info.h"

struct record_options {
    const char *recorder;  /* path of libarenabench-record.so; without blanks and colons */
    const char *output;    /* the trace to write; replaced only by a complete one */
    const char *spool_dir; /* where the raw events go meanwhile (2 to 3 bytes each, and 10 for a
                              remote free); NULL: beside output */
    uint64_t spool_bytes;  /* most that they may take; 0: RECORD_SPOOL_BYTES */
    int level;             /* of zstd, 1 to 19; 0: RECORD_LEVEL */
    bool monotonic;        /* order by CLOCK_MONOTONIC although the time-stamp counter would do */
    bool tree;             /* also what the program forks and executes: NAME.1.trace and so on */
    bool replace;    /* other traces of the tree that exist; else the next free number is taken */
    bool anonymous;  /* without the program's arguments */
    const char *cpu; /* model of the processor, for the header; may be NULL */
    /* All may be NULL. A trace was written; share of a conversion; only left-behind processes run. */
    void (*wrote)(void *context, const char *path, const struct trace_info *info);
    void (*progress)(void *context, double share);
    void (*waiting)(void *context);
    void *context;
};

#define RECORD_SPOOL_BYTES (64 * GIB)
#define RECORD_LEVEL       12

struct record_result {
    struct record_end end;
    struct trace_info info; /* of the program's own trace */
    uint64_t inner_calls;   /* left out: made while the allocator ran in the same thread */
    uint64_t raw_bytes;     /* of all spools, before they became traces */
    uint32_t n_traces;      /* written in all */
};

/*
 * Runs the program argv[0] (searched in PATH) with the recorder preloaded and the caller's
 * environment, waits for its end, and writes the trace. However the program ended, what it did until
 * then is in the trace. Should the caller die, the spool stays: trace_record_recover().
 *
 * 0 when its trace was written; else a negative errno, and result->end holds what is known of the
 * program's end. A trace of a process of the tree that could not be written fails in the same way,
 * after all others were tried.
 */
int trace_record(const struct record_options *options, char *const argv[],
                 struct record_result *result, struct err *err) MUST_CHECK;

/* Writes the trace of a spool that was left behind, and leaves that where it is. */
int trace_record_recover(const struct record_options *options, const char *spool,
                         struct record_result *result, struct err *err) MUST_CHECK;
