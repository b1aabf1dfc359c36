/*
 * An allocator that breaks one clause of the contract, and no other, for tests: glibc's malloc, but
 * for the fault that BROKEN in its environment names after the clause that must find it.
 */
#pragma once

#include "bits.h"

enum fault {
    NONE,
    ALIGNMENT,       /* blocks of 1000 bytes are aligned to 8 */
    ALIGNED,         /* an alignment of 64 KiB is forgotten */
    CALLOC_ZEROES,   /* 3000 bytes are not zeroed */
    REALLOC_CONTENT, /* the second half of a large block is lost when it grows */
    USABLE_SIZE,     /* too large by 64 for blocks of some 1000 bytes */
    ZERO,            /* malloc(0) is NULL */
    HUGE_SIZES,      /* the size wraps when a header is added */
    CALLOC_OVERFLOW, /* the product wraps */
    REALLOCARRAY,    /* the product wraps */
    REALLOC_EDGES,   /* realloc(p, 0) returns a block */
    POSIX_MEMALIGN,  /* a bad alignment sets the pointer to NULL */
    FREE_ERRNO,      /* free of a large block sets errno */
    EXHAUSTION,      /* NULL without errno */
    OVERLAP,         /* after some 100 000s of small blocks one is given out twice */
    REMOTE_FREE,     /* frees of a thread that never allocates are forgotten after 100 000 */
    ORPHANS,         /* a block of 777 bytes is overwritten when its thread ends */
    SHORT_THREADS,   /* each thread leaves 1 KiB behind */
    FORK,            /* allocation in a forked child ends it */
    CONSTRUCTORS,    /* NULL before its own constructor has run */
    DESTRUCTORS,     /* allocation after the handlers of atexit ends the process */
    TLS_DESTRUCTORS, /* likewise in a thread whose data's destructors have begun to run */
    DLCLOSE,         /* likewise after a dlclose */
    FAULTS
};

/* What BROKEN says; also before main. */
enum fault fault(void);

/* One line on stderr, then abort. */
_Noreturn void fault_die(const char *line);

/* Allocation begins, of `bytes`: may die, or refuse by true, where the fault is one of time or place. */
bool fault_refuses(void);

/* A block of malloc, before it is given out; what is given out. Counts, and notes who has it. */
void *fault_give(void *p, size_t bytes);

/* A block comes back: whether it is to be forgotten. */
bool fault_forgets(void *p);
