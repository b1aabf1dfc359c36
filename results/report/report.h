/*
 * A stored run as tables for people. All functions write to `out`, flush it, and fail with -EIO (or the
 * stream's errno) when not everything arrived: a full disk, a closed pipe.
 */
#pragma once

#include <stdio.h>

#include "summary.h"

/*
 * Whether a terminal stands behind `out` whose user wants colour (no NO_COLOR, TERM is not dumb).
 */
bool report_wants_colour(FILE *out);

/* The width that a reader of `out` has: COLUMNS in the environment, else the terminal's, else 100. */
size_t report_width(FILE *out);

struct report_look {
    bool colour;
    size_t width; /* of the tables, in characters; 0: any */
};

/*
 * Columns that do not fit follow in panels of their own below. One column is never cut, and prose is the
 * terminal's to wrap.
 */
int report_table(FILE *out, const struct summary *s, const struct report_look *look,
                 struct err *err) MUST_CHECK;

/*
 * The adversaries of the run: what each allocator's heap grew to, beside the bound that theory states and
 * what was live. Nothing for a run without any.
 */
int report_bounds(FILE *out, const struct summary *s, const struct report_look *look,
                  struct err *err) MUST_CHECK;

/* What the allocators told of themselves: a table per cell, of those that told any, to stand behind report_table().
 * Columns that do not fit follow in panels here, too. */
int report_statistics(FILE *out, struct store *store, const struct summary *s,
                      const struct report_look *look, struct err *err) MUST_CHECK;

/* Where the memory went: a table per cell, and what each allocator did when its work was over; to stand behind
 * report_table(), likewise in panels. */
int report_memory(FILE *out, struct store *store, const struct summary *s,
                  const struct report_look *look, struct err *err) MUST_CHECK;
