/*
 * Memory from the system; the only file of the project's measured parts that calls mmap and its
 * kin. All sizes are rounded up to pages. Any thread may call; nothing here calls malloc.
 */
#pragma once

#include "bits.h"

/*
 * Zeroed private memory, or NULL with errno set. OS_POPULATE faults every page in before returning,
 * so that a measurement that follows pays for none; OS_RESERVE promises no backing (MAP_NORESERVE).
 */
enum os_map_flags { OS_PLAIN = 0, OS_POPULATE = 1, OS_RESERVE = 2 };
void *os_map(size_t bytes, enum os_map_flags flags);

/* Shared mapping of a file from its start; NULL with errno set. The caller unmaps with os_unmap. */
enum os_file_access { OS_READ, OS_READ_WRITE };
void *os_map_file(int fd, size_t bytes, enum os_file_access access, enum os_map_flags flags);

void os_unmap(void *p, size_t bytes);

size_t os_page_bytes(void);
