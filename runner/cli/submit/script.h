/* The batch scripts of a submission: text for people, sbatch and bash. */
#pragma once

#include "submission.h"

/*
 * The array's; `indices` are the shards that it runs, as sbatch takes them ("0-7", "2,5-6"). The caller frees it; NULL when out
 * of memory.
 */
char *script_of_shards(const struct submission *s, const char *indices);

/* That of the job behind it. Likewise. */
char *script_of_merge(const struct submission *s);

/*
 * The shards of which `wanted` is true as a list of indices: "0-7", "2,5-6". Likewise; "" when there is none.
 */
char *script_indices(const bool *wanted, uint32_t n);

/*
 * Whether a text can stand in a script's line for sbatch, where % and \ mean something: a folder, or an option. -EINVAL with
 * `what`.
 */
int script_check(const char *text, const char *what, struct err *err) MUST_CHECK;
