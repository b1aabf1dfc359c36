#include "pace.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "lane.h"

/* Sleep ends this much early, and the rest is spun: what waking up takes, and its scatter. */
#define SPIN_NS 50000u

static bool by_order(const struct worker *w)
{
    return w->plan->flags & PLAN_PACE_ORDER;
}

static size_t alive_words(const struct worker *w)
{
    return w->plan->n_threads / 64 + 1;
}

size_t pace_bytes(const struct worker *w)
{
    size_t n = w->plan->n_threads;
    if (!by_order(w))
        return 0;
    return n * (sizeof(struct pace_place) + sizeof(struct pace_group)) +
           alive_words(w) * sizeof(uint64_t);
}

void pace_init(struct worker *w, void *memory)
{
    uint32_t n = w->plan->n_threads;
    struct pace *p = &w->pace;
    if (!by_order(w))
        return;
    p->places = memory;
    p->groups = (struct pace_group *)(p->places + n);
    p->alive = (_Atomic uint64_t *)(p->groups + n);
    for (uint32_t t = 0; t < n; t++) {
        struct pace_group *g = &p->groups[plan_threads(w->plan)[t].group];
        if (g->end == 0) {
            g->first = t;
            atomic_store(&g->wanted, PACE_NOWHERE);
        }
        g->end = t + 1;
        atomic_store(&p->places[t].position, PACE_NOWHERE);
        atomic_store(&p->places[t].waits_at, PACE_NOWHERE);
    }
}

static struct pace_group *group_of(const struct lane *lane)
{
    return &lane->worker->pace.groups[lane->plan->group];
}

static _Atomic uint64_t *position_of(const struct lane *lane)
{
    return &lane->worker->pace.places[lane->index].position;
}

/* Tells where the lane is, and wakes those that slept until somebody came so far. */
static void tell(const struct lane *lane, uint64_t position)
{
    struct pace_group *g = group_of(lane);
    atomic_store(position_of(lane), position);
    if (LIKELY(position < atomic_load(&g->wanted)))
        return;
    atomic_store(&g->wanted, PACE_NOWHERE);
    atomic_fetch_add(&g->moved, 1);
    syscall(SYS_futex, &g->moved, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/*
 * Where a living lane is; PACE_NOWHERE while what it waits for has not come. One that could go on
 * counts, though it may not have woken up.
 */
static uint64_t where(const struct worker *w, uint32_t t)
{
    struct pace_place *place = &w->pace.places[t];
    uint64_t position = atomic_load(&place->position);
    if (position != PACE_NOWHERE)
        return position;
    uint64_t waits_at = atomic_load(&place->waits_at);
    if (waits_at == PACE_NOWHERE) /* it does not wait, or has just come back */
        return atomic_load(&place->position);
    struct handover_cell *cell = (struct handover_cell *)atomic_load(&place->cell);
    bool has_come = cell ? handover_is_full(cell) == (bool)atomic_load(&place->full)
                         : atomic_load(&w->lanes[atomic_load(&place->thread)].ended) != 0;
    return has_come ? waits_at : PACE_NOWHERE;
}

/* The least position of the lanes of the group that count. */
static uint64_t find_least(const struct lane *lane)
{
    const struct worker *w = lane->worker;
    const struct pace_group *g = group_of(lane);
    uint64_t least = PACE_NOWHERE;
    for (uint32_t word = g->first / 64; word <= (g->end - 1) / 64; word++) {
        uint64_t alive = atomic_load(&w->pace.alive[word]);
        for (; alive; alive &= alive - 1) {
            uint32_t t = word * 64 + (uint32_t)__builtin_ctzll(alive);
            uint64_t position = where(w, t);
            if (position < least && w->lanes[t].plan->group == lane->plan->group)
                least = position;
        }
    }
    return least;
}

static void raise_to(_Atomic uint64_t *shared, uint64_t value)
{
    uint64_t old = atomic_load_explicit(shared, memory_order_relaxed);
    while (old < value && !atomic_compare_exchange_weak(shared, &old, value))
        continue;
}

static void lower_to(_Atomic uint64_t *shared, uint64_t value)
{
    uint64_t old = atomic_load(shared);
    while (old > value && !atomic_compare_exchange_weak(shared, &old, value))
        continue;
}

/* Whether nobody is behind `bound`. */
static bool nobody_behind(const struct lane *lane, uint64_t bound)
{
    _Atomic uint64_t *shared = &group_of(lane)->least;
    if (bound <= atomic_load_explicit(shared, memory_order_relaxed))
        return true;
    uint64_t least = find_least(lane);
    raise_to(shared, least);
    return bound <= least;
}

/*
 * Sleeps until nobody is behind `bound`. Whoever tells a position after `wanted` was lowered sees
 * that; whoever told it before is seen by nobody_behind().
 */
static COLD void sleep_until_nobody_behind(struct lane *lane, uint64_t bound)
{
    struct pace_group *g = group_of(lane);
    uint64_t begin = clock_ns();
    for (;;) {
        uint32_t moved = atomic_load(&g->moved);
        lower_to(&g->wanted, bound);
        if (nobody_behind(lane, bound))
            break;
        syscall(SYS_futex, &g->moved, FUTEX_WAIT_PRIVATE, moved, NULL, NULL, 0);
    }
    lane->control->pace_ns += clock_ns() - begin;
}

static void wait_for_turn(struct lane *lane, uint64_t position)
{
    uint64_t window = lane->worker->plan->pace_window;
    tell(lane, position);
    if (position <= window || nobody_behind(lane, position - window))
        return;
    /* Half a window on, so that the next words find room. */
    sleep_until_nobody_behind(lane, position - window / 2);
}

static void wait_for_time(struct lane *lane, uint64_t ns)
{
    uint64_t begin = clock_ns(), until = lane->worker->control->start_ns + ns;
    if (begin >= until)
        return;
    uint64_t early = lane->wait.spin > 0 ? SPIN_NS : 0;
    if (until - begin > early) {
        uint64_t wake = until - early;
        struct timespec t = {.tv_sec = (time_t)(wake / NS_PER_S),
                             .tv_nsec = (long)(wake % NS_PER_S)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
            continue;
    }
    while (clock_ns() < until)
        continue;
    lane->control->pace_ns += clock_ns() - begin;
}

void pace_wait(struct lane *lane, uint64_t value)
{
    if (by_order(lane->worker))
        wait_for_turn(lane, value);
    else
        wait_for_time(lane, value);
}

void pace_begin(struct lane *lane, const struct lane *parent)
{
    if (!by_order(lane->worker))
        return;
    atomic_store(position_of(lane), parent ? atomic_load(position_of(parent)) : 0);
    atomic_fetch_or(&lane->worker->pace.alive[lane->index / 64], (uint64_t)1 << lane->index % 64);
}

void pace_end(struct lane *lane)
{
    if (!by_order(lane->worker))
        return;
    tell(lane, PACE_NOWHERE);
    atomic_fetch_and(&lane->worker->pace.alive[lane->index / 64],
                     ~((uint64_t)1 << lane->index % 64));
}

void pace_leave(struct lane *lane, const struct pace_cause *cause)
{
    if (!by_order(lane->worker))
        return;
    struct pace_place *place = &lane->worker->pace.places[lane->index];
    atomic_store(&place->cell, (uintptr_t)cause->cell);
    atomic_store(&place->full, cause->full);
    atomic_store(&place->thread, cause->thread);
    atomic_store(&place->waits_at, atomic_load(&place->position));
    tell(lane, PACE_NOWHERE);
}

void pace_return(struct lane *lane)
{
    if (!by_order(lane->worker))
        return;
    struct pace_place *place = &lane->worker->pace.places[lane->index];
    atomic_store(&place->position, atomic_load(&place->waits_at));
    atomic_store(&place->waits_at, PACE_NOWHERE);
}
