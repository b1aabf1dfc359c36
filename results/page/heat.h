/*
 * The heap's address space over the marks of a survey, folded so that it can be drawn: rows are stretches of
 * addresses of which any was resident at some mark, in ascending order, what lies between them left out; columns
 * are marks. Pure; any thread.
 */
#pragma once

#include "survey.h"

#define HEAT_ROWS  64u
#define HEAT_EMPTY '0' /* resident, and nothing of it live */
#define HEAT_NONE  ' ' /* nothing resident */

struct heat {
    uint32_t n_rows, n_columns;
    uint64_t row_bytes; /* of addresses that a row stands for at most */
    char *
        cells; /* column by column, n_rows each: HEAT_NONE, HEAT_EMPTY, or '0' + k for a share that is live of more than
                    (k - 1) and at most k sixteenths; owned */
};

/* What is to be drawn: n marks of a survey, by index, and the size of a page in bytes. */
struct heat_source {
    const struct survey *survey;
    const uint32_t *marks;
    uint32_t n;
    uint64_t page_bytes;
};

/* The caller frees out->cells. 0 or -ENOMEM. */
int heat_make(const struct heat_source *from, struct heat *out, struct err *err) MUST_CHECK;
