/*
 * Plans in files: a plan that was made once, kept, shared, and executed again. One thread at a
 * time.
 */
#pragma once

#include "plan.h"

/* 1 when the file begins as a plan does, 0 when not, or a negative errno when it cannot be read. */
int plan_file_is_plan(const char *path, struct err *err) MUST_CHECK;

/*
 * Reads and checks a plan, whoever wrote it. Yields what plan_builder_finish() yields. 0 or a
 * negative errno with the reason, the thread and the operation.
 */
int plan_file_read(const char *path, int *fd, const struct plan **plan, struct err *err) MUST_CHECK;

/* Writes the plan under a temporary name and renames it when it is whole. 0 or a negative errno. */
int plan_file_write(const char *path, const struct plan *plan, struct err *err) MUST_CHECK;
