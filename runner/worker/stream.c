/*
 * A plan that is too long to be mapped: each lane reads its words in windows into memory of its own,
 * made before the clock. What that costs, a copy from the page cache, is part of what the bench
 * costs: about a nanosecond per word.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lane.h"

/* Words [from, from + n) of the lane's sequence into its window. */
static void read_window(struct lane *lane, uint64_t from, uint64_t n)
{
    const struct plan *p = lane->worker->plan;
    uint64_t at = p->ops_offset + (lane->plan->first_op + from) * sizeof(struct plan_op);
    uint64_t bytes = n * sizeof(struct plan_op);
    lane->first = from;
    for (uint64_t done = 0; done < bytes;) {
        ssize_t got =
            pread(CONTROL_FD_PLAN, (char *)lane->window + done, bytes - done, (off_t)(at + done));
        if (got <= 0 && errno != EINTR)
            worker_fail(lane, FAILURE_SETUP, lane->ops, "cannot read the plan: %s",
                        got < 0 ? strerrordesc_np(errno) : "it became shorter");
        done += got > 0 ? (uint64_t)got : 0;
    }
}

static bool is_prefix(struct plan_op op)
{
    return plan_op_kind(op) == PLAN_WIDE || plan_op_kind(op) == PLAN_EXTENT;
}

/*
 * Prefixes at a window's end are left for the next one, where their word is. A checked plan has two
 * in a row at most, and a window is longer.
 */
void lane_stream(struct lane *lane, uint64_t from, uint64_t to,
                 void (*loop)(struct lane *lane, uint64_t from, uint64_t to))
{
    uint32_t room = lane->worker->window_words;
    while (from < to) {
        uint64_t n = to - from < room ? to - from : room;
        read_window(lane, from, n);
        while (n > 1 && is_prefix(lane->window[n - 1]))
            n--;
        loop(lane, 0, n);
        from += n;
    }
}
