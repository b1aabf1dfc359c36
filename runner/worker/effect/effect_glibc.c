#include <string.h>

#include "bits.h"
#include "effect_probes.h"

effect_probe *effect_find_glibc(const char *name)
{
    static const struct {
        const char *name;
        effect_probe *probe;
    } probes[] = {
        {"mmap_threshold", effect_mmap_threshold},
        {"trim_threshold", effect_trim_threshold},
        {"top_pad", effect_top_pad},
        {"mmap_max", effect_mmap_max},
        {"arena_max", effect_arena_max},
        {"arena_test", effect_arena_test},
        {"tcache_count", effect_tcache_count},
        {"tcache_max", effect_tcache_max},
        {"mxfast", effect_mxfast},
        {"hugetlb", effect_hugetlb},
        {"perturb", effect_perturb},
    };
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
        if (strcmp(probes[i].name, name) == 0)
            return probes[i].probe;
    return NULL;
}
