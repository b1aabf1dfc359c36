/* What header and footer of an open trace say; for the files of this folder. */
#pragma once

#include "trace_info.h"
#include "trace_reader.h"

void trace_summary(struct trace_info *info, const struct trace_reader *r);
