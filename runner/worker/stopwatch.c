#include "stopwatch.h"

enum { COST_ROUNDS = 4096, COST_MAX_NS = 1024, PAIR_TRIES = 16 };

/* Both clocks at one moment: of several pairs the one that took the least time to read. */
struct moment {
    uint64_t ticks, ns;
};

static struct moment read_both(void)
{
    struct moment best = {0};
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < PAIR_TRIES; i++) {
        uint64_t before = tsc_read_ordered(), ns = clock_ns(), after = tsc_read_ordered();
        if (after - before < least) {
            least = after - before;
            best = (struct moment){.ticks = before + least / 2, .ns = ns};
        }
    }
    return best;
}

static uint64_t calibrate(uint64_t wait_ns)
{
    struct moment begin = read_both();
    while (clock_ns() - begin.ns < wait_ns)
        continue;
    struct moment end = read_both();
    uint64_t ticks = end.ticks - begin.ticks;
    return ticks ? (uint64_t)(((__uint128_t)(end.ns - begin.ns) << 32) / ticks) : 0;
}

static __attribute__((noinline)) void *do_nothing(void *p)
{
    __asm__ volatile("" : "+r"(p));
    return p;
}

/* Through a pointer that the compiler does not know, as a call through the PLT is. */
static void *(*volatile nothing)(void *p) = do_nothing;

/* What takes longer than COST_MAX_NS was interrupted. */
static void measure_cost(struct stopwatch *w)
{
    uint32_t counts[COST_MAX_NS] = {0}, n = 0, seen = 0;
    for (unsigned i = 0; i < COST_ROUNDS; i++) {
        uint64_t begin = stopwatch_read(w);
        nothing(w);
        uint64_t ns = stopwatch_ns(w, begin, stopwatch_read(w));
        if (ns < COST_MAX_NS) {
            counts[ns]++;
            n++;
        }
    }
    uint64_t at = 0;
    while (at < COST_MAX_NS && counts[at] == 0)
        at++;
    w->least_cost_ns = at;
    while (at < COST_MAX_NS && (seen += counts[at]) * 2 < n)
        at++;
    w->cost_ns = at;
}

void stopwatch_make(struct stopwatch *w, uint64_t calibrate_ns)
{
    *w = (struct stopwatch){.has_tsc = tsc_is_sound(), .ns_per_tick = (uint64_t)1 << 32};
    if (w->has_tsc)
        w->ns_per_tick = calibrate(calibrate_ns);
    if (w->ns_per_tick == 0) /* a counter that stands still is no clock */
        *w = (struct stopwatch){.ns_per_tick = (uint64_t)1 << 32};
    measure_cost(w);
}
