/* For tests: what must hold for any plan of any workload. */
#pragma once

#include "plan_walk.h"
#include "workload.h"

/* Fails the test that runs. `seen` is what a walk over the whole plan saw. */
void plan_laws_check(const struct workload_spec *spec, uint32_t threads, const struct plan *plan,
                     const struct plan_walk *seen);
