/*
 * gnuplot: finding it, texts that it takes as they are, and running a script. No shell is in between. Whatever
 * goes into a script from outside goes through gnuplot_put_text(): nothing in it is then a command, a string's end, a
 * markup or a new line.
 */
#pragma once

#include <stdio.h>

#include "err.h"

/* Whether there is one. -ENOENT, with what to install. To be asked before any work is done for a plot. */
int gnuplot_find(struct err *err) MUST_CHECK;

/*
 * The text as a string expression of gnuplot's, in single quotes, in which nothing is special but their end. Control
 * characters become spaces, what is not UTF-8 question marks; of a text longer than GNUPLOT_TEXT_MOST
 * characters the rest is an ellipsis.
 */
#define GNUPLOT_TEXT_MOST 120u
void gnuplot_put_text(FILE *out, const char *text);

/* The same for the label of a tic, which gnuplot takes for a format. */
void gnuplot_put_tic(FILE *out, const char *text);

/*
 * "set output" to a path: any byte is possible in it but 0 and newline (-EINVAL), and no first character makes it a
 * command.
 */
int gnuplot_put_output(FILE *out, const char *path, struct err *err) MUST_CHECK;

/*
 * Runs the script and waits for it. -EIO with the first line that gnuplot complained with, or a negative errno
 * where it could not be started.
 */
int gnuplot_run(const char *script, size_t n_bytes, struct err *err) MUST_CHECK;
