/* A stored run, in the form that the user asked for. */
#pragma once

#include "store.h"

enum output_form { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_GOOGLE };

/* What the lines of CSV are. */
enum output_csv { OUTPUT_TRIALS, OUTPUT_SERIES, OUTPUT_MARKS, OUTPUT_LATENCY };

struct output {
    enum output_form form;
    enum output_csv table;
    bool statistics;  /* also what allocators told of themselves; as CSV: that alone */
    bool counters;    /* tables: also the processor's counters, per call */
    bool latency;     /* tables: also how long single calls took */
    bool series;      /* JSON: with the samples of trials and the marks of surveys */
    const char *file; /* to be written; NULL: standard output */
    bool memory;      /* also where the memory went; of tables */
};

/*
 * The run's type of machine and those of others that measured the same, side by side (machines.h); `form` is a table or JSON.
 */
int output_machines(struct store *store, int64_t run_id, const struct output *how,
                    struct err *err) MUST_CHECK;

/* 0 or a negative errno. */
int output_run(struct store *store, int64_t run_id, const struct output *how,
               struct err *err) MUST_CHECK;
