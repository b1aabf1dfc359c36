/* For tests of generators: plans by their words, and what must hold for any of them. */
#pragma once

#include "plan_walk.h"
#include "workload.h"

/* The plan of `word`, and the values that were meant; a check fails when there is none. */
const struct plan *plan_try(const char *word, uint32_t threads, uint64_t seed,
                            struct workload_spec *spec);
void plan_try_drop(const struct plan *plan);
struct plan_walk plan_try_walk(const char *word, uint32_t threads, uint64_t seed);

/*
 * Checks, of each word at 1 to 8 and at 64 threads, what must hold for any plan (plan_laws.h), and that
 * the seed alone decides.
 */
void plan_try_laws(const char *const *words, size_t n);
