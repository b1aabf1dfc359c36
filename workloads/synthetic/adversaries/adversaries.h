/*
 * Sequences that drive an allocator towards the bound of its kind. Each begins with an empty heap and
 * leaves it empty; a pass is one attack.
 *
 * Robson's and the best-fit one count in units: a block of k units is asked for as k * unit - header
 * bytes, so that an allocator with so large a header cuts blocks of exactly k units, one behind the
 * other. Others round in their own way, and the attack loses its edge.
 */
#pragma once

#include "workload.h"

extern const struct workload workload_robson;
extern const struct workload workload_best_fit_worst;
extern const struct workload workload_segregated_worst;
extern const struct workload workload_blow_up;

#define ADVERSARY_LIVE_ROW(preset, help) \
    { \
        "live", PARAM_BYTES, preset, 4096, GIB, help \
    }
#define ADVERSARY_UNIT_ROW(preset) \
    { \
        "unit", PARAM_BYTES, preset, 16, 64 * KIB, "the smallest block, its header included" \
    }
#define ADVERSARY_HEADER_ROW \
    { \
        "header", PARAM_BYTES, 8, 0, 15, "of each block, not for the program" \
    }
