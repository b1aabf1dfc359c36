/*
 * Which memory is the worker's own and no allocator's: known by address, because the kernel joins neighbouring
 * mappings. Filled in by the main thread before the clock starts, then only read.
 */
#pragma once

#include "bits.h"

struct range {
    uint64_t from, to;
};

/* Notes [p, p + bytes), rounded out to pages. False when there is no room to note it. */
bool own_note(const void *p, size_t bytes) MUST_CHECK;

/*
 * Zeroed memory, noted, that never is a huge page, which would look like the allocator's. `populate` faults it in.
 * NULL when there is none.
 */
void *own_map(size_t bytes, bool populate);

/* Notes all loaded files with their data, and the calling thread's TLS; puts all in order. */
bool own_close(void) MUST_CHECK;

/* Ascending, apart from each other. */
const struct range *own_ranges(size_t *n);
