/* A stored run on standard output, in the form that the user asked for. */
#pragma once

#include "store.h"

enum output_form { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

/* 0 or a negative errno. */
int output_run(struct store *store, int64_t run_id, enum output_form form,
               struct err *err) MUST_CHECK;
