/*
 * How a failure travels: the function that fails returns a negative errno and writes one sentence
 * (what, where, what to do) into the caller's struct err; callers may put what they were doing in
 * front. Only the command line prints it. No allocation; a struct err belongs to one thread.
 */
#pragma once

#include "bits.h"

#define ERR_BYTES 512

struct err {
    char text[ERR_BYTES]; /* without a newline; "" when nothing failed */
};

/*
 * Writes the sentence and returns -code, so that callers write `return err_set(err, EINVAL, ...)`.
 */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno value `code` behind the sentence. */
int err_set_errno(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of what is there. */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
