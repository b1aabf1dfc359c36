/* Workloads that the literature and other suites know. */
#pragma once

#include "workload.h"

extern const struct workload workload_nop;
extern const struct workload workload_churn;
extern const struct workload workload_larson;
extern const struct workload workload_producer_consumer;
extern const struct workload workload_xmalloc_test;
extern const struct workload workload_sh6bench;
extern const struct workload workload_sh8bench;
extern const struct workload workload_mstress;
extern const struct workload workload_rptest;
extern const struct workload workload_t_test1;
extern const struct workload workload_alloc_test;
