/* Patterns of real programs that suites seldom have. */
#pragma once

#include "workload.h"

extern const struct workload workload_thread_churn;
extern const struct workload workload_realloc_growth;
extern const struct workload workload_realloc_blocked;
extern const struct workload workload_threshold_ratchet;
extern const struct workload workload_asymmetric;
extern const struct workload workload_burst_idle;
extern const struct workload workload_batch_free;
extern const struct workload workload_calloc_recycled;
extern const struct workload workload_calloc_fresh;
extern const struct workload workload_alignment;
extern const struct workload workload_oversubscribed;
