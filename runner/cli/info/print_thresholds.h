/* What a plan says about thresholds, as a table and three sentences for people. */
#pragma once

#include <stdio.h>

#include "thresholds.h"

void print_thresholds(FILE *out, const struct thresholds *t);
