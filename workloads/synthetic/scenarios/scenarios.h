/* Stories with a beginning, a middle and an end, told from an untouched heap. */
#pragma once

#include "workload.h"

extern const struct workload workload_ageing;
extern const struct workload workload_orphans;
extern const struct workload workload_phase_change;
extern const struct workload workload_sawtooth;
