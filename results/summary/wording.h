/* How times, numbers and ratios are written, wherever they are for people. */
#pragma once

#include "stats.h"

/* ISO 8601 in UTC: 2026-11-20T23:14:55Z. `out` holds WORDING_TIME_BYTES. */
#define WORDING_TIME_BYTES 40
void wording_time(char *out, int64_t seconds);

/*
 * With the digits that a reader can use: 0.00048, 0.012, 1.23, 12.3, 1234. `out` holds
 * WORDING_NUMBER_BYTES.
 */
#define WORDING_NUMBER_BYTES 32
void wording_number(char *out, double value);

/* "1.23 [1.19, 1.28]" and the marks that the legend explains: = and ~. `out` holds WORDING_RATIO_BYTES. */
#define WORDING_RATIO_BYTES 128
void wording_ratio(char *out, const struct interval *ratio, enum verdict verdict);
