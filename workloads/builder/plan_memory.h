/* A plan's own file in memory: made, filled, checked, then sealed against every change. */
#pragma once

#include "plan.h"

/*
 * An anonymous file of `n_bytes`, mapped writable at *plan. 0 or a negative errno; then nothing is
 * left.
 */
int plan_memory_make(size_t n_bytes, int *fd, struct plan **plan, struct err *err) MUST_CHECK;

/*
 * Checks every law of the filled plan, seals the file and maps it read-only at *sealed. Unmaps
 * `plan` in any case, closes `fd` on failure.
 */
int plan_memory_seal(int fd, struct plan *plan, size_t n_bytes, const struct plan **sealed,
                     struct err *err) MUST_CHECK;
