/*
 * The buckets of a latency histogram (survey.h), one definition for who counts and who reads.
 *
 * Bucket i < 32 holds the value i. Behind them each power of two from 2^5 on has 32 buckets of the same
 * width: values of [2^e, 2^(e+1)) lie in steps of 2^(e-5). So the greatest value of a bucket is above no
 * value in it by 1/32 of that value or more.
 */
#pragma once

#include "survey.h"

#define LATENCY_SUBS    (1u << LATENCY_SUB_BITS)
#define LATENCY_MAX_LOG (LATENCY_SUB_BITS + LATENCY_BUCKETS / LATENCY_SUBS - 1)
#define LATENCY_END_NS  ((uint64_t)1 << LATENCY_MAX_LOG) /* from here on all is in the last bucket */
static_assert(LATENCY_MAX_LOG == 36, "buckets reach to 2^36 ns, 69 s");

static inline unsigned latency_bucket(uint64_t ns)
{
    if (ns < LATENCY_SUBS)
        return (unsigned)ns;
    if (ns >= LATENCY_END_NS)
        return LATENCY_BUCKETS - 1;
    unsigned shift = log2_floor(ns) - LATENCY_SUB_BITS;
    return shift * LATENCY_SUBS + (unsigned)(ns >> shift);
}

/* The least value of a bucket, and the first that is above it. */
static inline uint64_t latency_bucket_begin(unsigned bucket)
{
    if (bucket < LATENCY_SUBS)
        return bucket;
    unsigned shift = bucket / LATENCY_SUBS - 1;
    return (uint64_t)(LATENCY_SUBS + bucket % LATENCY_SUBS) << shift;
}

static inline uint64_t latency_bucket_end(unsigned bucket)
{
    return latency_bucket_begin(bucket + 1);
}

/* The greatest requested size of a class; UINT64_MAX of the last: 64, 256, 1024 .. 1 MiB. */
static inline uint64_t latency_class_bytes(unsigned size_class)
{
    return size_class + 1 < LATENCY_CLASSES ? (uint64_t)64 << 2 * size_class : UINT64_MAX;
}

static inline unsigned latency_class(uint64_t bytes)
{
    if (bytes <= 64)
        return 0;
    unsigned size_class = (log2_floor(bytes - 1) - 4) / 2;
    return size_class < LATENCY_CLASSES ? size_class : LATENCY_CLASSES - 1;
}
static_assert(LATENCY_CLASSES == 9, "64 bytes * 4^7 is 1 MiB; one class more for all above");
