/* Workloads that the literature and other suites know. */
#pragma once

#include "workload.h"

extern const struct workload workload_nop;
extern const struct workload workload_churn;
extern const struct workload workload_larson;
extern const struct workload workload_producer_consumer;
