/*
 * The worker as a process: started with three or four files, an environment and nothing else; ended for
 * certain.
 */
#pragma once

#include <sys/types.h>

#include "control.h"
#include "statistics_block.h"
#include "survey_block.h"
#include "trial_host.h"

struct worker_process {
    pid_t pid;     /* 0 when reaped */
    int stderr_fd; /* a file in memory with what the worker wrote */
    int control_fd;
    struct control *control;
    size_t control_bytes; /* the worker may have scribbled over its own copy of the number */
    int statistics_fd;
    struct statistics_block *statistics;
    int survey_fd;
    struct survey_block *survey; /* NULL unless the request is one of a survey */
    int wait_status;             /* valid when reaped */
};

/* Makes what both share and starts the worker on it. On failure nothing is left. */
int worker_start(struct worker_process *w, const struct trial_request *request,
                 struct err *err) MUST_CHECK;

/* The CPU that a thread of the plan is to run on, or CPU_UNBOUND. */
int trial_cpu_of(const struct trial_request *request, uint32_t thread);

/* Whether the process has ended; reaps it then. */
bool worker_has_ended(struct worker_process *w);

/* Ends it if it has not, reaps it, releases everything. Safe on a zeroed struct. */
void worker_release(struct worker_process *w);

/* Kills and reaps the worker; keeps the rest for reading. */
void worker_kill(struct worker_process *w);

/* What the worker wrote to stderr, as one line of at most n - 1 bytes. */
void worker_stderr(const struct worker_process *w, char *out, size_t n);
