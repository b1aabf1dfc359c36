/* A text in a file of the user's choice. */
#pragma once

#include "err.h"

/*
 * Puts the text in the place of what `path` leads to, whole or not at all: on failure what was there stays. NULL
 * is standard output. Nothing but a regular file is replaced. A negative errno.
 */
int output_file_write(const char *path, const char *text, size_t n_bytes,
                      struct err *err) MUST_CHECK;
