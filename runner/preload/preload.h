/*
 * How any program is started on an allocator: which file takes malloc over, and the environment
 * that loads it. For the runner; one thread at a time.
 */
#pragma once

#include "subject.h"

/*
 * The file to preload for subject `s`, in path[n]; "" for glibc, which needs none. For an allocator
 * of the table it is the very file that its worker in folder `workers` is linked with, as the loader
 * finds it. 0, or a negative errno when it is not installed or cannot be preloaded.
 */
int preload_find(const struct subject *s, const char *workers, char *path, size_t n,
                 struct err *err) MUST_CHECK;

/*
 * An environment for exec. All zero is a valid empty one. It borrows from the subject and from the
 * environment that it was made of.
 */
struct preload_environment {
    char **lines; /* "VARIABLE=value", NULL behind the last */
    char *preload;
};

/*
 * `base` (ends with NULL) with what the subject sets put in place of the same variables, and with
 * `library` (as preload_find gave it) in front of what LD_PRELOAD names already. 0 or -ENOMEM.
 */
int preload_environment_make(struct preload_environment *e, const struct subject *s,
                             const char *library, char *const *base, struct err *err) MUST_CHECK;
void preload_environment_release(struct preload_environment *e);
