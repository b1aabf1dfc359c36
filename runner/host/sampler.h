/*
 * The fast series: resident bytes, address space and progress of a worker, read from outside while it
 * runs, and what of its plan is live after so much progress. A reading costs a few microseconds of the
 * runner's CPU; the pace is a millisecond, four where the runner has to share a CPU with the threads, slower where a
 * reading costs more than a hundredth of that or where the trial is so long that the series would
 * pass SAMPLES_MAX readings (then every second reading is dropped and the pace halved).
 */
#pragma once

#include "clock.h"
#include "control.h"
#include "plan_profile.h"
#include "process_memory.h"
#include "trial.h"

#define SAMPLES_MAX 65536u

struct sampler {
    /* By the caller. */
    const struct control *control;
    uint32_t n_threads; /* not read from shared memory, which the worker may have damaged */
    /* Of the worker's plan at a stride of CONTROL_PROGRESS_WORDS; NULL: live bytes are unknown. */
    const struct plan_profile *profile;
    uint64_t pace_ns; /* the first one */

    struct process_statm statm;
    uint64_t baseline_bytes, baseline_address_bytes;
    uint64_t peak_bytes;          /* of all readings, dropped ones too; less the baseline */
    struct trial_sample *samples; /* owned, until it is handed over */
    size_t n, room;
};

/* Between two readings, to begin with: where a CPU is left over for the runner, and where threads have to give way. */
#define SAMPLER_PACE_NS        NS_PER_MS
#define SAMPLER_SHARED_PACE_NS (4 * NS_PER_MS)

/* Words of the plan that all threads together have executed. */
uint64_t control_ops_done(const struct control *control, uint32_t n_threads);

/* Reads the baseline; the worker stands still and ready. The first fields are the caller's. */
int sampler_open(struct sampler *s, pid_t pid, struct err *err) MUST_CHECK;
/* One reading. A process that has just ended gives none. */
void sampler_read(struct sampler *s);
void sampler_close(struct sampler *s);
