/* Lists of CPU numbers as people write them and as the kernel prints them. Any thread may call. */
#pragma once

#include <hwloc.h>

#include "err.h"

/* Far above any kernel's limit; keeps a slip of the finger from making a set of gigabytes. */
#define CPU_NUMBER_MAX 65535u

/*
 * Reads "0-3,8,0-14:2,10-" into `out`, which is emptied first. An open range stands for those of
 * `present` from its start on. 0, -ENOMEM, or -EINVAL with what cannot be read.
 */
int cpu_list_parse(const char *list, hwloc_const_bitmap_t present, hwloc_bitmap_t out,
                   struct err *err) MUST_CHECK;

/*
 * "0-3,8"; "none" for the empty set. A list longer than `n` bytes is cut at a comma and ends in
 * "...".
 */
void cpu_list_text(hwloc_const_bitmap_t set, char *text, size_t n);
