#include "adversaries/adversaries.h"
#include "known/known.h"
#include "patterns/patterns.h"

static const struct workload *const workloads[] = {
    &workload_nop,
    &workload_churn,
    &workload_larson,
    &workload_producer_consumer,
    &workload_thread_churn,
    &workload_realloc_growth,
    &workload_threshold_ratchet,
    &workload_robson,
    &workload_best_fit_worst,
    &workload_segregated_worst,
    &workload_blow_up,
};

const struct workload *const *workload_table(size_t *n)
{
    *n = ARRAY_SIZE(workloads);
    return workloads;
}
