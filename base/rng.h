/*
 * Repeatable random numbers: xoshiro256** seeded by splitmix64 (Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", 2018; public domain reference). Same seed, same sequence,
 * on every machine. A struct rng belongs to one thread.
 */
#pragma once

#include "bits.h"

struct rng {
    uint64_t s[4];
};

static inline uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static inline void rng_seed(struct rng *r, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        r->s[i] = rng_splitmix(&seed);
}

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s, result = s[1] * 5, t = s[1] << 17;
    result = ((result << 7) | (result >> 57)) * 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

/* Uniform in [0, n), n > 0, without bias (Lemire 2019, multiply and reject). */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
    for (;;) {
        __uint128_t m = (__uint128_t)rng_next(r) * n;
        uint64_t low = (uint64_t)m;
        if (low >= n ||
            low >= (0 - n) % n) /* the first says it without a division, nearly always */
            return (uint64_t)(m >> 64);
    }
}

/* Uniform in [0, 1) with 53 random bits. */
static inline double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}
