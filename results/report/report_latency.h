/* How long single calls took, from the surveys of a run. */
#pragma once

#include "report.h"

/*
 * A table for each cell: kinds of calls, ranges of sizes and whose object it was, and in each a line per subject. To
 * stand behind report_table(). Calls with a page fault in them are in columns of their own.
 */
int report_latency(FILE *out, struct store *store, const struct summary *s,
                   const struct report_look *look, struct err *err) MUST_CHECK;
