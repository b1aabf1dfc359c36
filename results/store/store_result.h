/* The columns that hold a struct trial_result, the same ones wherever it is kept. */
#pragma once

#include <sqlite3.h>
#include <stdio.h>

#include "store.h"

/* "status, signal, wall_ns, .."; returns how many. */
unsigned store_print_result_columns(FILE *out);

/* Binds them in that order from parameter `first` on; returns the next one. */
int store_bind_result(sqlite3_stmt *q, int first, const struct trial_result *r);

/* Reads them from column `first` on; returns the next one, or -EINVAL. Leaves samples and statistics. */
int store_read_result(struct store *s, sqlite3_stmt *q, int first, struct trial_result *r,
                      struct err *err) MUST_CHECK;
