#include "own.h"

static const struct setting settings[] = {
    OWN_COMMON_SETTINGS("ptmalloc"),
    {OWN_SETTING("ptmalloc", "mxfast"), .unit = SETTING_BYTES, .initial = "128", .most = 160,
     .grain = 16, .help = "largest chunk of a fast bin; 0: no fast bins"},
    {OWN_SETTING("ptmalloc", "tcache_count"), .unit = SETTING_COUNT, .initial = "256",
     .most = 65535, .help = "most objects of each size kept by a thread; 0: no cache"},
    {OWN_SETTING("ptmalloc", "tcache_bytes"), .unit = SETTING_BYTES, .initial = "16K", .most = MIB,
     .help =
         "bytes of each size kept by a thread at most, but 8 objects at least; it begins with an eighth"},
    {OWN_SETTING("ptmalloc", "tcache_max"), .unit = SETTING_BYTES, .initial = "1032", .most = 1032,
     .help = "largest object that a thread keeps by size"},
    {OWN_SETTING("ptmalloc", "tcache_large"), .unit = SETTING_BYTES, .initial = "64K", .most = GIB,
     .help = "bytes of larger objects, up to 32K each, kept by a thread; 0: none"},
    {0},
};

const struct allocator allocator_ptmalloc = {
    OWN_ALLOCATOR("ptmalloc"),
    .summary = "the project's own: glibc's chunks, bins and arenas under another thread cache",
    .settings = settings,
};
