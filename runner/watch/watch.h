/*
 * A program as it runs: started, left alone, its anonymous memory sampled from outside until it
 * ends. Only the process itself is watched, and none that it starts.
 */
#pragma once

#include <stdio.h>

#include "err.h"

#define WATCH_SAMPLES_MAX 32768u

struct watch_sample {
    uint64_t t_ns; /* since the program was started */
    /* Resident without a file behind it; the greatest since the last sample, where the kernel's
       high-water mark tells of one. */
    uint64_t anonymous_bytes;
    uint64_t heap_bytes; /* of it the segment [heap]; 0 unless asked for */
};

struct watch_result {
    int exit_status; /* the program's, or 128 + N when signal N ended it */
    bool has_library;
    uint64_t wall_ns, user_ns, system_ns; /* the times with those of children that it waited for */
    struct watch_sample *samples;         /* owned: watch_result_release() */
    uint64_t n_samples;
};

struct watch_request {
    char *const *argv;
    char *const *environment;
    const char *library; /* the mapping to look for; "" when there is none */
    bool heap;           /* tell [heap] apart: a reading is then dear, and CPU time means little */
};

/*
 * Runs the program to its end. SIGTERM and SIGHUP go on to it; SIGINT and SIGQUIT, which a terminal
 * sends to both, are its own to heed. 0; or a negative errno when it could not be started, nothing
 * being there to be released then. One program at a time.
 */
int watch_program(const struct watch_request *request, struct watch_result *result,
                  struct err *err) MUST_CHECK;
void watch_result_release(struct watch_result *result);

/*
 * What one process tells another: a file in the byte order of the machine, written whole at the
 * end. Writing refuses a file that exists (-EEXIST): two programs would be taken for one. Reading
 * checks sizes and fills *result, which the caller releases.
 */
int watch_file_write(const char *path, const struct watch_result *result,
                     struct err *err) MUST_CHECK;
int watch_file_read(const char *path, struct watch_result *result, struct err *err) MUST_CHECK;
