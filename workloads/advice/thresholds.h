/*
 * What a plan says about the thresholds of an allocator like glibc's, gone through once and not executed: all
 * parts, bodies once, threads in one legal order.
 *
 * The model, which an engineer can redo by hand:
 *   chunk      a request with its header: 8 bytes more, rounded up to 16, at least 32
 *   mapping    an object whose chunk is at least mmap_threshold; it is given back when it is freed, and all of it
 *              is faulted in anew by the next. Its size is the chunk's and 8 bytes more, in whole pages
 *   dynamic    not given, mmap_threshold begins at 128K; a free of a mapping of more, and of 32M at most,
 *              raises it to that mapping's size, and trim_threshold to twice that; a realloc does not
 *   heap       one, of all threads, for what is no mapping. All that is free in it lies at its top: a real heap
 *              has less there, so that it trims less often and holds more. It grows by what is missing and the
 *              pad of 128K; a free that leaves a top of at least trim_threshold cuts whole pages off, down to the pad
 *   regrown    what a heap grows by up to where it had been before it was cut
 */
#pragma once

#include "plan.h"

#define THRESHOLDS_MMAP  6u /* candidates, at most */
#define THRESHOLDS_TRIM  6u
#define THRESHOLDS_PAD   (128 * KIB)
#define THRESHOLDS_FIRST (128 * KIB) /* both, when neither is given */

#define THRESHOLDS_UNKNOWN UINT64_MAX

/* Which thresholds a plan is held against: each of one with each of the other. Both ascend. */
struct thresholds_candidates {
    uint64_t mmap[THRESHOLDS_MMAP], trim[THRESHOLDS_TRIM];
    unsigned n_mmap, n_trim;
};

/* 32K to 32M by factors of 4; and 128K, 256K, 1M, 8M, 64M, 512M. */
extern const struct thresholds_candidates thresholds_usual;

/* A heap under one pair of thresholds. */
struct thresholds_heap {
    uint64_t trims;
    uint64_t trimmed_bytes, regrown_bytes;
    uint64_t end_bytes;  /* held at the end of the plan */
    uint64_t peak_bytes; /* most held */
};

/* Objects that are mappings from one candidate for mmap_threshold on. */
struct thresholds_objects {
    uint64_t n, bytes; /* of those made; as requested */
    uint64_t freed;    /* of them, in the plan */
    uint64_t
        life_calls; /* median of those freed, in calls of all threads: to a power of 2 below it */
    /* Likewise in nanoseconds, to a power of 2 and to 1/4096 of the plan; UNKNOWN without times. */
    uint64_t life_ns;
    uint64_t most_live; /* at once: mappings of the process */
};

struct thresholds {
    struct thresholds_candidates at;
    uint64_t calls, n_objects, bytes; /* of the plan */
    struct thresholds_objects objects[THRESHOLDS_MMAP];
    struct thresholds_heap heaps[THRESHOLDS_MMAP][THRESHOLDS_TRIM];
    /* Neither threshold given. */
    uint64_t dynamic_moves;
    uint64_t dynamic_mmap, dynamic_trim; /* where they end */
};

/* Of a plan that passed plan_check(). 0, -ENOMEM, or -EINVAL for one that breaks a law after all. */
int thresholds_read(const struct plan *plan, const struct thresholds_candidates *at,
                    struct thresholds *out, struct err *err) MUST_CHECK;

/* One pair, as a user sets it: what is not given is THRESHOLDS_UNKNOWN. */
struct thresholds_pair {
    uint64_t mmap, trim;
};

#define THRESHOLDS_SENTENCE_BYTES 320
enum { THRESHOLDS_OBJECTS, THRESHOLDS_DYNAMIC, THRESHOLDS_HEAP, THRESHOLDS_SENTENCES };

/*
 * Why, in three sentences with numbers that can be checked, of this very pair: of the objects from mmap_threshold on;
 * of what happens when neither is given; of the heap under both. Of a threshold that is not given, they are of where it
 * ends on its own. Goes through the plan once or twice; 0, or as thresholds_read().
 */
int thresholds_why(const struct plan *plan, const struct thresholds_pair *pair,
                   char out[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES],
                   struct err *err) MUST_CHECK;
