/* Writing into a new object as the policy says: the measured loop and the observed one do the same. */
#pragma once

#include "control.h"
#include "plan.h"

static ALWAYS_INLINE void write_byte(char *p)
{
    *(volatile char *)p = 1;
}

/* One byte in each `stride` of [from, to), and the last one: no line or page in it is left out. */
static ALWAYS_INLINE void touch_stride(char *p, uint64_t from, uint64_t to, uint64_t stride)
{
    for (uint64_t at = from; at < to; at += stride)
        write_byte(p + at);
    if (from < to)
        write_byte(p + to - 1);
}

/* The word TOUCH: whatever the policy, for the plan says so. */
static inline void touch_again(char *p, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        write_byte(p);
}

static ALWAYS_INLINE void touch(enum touch policy, char *p, uint64_t from, uint64_t to)
{
    switch (policy) {
    case TOUCH_FIRST:
        if (from == 0 && to > 0)
            write_byte(p);
        break;
    case TOUCH_LINE:
        if (LIKELY(to <= TOUCH_LINE_BOUND)) {
            touch_stride(p, from, to, CACHE_LINE_BYTES);
            break;
        }
        touch_stride(p, from, TOUCH_LINE_BOUND, CACHE_LINE_BYTES);
        touch_stride(p, from > TOUCH_LINE_BOUND ? from : TOUCH_LINE_BOUND, to, PLAN_EXTENT_PAGE);
        break;
    case TOUCH_PAGE:
        touch_stride(p, from, to, PLAN_EXTENT_PAGE);
        break;
    case TOUCH_ALL:
        for (uint64_t at = from; at < to; at++)
            write_byte(p + at);
        break;
    default:
        break;
    }
}
