#include "own.h"

static const struct setting settings[] = {
    OWN_COMMON_SETTINGS("ptmalloc"),
    {OWN_SETTING("ptmalloc", "mxfast"), .unit = SETTING_BYTES, .initial = "128", .most = 160,
     .grain = 16, .help = "largest chunk of a fast bin; 0: no fast bins",
     .knob = {.rank = 12, .levels = "0|64|128|160"}},
    {OWN_SETTING("ptmalloc", "tcache_count"), .unit = SETTING_COUNT, .initial = "256",
     .most = 65535, .help = "most objects of each size kept by a thread; 0: no cache",
     .knob = {.rank = 8, .levels = "0|7|64|256|1024"}},
    {OWN_SETTING("ptmalloc", "tcache_bytes"), .unit = SETTING_BYTES, .initial = "16K", .most = MIB,
     .help =
         "bytes of each size kept by a thread at most, but 8 objects at least; it begins with an eighth",
     .knob = {.rank = 9, .levels = "2K|16K|128K"}},
    {OWN_SETTING("ptmalloc", "tcache_max"), .unit = SETTING_BYTES, .initial = "1032", .most = 1032,
     .help = "largest object that a thread keeps by size",
     .knob = {.rank = 10, .levels = "64|256|1032"}},
    {OWN_SETTING("ptmalloc", "tcache_large"), .unit = SETTING_BYTES, .initial = "64K", .most = GIB,
     .help = "bytes of larger objects, up to 32K each, kept by a thread; 0: none",
     .knob = {.rank = 11, .levels = "0|64K|1M|8M"}},
    {0},
};

const struct allocator allocator_ptmalloc = {
    OWN_ALLOCATOR("ptmalloc"),
    .summary = "the project's own: glibc's chunks, bins and arenas under another thread cache",
    .settings = settings,
};
