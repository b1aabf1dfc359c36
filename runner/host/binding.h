/* Where the threads of a worker run: bound from outside, read back, and told as a text. */
#pragma once

#include "trial_host.h"
#include "worker_process.h"

/*
 * A list of CPU lists, thread by thread: roots in the order of the plan, then those that they
 * started. "0;1;0 x3": three threads in a row have CPU 0. One that is too long ends in "...".
 */
struct binding_text {
    char *out;
    size_t n, used;
    char last[128];
    unsigned repeated;
};

/* Binds every root and appends what the kernel really gave. 0 or a negative errno. */
int binding_of_roots(const struct worker_process *w, const struct trial_request *request,
                     struct binding_text *text, struct err *err) MUST_CHECK;

/*
 * After the end: appends where the spawned threads were, which bound themselves. -EIO when one of
 * them could not.
 */
int binding_of_spawned(const struct worker_process *w, const struct trial_request *request,
                       struct binding_text *text, struct err *err) MUST_CHECK;

/* Writes what was held back for counting. */
void binding_text_end(struct binding_text *text);
