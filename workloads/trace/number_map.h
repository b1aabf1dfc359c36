/*
 * From a 64-bit key that is not 0 to a 32-bit number: open addressing. Zero is a valid empty map.
 */
#pragma once

#include "bits.h"

#define NUMBER_MAP_NONE UINT32_MAX

struct number_map {
    struct number_map_entry *entries;
    size_t n, room; /* room is 0 or a power of two */
};

/* Replaces what was there. False when memory is out. */
bool number_map_put(struct number_map *m, uint64_t key, uint32_t number) MUST_CHECK;
/* NUMBER_MAP_NONE when absent. */
uint32_t number_map_get(const struct number_map *m, uint64_t key);
/* Removes the key and returns its number, or NUMBER_MAP_NONE. */
uint32_t number_map_remove(struct number_map *m, uint64_t key);
void number_map_release(struct number_map *m);
