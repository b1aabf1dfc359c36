/*
 * A trial or a survey in flight, step by step: what host_trial() and the surveys have in common. Private to
 * this room. A step that returns false has said in the result why it goes no further; the caller then ends the
 * flight.
 */
#pragma once

#include "binding.h"
#include "cpu_times.h"
#include "sampler.h"
#include "trial_host.h"
#include "worker_process.h"

struct flight {
    const struct trial_request *request;
    struct trial_result *result;
    struct worker_process worker;
    struct sampler sampler;
    struct binding_text binding;
    struct cpu_times machine_before;
    uint64_t runner_cpu_before_ns, go_ns;
    uint64_t oom_kills_before;
    uint64_t deadline_ns;
    uint32_t extensions; /* used */
    uint64_t ops_before; /* the last one */
};

/* Starts the worker. flight_end() follows in any case; both structs live until then. */
bool flight_start(struct flight *f, const struct trial_request *request,
                  struct trial_result *result);

/* From the start to the moment when all threads have ended and their memory was read. */
bool flight_run(struct flight *f);

/* Lets the worker leave, and notes what its allocator tells of itself on the way. */
bool flight_leave(struct flight *f);

/* Fills in what is left of the result, ends the worker, releases everything but the result. */
void flight_end(struct flight *f);

/* Sets status and message. */
void flight_say(struct trial_result *r, enum trial_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The worker ended before it was asked to: says why. */
void flight_explain_end(struct flight *f);

/* Behind the message: what the worker wrote to stderr, if anything. */
void flight_append_stderr(struct flight *f);
