/*
 * Memory from the system, and waiting in it; the only file of the project's measured parts that
 * calls mmap, brk, futex and their kin. All sizes are rounded up to pages. Any thread may call;
 * nothing here calls malloc.
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

/*
 * Takes what bytes [from, to) of a file's shared mapping at `p` occupy out of this process, and up to
 * 64 KiB before; the next access finds it in the file again, with what was written there.
 */
void os_forget(const void *p, size_t from, size_t to);

/* `p` is where the mapping is now; NULL with errno set, and it stays as it was. */
void *os_remap(void *p, size_t old_bytes, size_t new_bytes);

size_t os_page_bytes(void);

/*
 * Address space without access and without backing. os_reserve_at: exactly there, or NULL, and then
 * whatever is there already stays untouched. NULL with errno set.
 */
void *os_reserve(size_t bytes);
void *os_reserve_at(void *p, size_t bytes);

/*
 * Parts of a reservation, whole pages. os_open allows reading and writing; what was never open, or
 * was closed or discarded, reads as zero. os_close takes back pages, access and the promise of
 * memory; os_discard only the pages. 0 or a negative errno.
 */
int os_open(void *p, size_t bytes);
int os_close(void *p, size_t bytes);
int os_discard(void *p, size_t bytes);

/* Moves the end of the data segment by `bytes`, which may be negative or 0; where it was before, or
 * NULL with errno set. Not rounded to pages. */
void *os_break(ptrdiff_t bytes);

/*
 * Sleeps while *word is `expected`; may return early, so the caller looks again. os_wake_one wakes one
 * of the sleepers. For threads of this process; errno stays as it is.
 */
void os_wait(_Atomic uint32_t *word, uint32_t expected);
void os_wake_one(_Atomic uint32_t *word);
