/* A plan's own file: made, filled, checked, then closed against every change. */
#pragma once

#include "plan.h"

/*
 * In memory (sealed when it is done), or on disk: in a file without a name in $TMPDIR, or /var/tmp,
 * of which in the end only a descriptor for reading is left.
 */
enum plan_place { PLAN_IN_MEMORY, PLAN_ON_DISK };

/*
 * The longest plan that is worth its memory: an eighth of the machine's, 1 GiB at most. It is
 * mapped by the runner for the whole of a run and by each worker, and faulted in before each clock,
 * 0.3 s per GiB.
 */
size_t plan_memory_most(void);

/*
 * A file of `n_bytes`, mapped writable at *plan; on disk its room is promised. 0 or a negative
 * errno; then nothing is left.
 */
int plan_memory_make(size_t n_bytes, enum plan_place place, int *fd, struct plan **plan,
                     struct err *err) MUST_CHECK;

/*
 * Checks every law of the filled plan, closes the file against change and maps it read-only at
 * *sealed. Unmaps `plan` in any case, closes *fd on failure; on disk *fd is another then.
 */
int plan_memory_seal(int *fd, struct plan *plan, size_t n_bytes, const struct plan **sealed,
                     struct err *err) MUST_CHECK;
