/* Lists that users write: "a,b,c". */
#pragma once

#include "err.h"

/*
 * Calls `each` with every word of a list, separated by ',' or by newlines (words that hold commas). An empty list
 * or an empty word is an error that names `what`. Stops at the first negative result and returns it.
 */
int words_each(const char *list, const char *what,
               int (*each)(void *context, const char *word, struct err *err), void *context,
               struct err *err) MUST_CHECK;

/* A whole number in [least, most]. -EINVAL with `what` and the range. */
int words_number(const char *word, const char *what, uint64_t least, uint64_t most, uint64_t *out,
                 struct err *err) MUST_CHECK;

/* As words_number, with a fraction. */
int words_decimal(const char *word, const char *what, double least, double most, double *out,
                  struct err *err) MUST_CHECK;
