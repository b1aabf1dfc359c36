/*
 * Named numbers that a user may set, as a table of rows; text to values and back.
 *
 *      text     key=value[:key=value...]
 *      count    100000, 100k, 2M            powers of 1000
 *      bytes    4096, 64K, 1.5M, 2GiB       powers of 1024
 *      share    0.2, 20%
 *      factor   1.5
 *      yes/no   yes, no
 *      choice   one of the row's words
 *
 * The separator is ':' because the command line separates whole workloads by ','. Values are
 * integers (shares and factors in millionths), so the same text means the same value on every
 * machine and in every locale. A table ends with a row without a name. Pure; any thread may call.
 */
#pragma once

#include "err.h"

enum param_unit { PARAM_COUNT, PARAM_BYTES, PARAM_SHARE, PARAM_FACTOR, PARAM_YES_NO, PARAM_CHOICE };

/* 1.0 of a share or a factor; the number x in the rows of a table. */
#define PARAM_ONE           ((uint64_t)1000000)
#define PARAM_MILLIONTHS(x) ((uint64_t)((x)*1e6 + 0.5))

#define PARAMS_MAX        12 /* rows of one table */
#define PARAM_VALUE_BYTES 32 /* room for the text of any value */
#define PARAM_RANGE_BYTES 64

struct param {
    const char *name;
    enum param_unit unit;
    uint64_t preset, min, max;
    const char *help;
    const char *const *choices; /* PARAM_CHOICE: max + 1 words; the value is the word's index */
};

size_t params_count(const struct param *rows);

/* The row's index, or -1. */
int params_find(const struct param *rows, const char *name, size_t length);

/* Sets all values to the table's defaults. */
void params_preset(const struct param *rows, uint64_t values[PARAMS_MAX]);

/*
 * Overwrites the values that `text` names. 0 or -EINVAL: a key that is unknown (the near ones are
 * named) or given twice, a value that is no number of its unit or lies outside its range; `values`
 * may be partly overwritten then.
 */
int params_parse(const struct param *rows, const char *text, size_t length,
                 uint64_t values[PARAMS_MAX], struct err *err) MUST_CHECK;

/*
 * The text that names the values differing from the defaults, in the order of the rows; "" when
 * none does. params_parse() of it gives the same values. Returns its length; cut off at n bytes.
 */
size_t params_format(const struct param *rows, const uint64_t *values, char *out, size_t n);

size_t param_format_value(const struct param *row, uint64_t value, char *out, size_t n);
/* "1..4K", "yes|no", "none|order|time" */
size_t param_format_range(const struct param *row, char *out, size_t n);
/* "count", "bytes", ... */
const char *param_unit_name(enum param_unit unit);
