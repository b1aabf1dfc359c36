/* What a plan says about thresholds, as a table and three sentences for people. */
#pragma once

#include <stdio.h>

#include "thresholds.h"

/* `why`: the sentences of thresholds_why() with neither given. */
void print_thresholds(FILE *out, const struct thresholds *t,
                      char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES]);
