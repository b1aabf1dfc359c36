/* A trace as plain text (docs/formats.md), which the importer of format `text` reads back. */
#pragma once

#include <stdio.h>

#include "err.h"

/*
 * Writes the trace at `path` into `out`, event by event in one legal order; memory is bounded by live objects. What
 * `out` says of its own failures is the caller's to look at; after one nothing more is written. 0 or a negative errno
 * as from trace_reader_visit().
 */
int trace_text_write(const char *path, FILE *out, struct err *err) MUST_CHECK;
