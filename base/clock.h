/* The clocks. Any thread; async-signal-safe. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_S  1000000000ul
#define NS_PER_MS 1000000ul

/* Nanoseconds of CLOCK_MONOTONIC, comparable between processes of one machine. */
static inline uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}
