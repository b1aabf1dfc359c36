/*
 * The shape of a recorded program: per size, how often it was allocated and how many objects of it were
 * live on average. Time is that of the recording where there is one (every CLOCK carries it on), and
 * else its events; objects that are never freed live to the end. A realloc ends an object and begins
 * one. Any length of trace; memory as trace_live.h, and that of size_counts.h.
 */
#pragma once

#include "err.h"
#include "size_counts.h"
#include "trace_info.h"

#define TRACE_PROFILE_ROWS_MIN 64u

struct trace_profile {
    struct trace_info info;
    bool timed;                /* rates are per second, else per event */
    double duration;           /* in seconds, or events; not 0 */
    uint32_t n_sizes;          /* that were told apart */
    bool too_many_sizes;       /* to tell all apart */
    struct size_counts counts; /* by size, merged to the rows wanted */
};

/* Per second or event, and on average. */
double trace_profile_rate(const struct trace_profile *p, const struct size_count *c);
double trace_profile_live(const struct trace_profile *p, const struct size_count *c);
double trace_profile_live_bytes(const struct trace_profile *p);

/* At most `rows` rows, TRACE_PROFILE_ROWS_MIN or more. 0 or as trace_info_read(); release in any case. */
int trace_profile_read(const char *path, uint32_t rows, struct trace_profile *out,
                       struct err *err) MUST_CHECK;
void trace_profile_release(struct trace_profile *p);
