/* Reading an allocation's words, for the measured loop and the observed one. */
#pragma once

#include <stdlib.h>

#include "lane.h"

/* NULL is an answer to a request of no bytes, and the end of the trial to any other. */
static COLD void check_null(struct lane *lane, const struct plan_op *op, const char *call,
                            uint64_t bytes)
{
    if (bytes > 0)
        worker_fail(lane, FAILURE_OUT_OF_MEMORY, op, "%s of %lu bytes returned NULL", call, bytes);
}

/* What the prefixes before an allocation said. */
struct request {
    uint64_t bytes, alignment, from, to;
};

/* Reads prefixes from *op on; leaves *op at the allocation itself. */
static struct request read_request(const struct plan_op **op)
{
    struct request r = {.alignment = 1};
    uint64_t pages = 0, high = 0;
    for (;; (*op)++) {
        enum plan_kind kind = plan_op_kind(**op);
        if (kind == PLAN_WIDE) {
            r.alignment = (uint64_t)1 << plan_op_slot(**op);
            high = (uint64_t)(*op)->arg << 32;
        } else if (kind == PLAN_EXTENT) {
            r.from = (uint64_t)plan_op_slot(**op) * PLAN_EXTENT_UNIT;
            pages = (*op)->arg;
        } else {
            break;
        }
    }
    r.bytes = high | (*op)->arg;
    r.to = r.bytes;
    if (pages > 0 && r.from + pages * PLAN_EXTENT_PAGE < r.bytes)
        r.to = r.from + pages * PLAN_EXTENT_PAGE;
    return r;
}

static void *aligned(uint64_t alignment, uint64_t bytes)
{
    void *p = NULL;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    return posix_memalign(&p, alignment, bytes) == 0 ? p : NULL;
}
