/* What the rows of the project's own allocators have in common: one variable, and the settings of the
 * arena layer, whose ranges are those of allocators/arena. */
#pragma once

#include "statistics.h"
#include "table.h"

#define OWN_SETTING(allocator, setting) \
    .name = setting, .key = allocator "." setting, .proof = STATISTICS_FUNCTION "()"

/* clang-format off */
#define OWN_COMMON_SETTINGS(allocator) \
    {OWN_SETTING(allocator, "arena_max"), .unit = SETTING_COUNT, .initial = "8 for each core", \
     .least = 1, .most = 65536, .help = "most arenas; threads beyond share", \
     .knob = {.rank = 4, .levels = "1|2|4|8|16|32"}}, \
    {OWN_SETTING(allocator, "arena_test"), .unit = SETTING_COUNT, .initial = "8", \
     .least = 1, .most = 65536, .help = "arenas made before the limit by cores is looked at", \
     .knob = {.rank = 7, .levels = "16|64|256"}}, \
    {OWN_SETTING(allocator, "mmap_threshold"), .unit = SETTING_BYTES, \
     .initial = "128K, rising with what is freed, up to 32M", .most = INT64_MAX, \
     .help = "from this size on each object is a mapping of its own; given, it no longer rises", \
     .knob = {.rank = 1, .from = 32 * KIB, .to = 32 * MIB, .steps = 6, .is_dynamic = true}}, \
    {OWN_SETTING(allocator, "trim_threshold"), .unit = SETTING_BYTES, \
     .initial = "128K, rising to twice mmap_threshold", .most = INT64_MAX, \
     .help = "free bytes at the end of a heap above which they go back to the system", \
     .knob = {.rank = 2, .levels = "256K|1M|8M|64M|512M", .is_dynamic = true}}, \
    {OWN_SETTING(allocator, "trim_regret_ms"), .unit = SETTING_COUNT, .initial = "100", \
     .most = UINT32_MAX, \
     .help = "memory given back that is wanted again within so many ms doubles the arena's " \
             "trim_threshold, up to 32M; 0: never, as glibc", \
     .knob = {.rank = 6, .levels = "0|10|100|1000"}}, \
    {OWN_SETTING(allocator, "top_pad"), .unit = SETTING_BYTES, .initial = "128K", \
     .most = INT64_MAX, \
     .help = "extra bytes taken whenever a heap grows, and kept when it is trimmed", \
     .knob = {.rank = 3, .levels = "0|128K|1M|8M|64M"}}, \
    {OWN_SETTING(allocator, "mmap_max"), .unit = SETTING_COUNT, .initial = "65536", \
     .most = INT32_MAX, .help = "most objects with a mapping of their own; 0: none", \
     .knob = {.rank = 5, .levels = "0|256|4096|65536"}}, \
    {OWN_SETTING(allocator, "perturb"), .unit = SETTING_COUNT, .initial = "0: off", .most = 255, \
     .help = "byte with which objects are filled when freed (and inverted, when made)"}

#define OWN_ALLOCATOR(word) \
    .name = word, .kind = ALLOCATOR_LINKED, .worker = "worker-" word, \
    .malloc_file = "libarenabench-" word ".so", .variable = "ARENABENCH_TUNABLES", \
    .assign = '=', .between = ':', .tells = true
/* clang-format on */
