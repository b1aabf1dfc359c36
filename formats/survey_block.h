/*
 * How a worker hands over what a survey found: shared memory of fixed size beside the control block, made by
 * the runner for one survey. The worker fills it as it goes; a mark counts from when n_marks says so.
 * The runner reads it when the worker is gone, or when `state` says that nothing more will come.
 *
 * An allocator gone wild can write anywhere: a reader takes a copy and checks that (survey_check).
 */
#pragma once

#include <stdatomic.h>

#include "survey.h"

#define SURVEY_MAGIC         0x0000796576727573ull
#define SURVEY_BLOCK_VERSION 2u

enum survey_state {
    SURVEY_RUNS,    /* the plan is being executed */
    SURVEY_DRAINS,  /* the plan is done; the allocator is left idle */
    SURVEY_ASKS,    /* the allocator was asked to give back what it can and has not returned */
    SURVEY_COMPLETE /* the last mark is there */
};

struct survey_block {
    uint64_t magic;
    uint32_t version;
    _Atomic uint32_t state; /* only moves forward */
    _Atomic uint32_t n_marks, n_regions;
    uint32_t n_latencies;
    uint32_t latency_period;
    uint64_t clock_ns;
    char purge[64], held_source[64];
    struct survey_mark marks[SURVEY_MARKS_MAX];
    struct survey_region regions[SURVEY_MARKS_MAX * SURVEY_REGIONS_MAX];
    struct survey_latency latencies[SURVEY_LATENCIES_MAX];
};
