/* Small facts about the compiler and about integers. Everything is pure; any thread may call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x)     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define COLD          __attribute__((cold, noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define MUST_CHECK    __attribute__((warn_unused_result))
#define EXPORT        __attribute__((visibility("default")))
#define HIDDEN        __attribute__((visibility("hidden"))) /* of a declaration: no way through the GOT */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes that two threads should not share: two lines, because hardware fetches lines in pairs. */
#define CACHE_LINE_BYTES 64
#define NO_SHARING_BYTES 128

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* `unit` is a power of two; the caller excludes overflow. */
static inline uint64_t round_up(uint64_t n, uint64_t unit)
{
    return (n + unit - 1) & ~(unit - 1);
}

static inline bool is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* Index of the highest set bit; n is not 0. */
static inline unsigned log2_floor(uint64_t n)
{
    return 63 - (unsigned)__builtin_clzll(n);
}
