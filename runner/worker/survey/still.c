#include "still.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

static void wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void set_stand(struct lane *lane, enum stand stand)
{
    atomic_store(&observed_of(lane)->stand, stand);
}

void still_stand(struct lane *lane)
{
    _Atomic uint32_t *halt = &lane->worker->observer->halt;
    while (atomic_load(halt)) {
        set_stand(lane, STAND_STILL);
        while (atomic_load(halt))
            os_wait(halt, 1);
        set_stand(lane, STAND_RUNS);
    }
}

void still_leave(struct lane *lane)
{
    set_stand(lane, STAND_WAITS);
}

void still_return(struct lane *lane)
{
    set_stand(lane, STAND_RUNS);
    still_stand(lane);
}

void still_birth(struct lane *child)
{
    set_stand(child, STAND_WAITS);
}

void still_end(struct lane *lane, bool lives_on)
{
    set_stand(lane, lives_on ? STAND_AWAY : STAND_ENDS);
    wake_all(&observed_of(lane)->stand);
}

void still_await_end(struct lane *child)
{
    _Atomic uint32_t *stand = &observed_of(child)->stand;
    for (uint32_t now; (now = atomic_load(stand)) != STAND_ENDS;)
        os_wait(stand, now);
}

void still_gone(struct lane *child)
{
    set_stand(child, STAND_AWAY);
}

/* A thread whose words are done leaves through the allocator, which takes back what it cached for it. */
static bool has_left(struct lane *lane)
{
    pid_t tid = (pid_t)atomic_load(&lane->control->tid);
    return syscall(SYS_tgkill, getpid(), tid, 0) < 0;
}

static bool is_still(struct lane *lane)
{
    uint32_t stand = atomic_load(&observed_of(lane)->stand);
    return stand == STAND_ENDS ? has_left(lane) : stand != STAND_RUNS;
}

/* Every lane but the caller's gets to where it is still by itself: in the allocator nobody waits for a halt. */
static void await_all(const struct lane *self)
{
    static const struct timespec moment = {.tv_nsec = 20000};
    struct worker *w = self->worker;
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        while (t != self->index && !is_still(&w->lanes[t]))
            nanosleep(&moment, NULL);
}

bool still_halt(struct lane *lane)
{
    uint32_t none = 0;
    if (!atomic_compare_exchange_strong(&lane->worker->observer->halt, &none, 1)) {
        still_stand(lane);
        return false;
    }
    set_stand(lane, STAND_STILL);
    await_all(lane);
    return true;
}

void still_resume(struct lane *lane)
{
    struct observer *o = lane->worker->observer;
    set_stand(lane, STAND_RUNS);
    atomic_store(&o->halt, 0);
    wake_all(&o->halt);
}
