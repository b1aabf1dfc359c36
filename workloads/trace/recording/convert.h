/*
 * From a spool to a trace, in two passes: a survey of what has to be known beforehand (survey.h),
 * and the writing, in one legal order of all events (spool_order.h).
 *
 * Memory: live objects, a bit for each object ever made, an entry for each of 64 KiB and more.
 */
#pragma once

#include "spool_reader.h"
#include "trace.h"

struct convert_options {
    const char *path;           /* of the trace */
    int level;                  /* of zstd */
    struct trace_header header; /* all but n_threads and text_bytes */
    const char *text;           /* program and arguments, each ended by a 0 byte */
    uint32_t text_bytes;
    enum trace_exit exit_how; /* of the program */
    uint32_t exit_value;
    uint64_t stop_stamp, stop_ns; /* both clocks at one moment after the program's end */
    /* Called now and then with the share that is done, 0 to 1; may be NULL. */
    void (*progress)(void *context, double share);
    void *context;
};

/* Writes the trace. 0 or a negative errno; then there is no file. */
int convert_spool(const struct spool_reader *spool, const struct convert_options *options,
                  struct err *err) MUST_CHECK;
