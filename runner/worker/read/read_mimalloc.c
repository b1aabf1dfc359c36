#include <string.h>

#include "bits.h"
#include "read.h"

extern int mi_version(void) __attribute__((weak));
extern long mi_option_get(int) __attribute__((weak));

/* Options go by their number, which is another in each version. */
#define KNOWN_VERSION 209

/* In the order of mi_option_t of that version; "" is not a setting of the row. */
static const char *const options[] = {
    "",
    "",
    "",
    "eager_commit",
    "",
    "",
    "large_os_pages",
    "reserve_huge_os_pages",
    "",
    "reserve_os_memory",
    "",
    "page_reset",
    "abandoned_page_decommit",
    "",
    "eager_commit_delay",
    "decommit_delay",
    "use_numa_nodes",
    "limit_os_alloc",
    "",
    "",
    "",
    "max_segment_reclaim",
    "allow_decommit",
    "segment_decommit_delay",
    "decommit_extend_delay",
};

bool read_has_mimalloc(void)
{
    return mi_version && mi_option_get;
}

bool read_mimalloc(const char *name, uint64_t *value)
{
    if (mi_version() != KNOWN_VERSION)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        if (strcmp(options[i], name) != 0)
            continue;
        *value = (uint64_t)mi_option_get((int)i);
        if (strcmp(name, "reserve_os_memory") == 0)
            *value *= KIB; /* the one that it keeps in KiB */
        return true;
    }
    return false;
}
