/* Files that programs write for their users. */
#pragma once

#include "err.h"

/*
 * Whether a file may be put in the place of what `path` leads to: 0 if that is nothing or a regular
 * file. -EINVAL with a sentence otherwise: a rename over a device or a pipe would take it away, and one over
 * an SQLite database, as results files are, all runs that it keeps.
 */
int output_replaceable(const char *path, struct err *err) MUST_CHECK;

/* Whether a command may write to `path` at all: where something stands there, only by `force`. -EEXIST. */
int output_allowed(const char *path, bool force, struct err *err) MUST_CHECK;
