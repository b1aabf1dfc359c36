/* Which workload carries a geometric mean. Pure over a summary whose cells are compared. */
#pragma once

#include "summary.h"

/* Sets levers[m].workload; the means without it are the caller's to fill in. */
void lever_find(struct summary *s, enum measure m);

/* Whether the cell counts in the means, and in those without `workload` (NULL: all). */
bool lever_counts(const struct summary *s, uint32_t cell, const char *workload);
