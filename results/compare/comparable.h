/* Which runs can be compared at all. Pure over loaded runs. */
#pragma once

#include "store.h"

/*
 * Whether both runs are of the same machine in the same state, as far as both tell: 0, or -EINVAL with the first
 * fact that differs.
 */
int comparable_machine(const struct store_run *a, const struct store_run *b,
                       struct err *err) MUST_CHECK;

/*
 * The key of the first fact that says so, where they are not; NULL where they are. Amounts of memory may differ by a
 * little: machines of one kind do.
 */
const char *comparable_machine_differs(const struct store_run *a, const struct store_run *b);

/*
 * Whether both were told to measure alike: touching, placing, seconds, warm-up, seed. -EINVAL with the first
 * that differs, or for a run that does not say.
 */
int comparable_orders(const struct store_run *a, const struct store_run *b,
                      struct err *err) MUST_CHECK;

/*
 * Whether both are the same run but for when, where and which part of it: all that they were told to do, the version,
 * the subjects, and the plans. -EINVAL with the first that differs.
 */
int comparable_same(const struct store_run *a, const struct store_run *b,
                    struct err *err) MUST_CHECK;

/*
 * Which cells both have: pairs[i] are ordinals in a and in b; room for the cells of a. -EINVAL when the plan of one
 * of them is another, or when there is none.
 */
struct comparable_cell {
    uint32_t a, b;
};
int comparable_cells(const struct store_run *a, const struct store_run *b,
                     struct comparable_cell *pairs, uint32_t *n, struct err *err) MUST_CHECK;
