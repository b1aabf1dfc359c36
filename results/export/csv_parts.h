/* How the lines of a report's CSV are put together. */
#pragma once

#include <stdio.h>

#include "export.h"

struct csv {
    FILE *out;
    struct store *store;
    const struct summary *s;
};

/* RFC 4180: what holds a comma, a quote or an end of line stands in quotes, with quotes doubled. */
void csv_put_text(FILE *out, const char *text);

/* ",value"; "," for SURVEY_UNKNOWN. */
void csv_put_known(FILE *out, uint64_t value);

/* summary_make() refused files with other trials; one may have been stored since. */
bool csv_is_of_run(const struct store_run *run, uint32_t cell, uint32_t subject);

/* "run,workload,threads,subject," */
void csv_put_place(FILE *out, const struct store_run *run, uint32_t cell, uint32_t subject);
