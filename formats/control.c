#include "control.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

void control_set_state(struct control *c, enum control_state state)
{
    atomic_store_explicit(&c->state, state, memory_order_release);
    syscall(SYS_futex, &c->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Relative time until `deadline`; false when it has passed. */
static bool time_left(uint64_t deadline, struct timespec *left)
{
    uint64_t now = clock_ns();
    if (now >= deadline)
        return false;
    left->tv_sec = (time_t)((deadline - now) / NS_PER_S);
    left->tv_nsec = (long)((deadline - now) % NS_PER_S);
    return true;
}

bool control_wait_state(struct control *c, enum control_state state, uint64_t timeout_ns)
{
    bool for_ever = timeout_ns == UINT64_MAX;
    uint64_t deadline = for_ever ? 0 : clock_ns() + timeout_ns;
    for (;;) {
        uint32_t now = atomic_load_explicit(&c->state, memory_order_acquire);
        if (now >= (uint32_t)state)
            return true;
        struct timespec left;
        if (!for_ever && !time_left(deadline, &left))
            return false;
        syscall(SYS_futex, &c->state, FUTEX_WAIT, now, for_ever ? NULL : &left, NULL, 0);
    }
}
