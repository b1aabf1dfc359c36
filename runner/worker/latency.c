#include "latency.h"

#include <errno.h>

#include "latency_bucket.h"
#include "os.h"

#define CALIBRATE_NS (20 * NS_PER_MS)

size_t latency_bytes(const struct latency *l)
{
    return (size_t)l->n_seats * SURVEY_LATENCIES_MAX * sizeof(*l->rows);
}

int latency_make(struct latency *l, uint32_t n_seats, uint64_t period, struct err *err)
{
    *l = (struct latency){.period = period,
                          .n_seats = n_seats < LATENCY_SEATS ? n_seats : LATENCY_SEATS};
    if (period == 0)
        return 0;
    l->rows = os_map(latency_bytes(l), OS_RESERVE);
    if (!l->rows)
        return err_set(err, ENOMEM, "no address space for the histograms of %u threads", n_seats);
    stopwatch_make(&l->watch, CALIBRATE_NS);
    return 0;
}

void latency_release(struct latency *l)
{
    if (l->rows)
        os_unmap(l->rows, latency_bytes(l));
    *l = (struct latency){0};
}

/* Even in [1, 2 * period - 1], `period` on average: no stride that a plan could keep step with. */
static uint64_t next_gap(struct latency_lane *lane)
{
    return 1 + rng_below(&lane->rng, 2 * lane->latency->period - 1);
}

void latency_lane_make(struct latency_lane *lane, const struct latency *l, uint32_t seat,
                       uint64_t seed)
{
    *lane = (struct latency_lane){.left = UINT64_MAX, .latency = l};
    if (l->period == 0)
        return;
    lane->rows = l->rows + (size_t)(seat % l->n_seats) * SURVEY_LATENCIES_MAX;
    rng_seed(&lane->rng, seed);
    /*
     * What is left of a gap that has begun at any moment: P(k) is proportional to P(gap >= k), and so is the
     * lesser of these two. With it the first calls have the same chance as all others.
     */
    uint64_t gap = next_gap(lane), other = 1 + rng_below(&lane->rng, 2 * l->period);
    lane->left = gap < other ? gap : other;
}

void latency_skip(struct latency_lane *lane)
{
    lane->left = next_gap(lane);
}

static void raise_to(uint64_t *greatest, uint64_t value)
{
    uint64_t was = __atomic_load_n(greatest, __ATOMIC_RELAXED);
    while (was < value && !__atomic_compare_exchange_n(greatest, &was, value, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

static unsigned place_of(const struct latency_call *call, bool has_faulted)
{
    unsigned place = call->kind * LATENCY_CLASSES + latency_class(call->bytes);
    return (place * 2 + call->is_remote) * 2 + has_faulted;
}

void latency_count(struct latency_lane *lane, const struct latency_probe *probe,
                   const struct latency_call *call)
{
    bool has_faulted = latency_faults() != probe->faults;
    uint64_t ns = stopwatch_ns(&lane->latency->watch, probe->begin, probe->end);
    struct survey_latency *row = &lane->rows[place_of(call, has_faulted)];
    __atomic_fetch_add(&row->counts[latency_bucket(ns)], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&row->n, 1, __ATOMIC_RELAXED);
    raise_to(&row->max_ns, ns);
    raise_to(&row->min_ns, ~ns);
    latency_skip(lane);
}

static void add(struct survey_latency *sum, const struct survey_latency *row)
{
    sum->n += row->n;
    sum->min_ns = sum->min_ns < ~row->min_ns ? sum->min_ns : ~row->min_ns;
    sum->max_ns = sum->max_ns > row->max_ns ? sum->max_ns : row->max_ns;
    for (unsigned b = 0; b < LATENCY_BUCKETS; b++)
        sum->counts[b] += row->counts[b];
}

uint32_t latency_collect(const struct latency *l, struct survey_latency out[SURVEY_LATENCIES_MAX])
{
    uint32_t n = 0;
    for (uint32_t place = 0; l->rows && place < SURVEY_LATENCIES_MAX; place++) {
        struct survey_latency *sum = &out[n];
        *sum = (struct survey_latency){
            .kind = place / 4 / LATENCY_CLASSES,
            .size_class = place / 4 % LATENCY_CLASSES,
            .is_remote = place / 2 % 2,
            .has_faulted = place % 2,
            .min_ns = UINT64_MAX,
        };
        for (uint32_t seat = 0; seat < l->n_seats; seat++) {
            const struct survey_latency *row =
                &l->rows[(size_t)seat * SURVEY_LATENCIES_MAX + place];
            if (row->n > 0)
                add(sum, row);
        }
        n += sum->n > 0;
    }
    return n;
}
