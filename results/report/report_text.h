/* What the tables share. */
#pragma once

#include <stdio.h>

#include "wording.h"

/* Flushes; 0, or a negative errno when the stream did not take everything. */
int report_finish(FILE *out, struct err *err) MUST_CHECK;

/* The text without what would move a terminal's cursor: control characters become spaces. */
void report_put_clean(FILE *out, const char *text);

/* A table of libsmartcols, to be printed to a string; NULL without memory. */
struct libscols_table *report_new_table(bool colour);

/*
 * How many of `n` columns, n > 0, a table may have to be at most `width` wide (0: any); one at least. `draw` makes
 * the table of so many as a string to be freed, NULL when it fails.
 */
size_t report_columns_that_fit(size_t n, size_t width, char *(*draw)(void *context, size_t n),
                               void *context);

/* Such a string, without the blanks that fill up the last columns of a line. */
void report_put_trimmed(FILE *out, const char *text);
