/* Files that programs write for their users. */
#pragma once

#include "err.h"

/*
 * Whether a file may be put in the place of what `path` leads to: 0 if that is nothing or a regular
 * file. -EINVAL with a sentence otherwise: a rename over a device or a pipe would take it away.
 */
int output_replaceable(const char *path, struct err *err) MUST_CHECK;
