/*
 * Whether a file can take the place of malloc in a worker. The file is a stranger's: nothing of it
 * is run or believed beyond its bounds. For the runner; one thread at a time.
 */
#pragma once

#include "err.h"

/*
 * 0 when `path` is a shared library for this machine that exports malloc, free, calloc and realloc.
 * Else a negative errno and one sentence that names the path.
 */
int library_check(const char *path, struct err *err) MUST_CHECK;
