/*
 * The report page: a stored run as one HTML file that needs nothing else, neither a network nor a
 * server. Its numbers are those of the summary and of the statistics; the scripts in it draw them
 * and compute none.
 */
#pragma once

#include <stdio.h>

#include "summary.h"

/*
 * Writes the page of `s`, a summary of a run of `store`. `command` is how the run can be made again, NULL
 * where that is not known. -EIO or the stream's errno when not everything arrived.
 */
int page_write(FILE *out, struct store *store, const struct summary *s, const char *command,
               struct err *err) MUST_CHECK;
