/* Settings as an allocator that tells them is to tell them. For the runner; any thread. */
#pragma once

#include "err.h"
#include "statistics_block.h"
#include "table.h"

/*
 * Reads `value`, the value of the variable that holds all settings of `a`: of its rows, whoever wrote
 * them; other keys are passed over, and of a key that comes twice the last holds. *out is the caller's
 * to free; its names live as long as the row of `a`. 0, -ENOMEM, or -EINVAL for a value that `a` would not take.
 */
int wanted_read(const struct allocator *a, const char *value, struct statistic_wanted **out,
                size_t *n, struct err *err) MUST_CHECK;
