/*
 * How much memory a process holds, read from outside through /proc. Whoever may ptrace the process
 * may read (its parent of the same user, say). Nothing here stops or slows the process but
 * process_memory_read(), which takes its memory lock and walks its page tables: call that only
 * while its threads stand still. Any thread may call; a struct process_statm belongs to one thread.
 */
#pragma once

#include <sys/types.h>

#include "err.h"

/* Exact, from /proc/PID/smaps_rollup. */
struct process_memory {
    uint64_t rss_bytes;
    uint64_t anonymous_bytes; /* resident, without a file behind it */
    uint64_t lazy_free_bytes; /* resident, but given up by MADV_FREE */
    uint64_t huge_bytes;      /* resident in transparent huge pages, anonymous */
    uint64_t swap_bytes;
};

int process_memory_read(pid_t pid, struct process_memory *out, struct err *err) MUST_CHECK;

/* The greatest resident size since the start or the last reset, as the kernel kept it (VmHWM). */
int process_peak_bytes(pid_t pid, uint64_t *bytes, struct err *err) MUST_CHECK;
/* Sets it back to what is resident now. */
int process_reset_peak(pid_t pid, struct err *err) MUST_CHECK;

/* The fast reading: one pread of a file kept open, some microseconds. */
struct process_statm {
    int fd; /* negative: closed */
    uint64_t page_bytes;
};

struct statm {
    uint64_t size_bytes; /* address space */
    uint64_t rss_bytes;  /* off by some dozens of pages per CPU on newer kernels */
};

/* The caller closes *s, after a failure too if it likes. */
int process_statm_open(struct process_statm *s, pid_t pid, struct err *err) MUST_CHECK;
/* All 0 for a process that has ended and was not waited for; -ESRCH once it was. */
int process_statm_read(const struct process_statm *s, struct statm *out,
                       struct err *err) MUST_CHECK;
void process_statm_close(struct process_statm *s);

/*
 * What is resident by its kind, by one pread of /proc/PID/status, kept open: some ten microseconds.
 * Kernels from 6.2 to 6.15 tell it in batches of pages, some dozens per CPU off.
 */
struct process_status {
    int fd; /* negative: closed */
};

struct process_resident {
    uint64_t anonymous_bytes, file_bytes, shared_bytes;
    uint64_t peak_bytes; /* the greatest of all three together, ever */
};

/* The caller closes *s, after a failure too if it likes. */
int process_status_open(struct process_status *s, pid_t pid, struct err *err) MUST_CHECK;
/* -ENODATA of a process that has ended and was not waited for, -ESRCH once it was. */
int process_status_read(const struct process_status *s, struct process_resident *out,
                        struct err *err) MUST_CHECK;
void process_status_close(struct process_status *s);

/*
 * Anonymous resident bytes in all, and of them those of the data segment that brk(2) moves ([heap]);
 * exact, from /proc/PID/smaps, one walk for both. It is as dear as the process has pages.
 */
int process_heap_read(pid_t pid, uint64_t *anonymous_bytes, uint64_t *heap_bytes,
                      struct err *err) MUST_CHECK;
