/*
 * Which value of a setting holds, as an allocator's own interface has it: for those that offer one. Each is
 * looked up weakly, so that a worker that is linked with another allocator has it as absent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Fills in *value for the setting of that name (allocators/rows), and tells whether it could. */
typedef bool read_setting(const char *name, uint64_t *value);

/* Of the allocator in this process; NULL when it has no such interface. */
read_setting *read_find(void);

/* Each returns false where its allocator is not in this process. */
bool read_jemalloc(const char *name, uint64_t *value);
bool read_mimalloc(const char *name, uint64_t *value);
bool read_tcmalloc(const char *name, uint64_t *value);

bool read_has_jemalloc(void);
bool read_has_mimalloc(void);
bool read_has_tcmalloc(void);
