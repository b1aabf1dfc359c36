/*
 * How many passes a group of threads does. Threads that wait for each other must do the same
 * number, or one would wait for a partner that has gone. The group's word counts the passes that
 * anyone has begun; who finds the time over closes it, and the count then is the number for all.
 */
#include "clock.h"
#include "lane.h"

#define CLOSED ((uint64_t)1 << 63)

bool pass_begins(struct pass_group *group, uint64_t pass, uint64_t deadline_ns)
{
    uint64_t word = atomic_load_explicit(&group->word, memory_order_relaxed);
    bool over = pass > 0 && clock_ns() >= deadline_ns;
    for (;;) {
        if (pass < (word & ~CLOSED))
            return true;
        if (word & CLOSED)
            return false;
        uint64_t next = over ? word | CLOSED : pass + 1;
        if (atomic_compare_exchange_weak(&group->word, &word, next))
            return !over;
    }
}
