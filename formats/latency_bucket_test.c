/* The bounds that latency_bucket.h promises, over its whole range. */
#include "latency_bucket.h"

#include "rng.h"
#include "unit.h"

/* A value lies in its bucket, and the bucket's greatest value is less than 1/32 above it. */
static void check_value(uint64_t ns)
{
    unsigned bucket = latency_bucket(ns);
    ck_assert_uint_lt(bucket, LATENCY_BUCKETS);
    uint64_t begin = latency_bucket_begin(bucket), last = latency_bucket_end(bucket) - 1;
    ck_assert_uint_le(begin, ns);
    ck_assert_uint_ge(last, ns);
    ck_assert_uint_le((last - ns) * 32, ns);
}

START_TEST(every_bucket_is_as_narrow_as_promised)
{
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        uint64_t begin = latency_bucket_begin(i), end = latency_bucket_end(i);
        ck_assert_uint_lt(begin, end);
        ck_assert_uint_eq(latency_bucket(begin), i);
        ck_assert_uint_eq(latency_bucket(end - 1), i);
        check_value(begin); /* where the error is greatest, relative to the value */
        check_value(end - 1);
        if (i > 0)
            ck_assert_uint_eq(begin, latency_bucket_end(i - 1));
    }
    ck_assert_uint_eq(latency_bucket_begin(0), 0);
    ck_assert_uint_eq(latency_bucket_end(LATENCY_BUCKETS - 1), LATENCY_END_NS);
}
END_TEST

START_TEST(every_value_is_in_its_bucket)
{
    for (uint64_t ns = 0; ns < 1 << 16; ns++)
        check_value(ns);
    struct rng rng;
    rng_seed(&rng, 1);
    for (unsigned i = 0; i < 100000; i++)
        check_value(rng_next(&rng) >> (28 + rng_below(&rng, 36)));
}
END_TEST

START_TEST(what_is_too_long_is_in_the_last_bucket)
{
    ck_assert_uint_eq(latency_bucket(LATENCY_END_NS - 1), LATENCY_BUCKETS - 1);
    ck_assert_uint_eq(latency_bucket(LATENCY_END_NS), LATENCY_BUCKETS - 1);
    ck_assert_uint_eq(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}
END_TEST

START_TEST(classes_end_at_their_sizes)
{
    static const uint64_t ends[] = {64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB};
    ck_assert_uint_eq(ARRAY_SIZE(ends), LATENCY_CLASSES - 1);
    ck_assert_uint_eq(latency_class(0), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        ck_assert_uint_eq(latency_class_bytes(i), ends[i]);
        ck_assert_uint_eq(latency_class(ends[i]), i);
        ck_assert_uint_eq(latency_class(ends[i] + 1), i + 1);
    }
    ck_assert_uint_eq(latency_class(UINT64_MAX), LATENCY_CLASSES - 1);
    ck_assert_uint_eq(latency_class_bytes(LATENCY_CLASSES - 1), UINT64_MAX);
}
END_TEST

UNIT_MAIN("latency buckets", every_bucket_is_as_narrow_as_promised, every_value_is_in_its_bucket,
          what_is_too_long_is_in_the_last_bucket, classes_end_at_their_sizes)
