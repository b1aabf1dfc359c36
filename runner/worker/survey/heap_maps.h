/*
 * The heap's address space: private anonymous mappings that may be read and written, [heap] among them, less what is
 * the worker's own (own.h). Whatever the allocator, its memory is there. From /proc/self/maps, without
 * stdio and without a request of memory.
 */
#pragma once

#include "own.h"

#define HEAP_MAPS_ROOM (1u << 17) /* more than twice vm.max_map_count as systems have it */

struct heap_maps {
    struct range *ranges; /* room for HEAP_MAPS_ROOM; ascending, apart from each other */
    size_t n;
    uint64_t n_mappings, address_bytes; /* of the process, all kinds; without [vsyscall] */
};

/*
 * Reads /proc/self/maps, which nobody changes meanwhile, through buffer[n_buffer]. False when it cannot be
 * read or holds more than there is room for.
 */
bool heap_maps_read(struct heap_maps *maps, char *buffer, size_t n_buffer) MUST_CHECK;

/*
 * The same of one line of it, without a newline. `own` ascending; *own_at, 0 at first, moves on. For
 * heap_maps_read() and its test.
 */
bool heap_maps_line(struct heap_maps *maps, const char *line, const struct range *own, size_t n_own,
                    size_t *own_at) MUST_CHECK;
