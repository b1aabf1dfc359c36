/*
 * The program that is recorded, as a process: started with the recorder in front of its allocator,
 * watched to its end. One at a time in a process.
 */
#pragma once

#include <stdatomic.h>

#include "err.h"

struct record_process {
    char *const *argv; /* argv[0] is searched in PATH */
    char **environment;
    _Atomic uint32_t *tick;         /* counted every SPOOL_TICK_NS while the program lives */
    bool tree;                      /* wait for all processes that it leaves behind, too */
    void (*waiting)(void *context); /* called once when that begins; may be NULL */
    void *context;
};

struct record_end {
    int exit_status;   /* 128 + signal when one ended it; -1: it was not started */
    int signal;        /* 0 when it exited */
    uint64_t lived_ns; /* from its start to its end */
};

/*
 * Runs the program to its end, with the caller's standard streams and folder. Meanwhile SIGINT and
 * SIGQUIT are not for the caller (from a terminal they reach the program), and SIGTERM and SIGHUP
 * are passed on to the program. Any of SIGINT, SIGTERM and SIGHUP while only left-behind
 * processes are waited for ends the waiting. 0 or a negative errno with the reason why it could not be started.
 */
int record_process_run(const struct record_process *process, struct record_end *end,
                       struct err *err) MUST_CHECK;
