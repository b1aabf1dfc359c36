/* Running another program for what it prints. */
#pragma once

#include "err.h"

struct captured {
    char *out;      /* what it printed, terminated; the caller frees it; never NULL on success */
    int status;     /* its exit status; 128 + signal when one ended it */
    char said[384]; /* what it complained with, in one line, without the program's name in front */
};

/*
 * Runs argv[0], looked up in PATH, and waits for its end; standard input is empty. At most
 * CAPTURE_BYTES of its output are kept. 0 whatever its exit status is; -ENOENT: there is no such program; another negative
 * errno: it could not be started.
 */
#define CAPTURE_BYTES ((size_t)64 << 20)
int capture(const char *const *argv, struct captured *out, struct err *err) MUST_CHECK;
