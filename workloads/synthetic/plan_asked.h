/* For tests: the plan that a word asks for. A word or a plan that cannot be had fails the test. */
#pragma once

#include "plan_walk.h"
#include "workload.h"

struct workload_spec plan_spec(const char *word);

const struct plan *plan_of(const struct workload_spec *spec, uint32_t threads, uint64_t seed);
const struct plan *plan_asked(const char *word, uint32_t threads, uint64_t seed);
void plan_drop(const struct plan *plan);

/* What a walk over that plan sees. */
struct plan_walk plan_asked_walk(const char *word, uint32_t threads, uint64_t seed);

/*
 * The seed alone decides, and it does unless the workload says that nothing in it is random. With one
 * size for all, nothing may be left to draw.
 */
void plan_check_seed(const struct workload_spec *spec, uint32_t threads);

/* Holds the plan to the laws of all plans (plan_laws.h). */
void plan_keeps_laws(const struct workload_spec *spec, uint32_t threads);

/*
 * Both, of each of `n` words: the laws at 1 to 8 and at 64 threads as far as the workload takes them.
 */
void plan_asked_keeps_laws(const char *const *words, size_t n);
