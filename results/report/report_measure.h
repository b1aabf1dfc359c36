/* The table of one measure: a line per cell, a column per subject. */
#pragma once

#include "report.h"

/*
 * Where the columns do not fit into the width of `look`, they follow in panels, each of which names the workloads
 * again. The baseline's own value stands in the first.
 */
int report_measure(FILE *out, const struct summary *s, enum measure measure,
                   const struct report_look *look, struct err *err) MUST_CHECK;
