/* Settings as an allocator is to tell them, or to show them by what it does. For the runner; any thread. */
#pragma once

#include "err.h"
#include "statistics_block.h"
#include "table.h"

/*
 * Reads an environment, "VARIABLE=value" a line, as the worker will find it: the settings of the rows of
 * `a`, whoever wrote them; other variables and keys are passed over, and of a key that comes twice the
 * last holds. *out is the caller's to free; its names live as long as the row of `a`. 0, -ENOMEM, or -EINVAL for a
 * value that `a` would not take.
 */
int wanted_read(const struct allocator *a, char *const *lines, size_t n_lines,
                struct statistic_wanted **out, size_t *n, struct err *err) MUST_CHECK;
