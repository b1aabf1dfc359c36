/* Sizes by which tests know objects again: what the subject asks for, what the test expects. */
#pragma once

#include <stdint.h>

#define SUBJECT_WINDOW  8   /* objects on their way to each neighbour */
#define SUBJECT_CHILD   777 /* bytes that only the forked child asks for */
#define SUBJECT_THREADS 300 /* of the churn */

/* The k-th object that thread t of the ring passes on; `range` sizes from 1000 on. */
static inline uint64_t subject_ring_bytes(uint64_t t, uint64_t k, uint64_t range)
{
    uint64_t mixed = (k * 4 + t) * 0x9e3779b97f4a7c15ull;
    return 1000 + (mixed >> 33) % range;
}
