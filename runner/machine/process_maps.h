/* The mappings of a process, read line by line from /proc/PID/maps. Any thread may call. */
#pragma once

#include <sys/types.h>

#include "err.h"

/*
 * The file that is mapped at `address` in process `pid`, e.g. the library that holds a function, in
 * path[n]. 0, or
 *   -ENOENT        nothing is mapped there, or memory without a file
 *   -ESTALE        the file has been deleted or replaced since: its path may lead to another.
 *                  path[] holds it all the same
 *   -ENAMETOOLONG  the path does not fit
 *   what the system said when the mappings could not be read
 */
int process_file_of(pid_t pid, uint64_t address, char *path, size_t n, struct err *err) MUST_CHECK;

/* How many mappings the process has. */
int process_n_mappings(pid_t pid, uint64_t *n_mappings, struct err *err) MUST_CHECK;

/* Whether the file at the real path `file` is mapped: 1, 0 or what the system said. */
int process_maps_file(pid_t pid, const char *file, struct err *err) MUST_CHECK;
