/* What the contract's clauses found, for each allocator, printed in three forms. */
#pragma once

#include <stdio.h>

#include "clause.h"

/* One allocator: borrowed names, and a result for each clause tried, in their order. */
struct contract_column {
    const char *name;
    const char *file; /* that serves malloc; "" for glibc */
    struct clause_result *results;
};

struct contract_report {
    const struct clause *const *clauses;
    size_t n_clauses;
    const struct contract_column *columns;
    size_t n_columns;
};

/* A row for each clause, a column for each allocator, and below it what was seen where it failed. */
void contract_report_table(FILE *out, const struct contract_report *report);

/* A header line and a line for each cell; quoted as in RFC 4180. */
void contract_report_csv(FILE *out, const struct contract_report *report);

/* An object: "clauses", each with its sentence, and "allocators", each with its "results". */
int contract_report_json(FILE *out, const struct contract_report *report,
                         struct err *err) MUST_CHECK;
