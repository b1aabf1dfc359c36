#include "handover.h"

#include <assert.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "pace.h"

enum { FULL = 1, WAITED = 2 };

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the futex is the low half of the word");

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool is_full(uintptr_t word)
{
    return word & FULL;
}

static uintptr_t load(struct handover_cell *cell)
{
    return atomic_load_explicit(&cell->word, memory_order_acquire);
}

bool handover_is_full(struct handover_cell *cell)
{
    return is_full(load(cell));
}

/* Sleeps until the cell is as wanted; marks itself first, so that the other side wakes it. */
static COLD void sleep_until(struct handover_cell *cell, bool full)
{
    for (;;) {
        uintptr_t word = load(cell);
        if (is_full(word) == full)
            return;
        if (!(word & WAITED) && !atomic_compare_exchange_strong(&cell->word, &word, word | WAITED))
            continue;
        syscall(SYS_futex, (uint32_t *)(void *)cell, FUTEX_WAIT_PRIVATE, (uint32_t)word | WAITED,
                NULL, NULL, 0);
    }
}

static COLD void wait_until(struct handover_cell *cell, bool full, const struct handover_wait *wait)
{
    for (uint32_t i = 0; i < wait->spin; i++) {
        relax();
        if (is_full(load(cell)) == full)
            return;
    }
    uint64_t begin = clock_ns();
    if (wait->lane)
        pace_leave(wait->lane, &(struct pace_cause){.cell = cell, .full = full});
    sleep_until(cell, full);
    if (wait->lane)
        pace_return(wait->lane);
    *wait->stall_ns += clock_ns() - begin;
}

static uintptr_t put(struct handover_cell *cell, uintptr_t word)
{
    uintptr_t old = atomic_exchange_explicit(&cell->word, word, memory_order_acq_rel);
    if (UNLIKELY(old & WAITED))
        syscall(SYS_futex, (uint32_t *)(void *)cell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return old;
}

void handover_await(struct handover_cell *cell, bool full, const struct handover_wait *wait)
{
    if (is_full(load(cell)) != full)
        wait_until(cell, full, wait);
}

void handover_give(struct handover_cell *cell, void *p, const struct handover_wait *wait)
{
    if (UNLIKELY(is_full(load(cell))))
        wait_until(cell, false, wait);
    put(cell, (uintptr_t)p | FULL);
}

void *handover_take(struct handover_cell *cell, const struct handover_wait *wait)
{
    if (UNLIKELY(!is_full(load(cell))))
        wait_until(cell, true, wait);
    return (void *)(put(cell, 0) & ~(uintptr_t)(FULL | WAITED));
}
