/* For tests: the plan that a word asks for. A word or a plan that cannot be had fails the test. */
#pragma once

#include "plan_walk.h"
#include "workload.h"

const struct plan *plan_asked(const char *word, uint32_t threads, uint64_t seed);
void plan_drop(const struct plan *plan);

/*
 * Holds the plan of each of `n` words to the laws of all plans, at 1 to 64 threads as far as the
 * workload takes them.
 */
void plan_asked_keeps_laws(const char *const *words, size_t n);
