/* What one thread is to hold and to allocate: a table at a heap size, by the law in shape.h. */
#pragma once

#include "shape_table.h"

/* Fixed-point numbers: of objects 2^-32, of time 2^-16 allocations of the thread. */
#define SHAPE_COUNT_BITS 32
#define SHAPE_TIME_BITS  16

struct shape_target {
    uint64_t live; /* mean count, SHAPE_COUNT_BITS */
    uint64_t
        life; /* mean, SHAPE_TIME_BITS; cut to SHAPE_PASSES_MAX passes, from where on it does not matter */
};

#define SHAPE_PASSES_MAX 65536u

struct shape_scale {
    const struct shape_table *table;
    uint32_t n_births;            /* of a thread in a pass */
    uint64_t n_live;              /* objects of a thread on average, rounded up */
    struct shape_target *targets; /* by row */
};

/* At most so many objects and births per thread; so nothing overflows. */
#define SHAPE_COUNT_MAX  ((uint64_t)1 << 28)
#define SHAPE_BIRTHS_MAX ((uint64_t)1 << 24)

/* How many objects are live on average, over all threads; rounded up. */
uint64_t shape_scale_objects(const struct shape_table *table, uint64_t heap);

/*
 * `heap` / `threads` bytes for each thread, which hold no more than SHAPE_COUNT_MAX objects. 0 or -ENOMEM.
 * The table stays the caller's and must live as long.
 */
int shape_scale_make(const struct shape_table *table, uint64_t heap, uint32_t threads,
                     uint32_t n_births, struct shape_scale *out, struct err *err) MUST_CHECK;
void shape_scale_release(struct shape_scale *scale);
