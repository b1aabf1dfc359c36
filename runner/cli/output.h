/* A stored run on standard output, in the form that the user asked for. */
#pragma once

#include "store.h"

enum output_form { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

struct output {
    enum output_form form;
    bool memory;     /* also where the memory went; of tables */
    bool statistics; /* also what allocators told of themselves; as CSV: that alone */
};

/* 0 or a negative errno. */
int output_run(struct store *store, int64_t run_id, const struct output *how,
               struct err *err) MUST_CHECK;
