/* What threads waited for each other, in the cells where they did. */
#pragma once

#include "report.h"

/* A smaller share of the threads' time is not worth a line. */
#define REPORT_WAITING_LEAST 0.01

/*
 * A table of the cells in which the threads of any contender waited for that much of their lives;
 * nothing where there is none. 0 or -ENOMEM.
 */
int report_waiting(FILE *out, const struct summary *s, const struct report_look *look,
                   struct err *err) MUST_CHECK;
