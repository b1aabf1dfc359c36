/* For tests that record programs: a recording that must succeed, and a look into its trace. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "os.h"
#include "trace_plan.h"
#include "trace_reader.h"
#include "trace_record.h"
#include "unit.h"

static inline struct record_options recording_options(const char *output)
{
    return (struct record_options){.recorder = getenv("RECORDER"), .output = output, .level = 1};
}

static inline struct record_result recording_make(const struct record_options *options,
                                                  char *const argv[])
{
    struct record_result result;
    struct err err;
    unlink(options->output);
    ck_assert_msg(trace_record(options, argv, &result, &err) == 0, "%s", err.text);
    return result;
}

static inline void recording_visit(const char *path,
                                   void (*see)(void *, const struct trace_event *), void *context)
{
    struct trace_reader *r;
    struct err err;
    ck_assert_msg(trace_reader_open(&r, path, TRACE_WHOLE, &err) == 0, "%s", err.text);
    ck_assert_msg(trace_reader_visit(r, see, context, &err) == 0, "%s", err.text);
    trace_reader_free(r);
}

/* The plan passes all checks that the builder makes. */
static inline void recording_must_make_a_plan(const char *path)
{
    int fd;
    const struct plan *plan;
    struct err err;
    ck_assert_msg(trace_plan(path, NULL, &fd, &plan, NULL, &err) == 0, "%s", err.text);
    ck_assert(plan->flags & PLAN_LOOPS);
    os_unmap((void *)plan, plan->n_bytes);
    close(fd);
}

static inline void recording_must_be_whole(const struct record_result *r)
{
    ck_assert_uint_eq(r->info.totals.lost_events, 0);
    ck_assert_uint_eq(r->info.totals.unknown_frees, 0);
    ck_assert_uint_eq(r->info.totals.conflicts, 0);
}
