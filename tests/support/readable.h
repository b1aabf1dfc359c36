#pragma once

#include <stdbool.h>
#include <unistd.h>

#include "unit.h"

/* Whether a read of *p would succeed, without trying in our own name. */
static inline bool readable(const char *p)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    bool can = write(ends[1], p, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return can;
}
