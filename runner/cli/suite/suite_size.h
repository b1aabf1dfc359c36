/* How large a run of a set is, here. */
#pragma once

#include "suite.h"

struct suite_size {
    uint32_t allocators, cells, blocks;
};

/*
 * Of a set over the set standard, as `arenabench run --suite NAME` would put it together. Makes no
 * plan. 0 or a negative errno: what is wrong in the set.
 */
int suite_size(const char *name, const struct places *places, struct suite_size *out,
               struct err *err) MUST_CHECK;
