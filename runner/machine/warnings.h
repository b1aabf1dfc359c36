/* What the facts of a machine do to a measurement, in words. Pure; any thread may call. */
#pragma once

#include "facts.h"

#define MACHINE_WARNINGS_MAX  16
#define MACHINE_WARNING_BYTES 384

struct machine_warning {
    const char *key;                  /* of the fact; static */
    char text[MACHINE_WARNING_BYTES]; /* one sentence: what it spoils, and what to do */
};

/* Writes the warnings that apply and returns how many. A fact that is unknown warns of nothing. */
size_t machine_warnings(const struct machine_facts *facts,
                        struct machine_warning out[MACHINE_WARNINGS_MAX]);
