/* What the rows of the project's own allocators have in common: one variable, and the settings of the
 * arena layer, whose ranges are those of allocators/arena. */
#pragma once

#include "table.h"

#define OWN_SETTING(allocator, setting) .name = setting, .key = allocator "." setting

/* clang-format off */
#define OWN_COMMON_SETTINGS(allocator) \
    {OWN_SETTING(allocator, "arena_max"), .unit = SETTING_COUNT, .initial = "8 for each core", \
     .least = 1, .most = 65536, .help = "most arenas; threads beyond share"}, \
    {OWN_SETTING(allocator, "arena_test"), .unit = SETTING_COUNT, .initial = "8", \
     .least = 1, .most = 65536, .help = "arenas made before the limit by cores is looked at"}, \
    {OWN_SETTING(allocator, "mmap_threshold"), .unit = SETTING_BYTES, \
     .initial = "128K, rising with what is freed, up to 32M", .most = INT64_MAX, \
     .help = "from this size on each object is a mapping of its own; given, it no longer rises"}, \
    {OWN_SETTING(allocator, "trim_threshold"), .unit = SETTING_BYTES, \
     .initial = "128K, rising to twice mmap_threshold", .most = INT64_MAX, \
     .help = "free bytes at the end of a heap above which they go back to the system"}, \
    {OWN_SETTING(allocator, "trim_regret_ms"), .unit = SETTING_COUNT, .initial = "100", \
     .most = UINT32_MAX, \
     .help = "memory given back that is wanted again within so many ms doubles the arena's " \
             "trim_threshold, up to 32M; 0: never, as glibc"}, \
    {OWN_SETTING(allocator, "top_pad"), .unit = SETTING_BYTES, .initial = "128K", \
     .most = INT64_MAX, \
     .help = "extra bytes taken whenever a heap grows, and kept when it is trimmed"}, \
    {OWN_SETTING(allocator, "mmap_max"), .unit = SETTING_COUNT, .initial = "65536", \
     .most = INT32_MAX, .help = "most objects with a mapping of their own; 0: none"}, \
    {OWN_SETTING(allocator, "perturb"), .unit = SETTING_COUNT, .initial = "0: off", .most = 255, \
     .help = "byte with which objects are filled when freed (and inverted, when made)"}

#define OWN_ALLOCATOR(word) \
    .name = word, .kind = ALLOCATOR_LINKED, .worker = "worker-" word, \
    .malloc_file = "libarenabench-" word ".so", .variable = "ARENABENCH_TUNABLES", \
    .assign = '=', .between = ':', .tells = true
/* clang-format on */
