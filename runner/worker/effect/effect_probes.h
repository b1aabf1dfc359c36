/* The probes of single settings; see effect.h. Private to this folder. */
#pragma once

#include "effect.h"

effect_probe effect_mmap_threshold, effect_mmap_max, effect_top_pad, effect_trim_threshold,
    effect_tcache_count, effect_tcache_max, effect_mxfast, effect_perturb, effect_arena_max,
    effect_arena_test, effect_hugetlb;
