/* Facts of traces and plans for people. */
#pragma once

#include <stdio.h>

#include "plan.h"
#include "shape_table.h"
#include "trace_info.h"

void print_trace_info(FILE *out, const struct trace_info *info);
/* The same as one JSON object. 0 or -ENOMEM. */
int print_trace_json(FILE *out, const struct trace_info *info, struct err *err) MUST_CHECK;
/* One line when the trace at `path` was cut off. */
void print_trace_cut(FILE *out, const char *path, const struct trace_info *info);
void print_shape(FILE *out, const struct shape_table *table);
void print_plan_info(FILE *out, const struct plan *plan);

/* "1.5 MiB" */
void print_bytes(FILE *out, uint64_t bytes);
