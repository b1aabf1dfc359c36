#include "adversaries/adversaries.h"
#include "known/known.h"
#include "micro/micro.h"
#include "patterns/patterns.h"
#include "scenarios/scenarios.h"

static const struct workload *const workloads[] = {
    &workload_nop,
    &workload_churn,
    &workload_larson,
    &workload_producer_consumer,
    &workload_xmalloc_test,
    &workload_sh6bench,
    &workload_sh8bench,
    &workload_mstress,
    &workload_rptest,
    &workload_t_test1,
    &workload_alloc_test,
    &workload_threadtest,
    &workload_linux_scalability,
    &workload_cache_thrash,
    &workload_cache_scratch,
    &workload_glibc_simple,
    &workload_glibc_thread,
    &workload_mleak,
    &workload_malloc_large,
    &workload_thread_churn,
    &workload_realloc_growth,
    &workload_realloc_blocked,
    &workload_threshold_ratchet,
    &workload_asymmetric,
    &workload_burst_idle,
    &workload_batch_free,
    &workload_calloc_recycled,
    &workload_calloc_fresh,
    &workload_alignment,
    &workload_oversubscribed,
    &workload_sawtooth,
    &workload_orphans,
    &workload_phase_change,
    &workload_ageing,
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
