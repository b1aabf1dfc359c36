#include "limit.h"

/* Some ten times of what the slowest known allocators and machines need. */
#define START_S    10.0
#define REPEATING  20.0  /* times --seconds */
#define PER_WORD_S 2e-6  /* a call, or a hand-over between threads */
#define PER_PAGE_S 20e-6 /* mapped, zeroed on the first touch, copied by realloc, given back */
#define PAGE       4096.0
#define PER_BYTE_S 1e-9 /* written by --touch all */
#define MOST_S     1e9  /* what fits into nanoseconds with room to add */

/*
 * Sums of doubles, because a plan in a file may ask for any number of bytes. The bodies are
 * repeated until --seconds are over, and the last pass is finished: one whole plan comes on top, and
 * those of the warm-up.
 */
uint64_t limit_of_trial(const struct run_config *config, const struct plan *plan)
{
    double limit_s = config->limit_s;
    double passes = 1 + (plan->flags & PLAN_SETTLES ? config->warm_up : 0);
    double bytes = passes * (double)plan->facts.bytes;
    if (limit_s <= 0) {
        limit_s = START_S + config->seconds * REPEATING +
                  passes * (double)plan->n_ops * PER_WORD_S + bytes / PAGE * PER_PAGE_S;
        if (plan->flags & PLAN_PACE_TIME) /* think time */
            limit_s += (double)plan->facts.last_pace * 1e-9;
        if (config->touch == TOUCH_ALL)
            limit_s += bytes * PER_BYTE_S;
    }
    return (uint64_t)((limit_s < MOST_S ? limit_s : MOST_S) * 1e9);
}
