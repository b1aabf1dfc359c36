/* The shape of a recorded program as a table that is a workload: see docs/formats.md. */
#pragma once

#include <stdio.h>

#include "trace_profile.h"

void print_profile(FILE *out, const struct trace_profile *p);
