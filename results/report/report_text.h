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

/* A table as a string, without the blanks that fill up the last columns of a line. */
void report_put_trimmed(FILE *out, const char *text);

/* Columns [first, end) of a table, in panels as wide as there is room for. */
struct report_panels {
    size_t first, end;
    size_t width; /* 0: any */
    bool colour;
    const char *between, *behind; /* printed between two panels, and behind each */
    /* `n` columns from `first` on, to be freed; NULL when it fails. */
    char *(*draw)(void *context, size_t first, size_t n, bool colour);
    void *context;
};

/* One column at least stands in a panel; blanks at the ends of lines are left out. False when `draw` failed. */
bool report_put_panels(FILE *out, const struct report_panels *p);
