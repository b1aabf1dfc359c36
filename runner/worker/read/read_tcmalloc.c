#include <string.h>

#include "bits.h"
#include "read.h"

extern const char *tc_version(int *, int *, const char **) __attribute__((weak));
extern int MallocExtension_GetNumericProperty(const char *, size_t *) __attribute__((weak));

/* What its C interface lacks, by the names that the library exports. */
extern double
release_rate(const void *) __asm__("_ZN22TCMallocImplementation20GetMemoryReleaseRateEv")
    __attribute__((weak));
extern int64_t
    report_threshold __asm__("_ZN61FLAG__namespace_do_not_use_directly_use_DECLARE_int64_instead"
                             "43FLAGS_tcmalloc_large_alloc_report_thresholdE")
        __attribute__((weak));

bool read_has_tcmalloc(void)
{
    return tc_version && MallocExtension_GetNumericProperty;
}

static const char *property_of(const char *name)
{
    static const struct {
        const char *name, *property;
    } properties[] = {
        {"max_total_thread_cache_bytes", "tcmalloc.max_total_thread_cache_bytes"},
        {"aggressive_decommit", "tcmalloc.aggressive_memory_decommit"},
        {"heap_limit_mb", "tcmalloc.heap_limit_mb"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
        if (strcmp(properties[i].name, name) == 0)
            return properties[i].property;
    return NULL;
}

bool read_tcmalloc(const char *name, uint64_t *value)
{
    const char *property = property_of(name);
    if (property)
        return MallocExtension_GetNumericProperty(property, value) != 0;
    if (strcmp(name, "release_rate_thousandths") == 0 && release_rate) {
        *value = (uint64_t)(release_rate(NULL) * 1000 + 0.5); /* it looks at no object */
        return true;
    }
    if (strcmp(name, "large_alloc_report_threshold") == 0 && &report_threshold) {
        *value = (uint64_t)report_threshold;
        return true;
    }
    return false;
}
