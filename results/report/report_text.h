/* Small words and numbers that the reports share. */
#pragma once

#include <stdio.h>

#include "summary.h"

/* Flushes; 0, or a negative errno when the stream did not take everything. */
int report_finish(FILE *out, struct err *err) MUST_CHECK;

/* The text without what would move a terminal's cursor: control characters become spaces. */
void report_put_clean(FILE *out, const char *text);

/* ISO 8601 in UTC: 2026-11-20T23:14:55Z. `out` holds REPORT_TIME_BYTES. */
#define REPORT_TIME_BYTES 40
void report_format_time(char *out, int64_t seconds);

/*
 * With the digits that a reader can use: 0.00048, 0.012, 1.23, 12.3, 1234. `out` holds
 * REPORT_NUMBER_BYTES.
 */
#define REPORT_NUMBER_BYTES 32
void report_format_number(char *out, double value);

/* "1.23 [1.19, 1.28]" and the marks that the legend explains: = and ~. `out` holds REPORT_RATIO_BYTES. */
#define REPORT_RATIO_BYTES 128
void report_format_ratio(char *out, const struct interval *ratio, enum verdict verdict);

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
