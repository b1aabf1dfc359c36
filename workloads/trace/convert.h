/*
 * From a spool to a trace, in two passes over the events in their order. The first (pair.c) puts
 * numbers of objects in place of addresses, finds out which thread a join was for, and marks the
 * last event of each holder whose object another thread uses next: behind it the object is given
 * away, so that a replaying free waits for that hand-over and for nothing else. The second
 * (convert.c) writes.
 */
#pragma once

#include "number_map.h"
#include "spool_reader.h"
#include "trace.h"

#define CONVERT_NONE UINT32_MAX

/* A live object; its number is reused when it ends. */
struct convert_object {
    uint32_t holder; /* raw thread that used it last */
    uint32_t maker;  /* that allocated it last */
    uint32_t slot;   /* of the holder */
    uint32_t cell;   /* where it waits when the holder gave it away; else CONVERT_NONE */
    union {
        struct spool_event *last; /* pass 1: the holder's last event on it */
        uint64_t bytes;           /* pass 2 */
    };
};

struct convert_thread {
    uint32_t number;  /* in the trace; CONVERT_NONE: not born yet */
    uint32_t pending; /* pass 1: object inside realloc, or CONVERT_NONE */
    bool born;        /* counted as a thread of the trace */
    bool seen;        /* has events of its own */
    bool revoked;     /* its creation failed; what claims to come from it is left out */
    struct spool_event *spawn, *join;
};

struct convert {
    const struct spool_reader *spool;
    struct convert_thread *threads; /* by raw number */
    struct convert_object *objects;
    uint32_t n_objects;
    uint32_t n_threads; /* of the trace, after pass 1 */
    struct trace_totals totals;
};

/* Pass 1. 0 or -ENOMEM. */
int convert_pair(struct convert *c, struct err *err) MUST_CHECK;

struct convert_options {
    const char *path;           /* of the trace */
    int level;                  /* of zstd */
    struct trace_header header; /* all but n_threads and text_bytes */
    const char *text;           /* program and arguments, each ended by a 0 byte */
    uint32_t text_bytes;
    uint64_t stop_stamp, stop_ns; /* both clocks at one moment after the program's end */
};

/* Writes the trace. 0 or a negative errno; then there is no file. */
int convert_spool(const struct spool_reader *spool, const struct convert_options *options,
                  struct err *err) MUST_CHECK;
