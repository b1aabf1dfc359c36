/* A trace as a workload: what a recorded program did, as a plan for the worker. */
#pragma once

#include "plan.h"
#include "trace_info.h"

enum trace_plan_phase { TRACE_PHASE_RUN, TRACE_PHASE_DRAIN };

/*
 * The trace at `path` as a finished plan: one plan thread per recorded one, thread 0 the only root.
 * All of it is one body, so that it can be repeated: in phase DRAIN, which the recording did not
 * have, the root joins the threads that nobody joined and frees what was never freed. On success
 * *fd is the caller's to close and *plan the caller's to os_unmap (plan->n_bytes). `info` may be
 * NULL. 0 or a negative errno as from trace_info_read() and plan_builder_finish().
 */
int trace_plan(const char *path, int *fd, const struct plan **plan, struct trace_info *info,
               struct err *err) MUST_CHECK;
