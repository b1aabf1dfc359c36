#include "table.h"

#include <string.h>

const struct allocator allocator_null = {
    .name = "null",
    .summary =
        "hands out addresses from a small ring and forgets them: what the bench itself costs",
    .kind = ALLOCATOR_LINKED,
    .worker = "worker-null",
    .malloc_file = "libarenabench-null.so",
};

const struct allocator allocator_library = {
    .name = "library",
    .summary = "a library of your own: /path/to/lib.so, or NAME=/path/to/lib.so",
    .kind = ALLOCATOR_PRELOAD,
    .worker = "worker-glibc",
    .malloc_file = "*",
};

static const struct allocator *const allocators[] = {
    &allocator_glibc,    &allocator_jemalloc, &allocator_tcmalloc, &allocator_mimalloc,
    &allocator_implicit, &allocator_ptmalloc, &allocator_buddy,    &allocator_null,
};

const struct allocator *const *allocator_table(size_t *n)
{
    *n = ARRAY_SIZE(allocators);
    return allocators;
}

const struct allocator *allocator_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(allocators); i++) {
        if (strcmp(allocators[i]->name, name) == 0)
            return allocators[i];
    }
    return NULL;
}

const struct setting *allocator_setting(const struct allocator *a, const char *name)
{
    for (const struct setting *s = a->settings; s && s->name; s++) {
        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

const char *setting_unit_name(enum setting_unit unit)
{
    static const char *const names[] = {
        [SETTING_COUNT] = "number",  [SETTING_BYTES] = "bytes",     [SETTING_MIB] = "MiB",
        [SETTING_MS] = "ms",         [SETTING_PERCENT] = "percent", [SETTING_SWITCH] = "on or off",
        [SETTING_FACTOR] = "factor", [SETTING_CHOICE] = "word",
    };
    return names[unit];
}
