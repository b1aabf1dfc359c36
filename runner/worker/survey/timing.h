/*
 * Which calls of the observed loop are timed, and what is told of them: latency.h for the lanes of a worker.
 * What a plan that settles does before the clock is not timed.
 */
#pragma once

#include "latency.h"
#include "observe.h"
#include "survey_block.h"

struct timed_lane {
    _Alignas(NO_SHARING_BYTES) struct latency_lane latency;
};

/* Before the baseline, behind observer_init(); notes its memory. False when there is none. */
bool timing_make(struct worker *w) MUST_CHECK;

/* All threads have ended. */
void timing_tell(struct survey_block *block);

/* Whether a call whose turn it is lies inside the clock; if not, another will be timed. */
bool timing_counts(struct lane *lane);

/* The statement `call` of the lane, one call of the allocator, timed where it is its turn. */
#define TIMED(lane, call_kind, n_bytes, of_other, call) \
    do { \
        struct latency_lane *timing_ = &(lane)->worker->observer->timed[(lane)->index].latency; \
        if (!latency_is_due(timing_) || !timing_counts(lane)) { \
            call; \
            break; \
        } \
        struct latency_probe probe_ = latency_begin(timing_); \
        call; \
        latency_end(timing_, &probe_); \
        latency_count(timing_, &probe_, \
                      &(struct latency_call){ \
                          .kind = (call_kind), .bytes = (n_bytes), .is_remote = (of_other)}); \
    } while (0)
