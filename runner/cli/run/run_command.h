/* The words that make a run again. */
#pragma once

#include "run_config.h"

/*
 * "arenabench run -a glibc,mimalloc ...", quoted for a shell where it has to be; a text that the caller frees, NULL when
 * out of memory. Options whose value is the program's default are there, too: defaults change.
 */
char *run_command(const struct run_config *c);
