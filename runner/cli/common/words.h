/* Words and lists that users write: "a,b,c". */
#pragma once

#include "err.h"

/*
 * Calls `each` with every word of a list. The words are separated by ','; in a text that holds a
 * newline, words may hold commas, and each of them ends with a newline (the last one need not). An
 * empty list or an empty word is an error that names `what`. Stops at the first negative result and
 * returns it.
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

/*
 * Whether a word can be stored and shown: UTF-8 without control characters. -EINVAL with `what` and
 * the word, unreadable bytes as '?'.
 */
int words_check_text(const char *word, const char *what, struct err *err) MUST_CHECK;

/* Adds a word to a list that goes by newlines; *list is NULL at first, and the caller's to free. */
int words_append(char **list, const char *word, struct err *err) MUST_CHECK;
