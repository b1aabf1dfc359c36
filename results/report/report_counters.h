/* The processor's counters of a run, per call of the malloc family. */
#pragma once

#include "report.h"

/* The fact of a run that says which counters there are, or "none: " and why. */
#define REPORT_COUNTERS_FACT "hardware_counters"

/* Ends with a row without a name. */
struct report_counter {
    const char *name;  /* "instructions_per_call" */
    const char *title; /* for people */
    size_t offset;     /* of the count in struct trial_result */
};
extern const struct report_counter report_counters[];
#define REPORT_COUNTERS 4u

/* Of a trial that ended well; NaN where it is not known. */
double report_per_call(const struct report_counter *c, const struct trial_result *result);

/* One line: where the counters are to be seen, or why there are none. */
void report_counters_line(FILE *out, const struct summary *s);

/*
 * A line for each cell and subject, medians over the trials that ended well. To stand behind report_table(). Says so
 * where there are none.
 */
int report_counters_table(FILE *out, struct store *store, const struct summary *s,
                          const struct report_look *look, struct err *err) MUST_CHECK;
