/*
 * How a user names a stored run, and where it is kept: [FILE.db:][RUN][:SUBJECT], or FILE.db alone. RUN is a
 * name or a number, nothing is the latest; FILE ends in .db.
 */
#pragma once

#include <limits.h>

#include "err.h"

struct run_name {
    char file[PATH_MAX]; /* "" when none is named */
    char run[64];        /* "" for the latest */
    const char *subject; /* in the text that was read; NULL when none is named */
};

/* -EINVAL for what is too long or has an empty subject. */
int run_name_read(const char *text, struct run_name *out, struct err *err) MUST_CHECK;
