/* Decimal text as fixed-point integers, the same on every machine and in every locale. Pure. */
#pragma once

#include "bits.h"

/*
 * Reads all of text[0, n), as 12, 0.5 or 1.5e-3, in billionths, rounded half up; digits behind the
 * 19th significant one are taken for 0. False when it is no such number or is above `most`.
 */
bool shape_number(const char *text, size_t n, uint64_t most, uint64_t *billionths) MUST_CHECK;

/* Reads a whole number without sign, point and exponent. */
bool shape_whole(const char *text, size_t n, uint64_t most, uint64_t *value) MUST_CHECK;
