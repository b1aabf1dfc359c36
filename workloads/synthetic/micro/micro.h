/* Small known benchmarks, each of which asks one question. */
#pragma once

#include "workload.h"

extern const struct workload workload_threadtest;
extern const struct workload workload_linux_scalability;
extern const struct workload workload_cache_thrash;
extern const struct workload workload_cache_scratch;
extern const struct workload workload_glibc_simple;
extern const struct workload workload_glibc_thread;
extern const struct workload workload_mleak;
extern const struct workload workload_malloc_large;
