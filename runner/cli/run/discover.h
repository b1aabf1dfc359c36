/*
 * The size classes of the allocators of a run, found out before its plans are made: each subject's worker is started once,
 * in the environment that its trials have, and asks malloc_usable_size.
 */
#pragma once

#include "places.h"
#include "size_classes.h"
#include "subject.h"

/*
 * Joins the classes of all subjects; null, which is no allocator, is not asked. One that does not tell them (it has no
 * malloc_usable_size, it crashes, or what it tells cannot be) is left out, with a note to stderr. The list is empty when
 * none tells. 0 or a negative errno.
 */
int discover_classes(const struct subject *subjects, uint32_t n, const struct places *places,
                     struct size_classes *out, struct err *err) MUST_CHECK;

/* Likewise of a list of subjects as users write it: "glibc,jemalloc". */
int discover_classes_of_list(const char *list, const struct places *places,
                             struct size_classes *out, struct err *err) MUST_CHECK;
