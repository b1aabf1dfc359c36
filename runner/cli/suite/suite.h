/*
 * Sets of a run: small files of lines `key = value`, the keys being long options of `arenabench run`.
 *
 *      # The summary, in one line.
 *      workloads = nop, churn,
 *          larson:remote=0.2          an indented line goes on with the list
 *      blocks = 5
 *
 * Some ship with the project and go by their names, others by their paths.
 */
#pragma once

#include "places.h"

#define SUITE_ENDING     ".suite"
#define SUITE_BYTES_MAX  (1u << 20) /* of a file */
#define SUITE_NAME_BYTES 64

/*
 * The path of a set that ships, or of a user's file, which holds from any folder. -EINVAL with the
 * near names where it is neither.
 */
int suite_find(const char *word, const struct places *places, char path[PATH_MAX],
               struct err *err) MUST_CHECK;

/*
 * Calls `each` with every key and its value; again with the same key where a list goes on. Stops at
 * the first failure, which gets file, line and key in front. 0, or a negative errno: -EINVAL for what
 * is no text of such lines.
 */
int suite_read(const char *path,
               int (*each)(void *context, const char *key, const char *value, struct err *err),
               void *context, struct err *err) MUST_CHECK;

/* The first line, if it is a comment: what the set is for. "" otherwise. */
int suite_summary(const char *path, char *out, size_t n, struct err *err) MUST_CHECK;

/* Calls `each` with the name and path of every set that ships, in alphabetical order. */
int suite_list(const struct places *places,
               int (*each)(void *context, const char *name, const char *path, struct err *err),
               void *context, struct err *err) MUST_CHECK;
