/*
 * Every object is freed by another thread than its maker. Even threads produce, odd ones consume;
 * an odd number of threads makes one more producer. Each producer feeds `fan` consumers in turn,
 * each through a ring of cells of its own:
 *
 *      producer 0 ──ring──► consumer 1          message i of a producer goes to its consumer i mod fan,
 *                 └─ring──► consumer 3          into cell (i / fan) mod ring
 *
 * A producer waits while its cell is full, so at most `ring` objects lie between two threads
 * whoever is faster. Consumers take in the order of the messages' numbers. Taken by number, and
 * then by producer, all messages have an order in which each thread meets its own; so nobody waits
 * for ever.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { MIN, MAX, RING, FAN, OPS, MAIN };

static const struct param params[] = {
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(1024),
    [RING] = {"ring", PARAM_COUNT, 256, 1, 1000000,
              "objects at most between a producer and a consumer"},
    [FAN] = {"fan", PARAM_COUNT, 2, 1, 2048,
             "consumers that a producer feeds, as far as there are so many"},
    [OPS] = GENERATE_OPS_ROW(20000, "objects that each producer makes in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* Who sends what to whom. */
struct wiring {
    uint32_t n_producers, n_consumers, fan;
    uint64_t n_messages; /* of each producer */
    uint64_t n_ring;     /* cells of a ring, no more than there are messages for it */
    uint32_t *cells;     /* n_ring for each pair of a producer */
};

static struct wiring wiring_of(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    struct wiring w = {.n_consumers = args->threads / 2, .n_messages = v[OPS]};
    w.n_producers = args->threads - w.n_consumers;
    w.fan = v[FAN] < w.n_consumers ? (uint32_t)v[FAN] : w.n_consumers;
    uint64_t most = (w.n_messages + w.fan - 1) / w.fan;
    w.n_ring = v[RING] < most ? v[RING] : most;
    return w;
}

static uint32_t producer_thread(uint32_t producer)
{
    return 2 * producer;
}

static uint32_t consumer_thread(const struct wiring *w, uint32_t producer, uint64_t message)
{
    return 2 * (uint32_t)((producer + message % w->fan) % w->n_consumers) + 1;
}

static uint32_t cell_of(const struct wiring *w, uint32_t producer, uint64_t message)
{
    uint64_t ring = (uint64_t)producer * w->fan + message % w->fan;
    return w->cells[ring * w->n_ring + message / w->fan % w->n_ring];
}

static uint64_t n_cells(const struct wiring *w)
{
    return (uint64_t)w->n_producers * w->fan * w->n_ring;
}

static int pc_extent(const struct workload_args *args, struct workload_extent *extent,
                     struct err *err)
{
    struct wiring w = wiring_of(args);
    extent->threads = args->threads;
    extent->words = 4 * w.n_messages * w.n_producers + args->threads;
    return sizes_check(args->values[MIN], args->values[MAX], err);
}

static void append_producer(const struct wiring *w, const struct workload_args *args,
                            uint32_t producer, struct plan_builder *b)
{
    uint32_t t = producer_thread(producer);
    struct rng rng = generate_rng(args->seed, t);
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    plan_builder_loop_begin(b, t);
    for (uint64_t i = 0; i < w->n_messages; i++) {
        plan_builder_malloc(b, t, 0, sizes_draw(&sizes, &rng));
        plan_builder_give(b, t, 0, cell_of(w, producer, i));
    }
    plan_builder_loop_end(b, t);
}

static void append_consumers(const struct wiring *w, struct plan_builder *b)
{
    for (uint32_t c = 0; c < w->n_consumers; c++)
        plan_builder_loop_begin(b, 2 * c + 1);
    for (uint64_t i = 0; i < w->n_messages; i++) {
        for (uint32_t producer = 0; producer < w->n_producers; producer++) {
            uint32_t t = consumer_thread(w, producer, i);
            plan_builder_take(b, t, 0, cell_of(w, producer, i));
            plan_builder_free_slot(b, t, 0);
        }
    }
    for (uint32_t c = 0; c < w->n_consumers; c++)
        plan_builder_loop_end(b, 2 * c + 1);
}

/* How much lies in the rings at a time is a matter of how the threads run. */
static void pc_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct wiring w = wiring_of(args);
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    uint64_t in_hands = args->threads;
    *claims = (struct workload_claims){0};
    generate_claim_peak(&sizes, n_cells(&w) + in_hands, w.n_producers * w.n_messages, claims);
    claims->live_min = sizes.min;
    generate_claim_remote(1, claims);
}

static double pc_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    return sizes_share_below(&sizes, bytes);
}

static int pc_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct wiring w = wiring_of(args);
    w.cells = calloc(n_cells(&w), sizeof(w.cells[0]));
    if (!w.cells)
        return err_set(err, ENOMEM, "no memory for %lu cells", n_cells(&w));
    for (uint64_t i = 0; i < n_cells(&w); i++)
        w.cells[i] = plan_builder_cell(b);
    for (uint32_t producer = 0; producer < w.n_producers; producer++)
        append_producer(&w, args, producer, b);
    append_consumers(&w, b);
    free(w.cells);
    return 0;
}

const struct workload workload_producer_consumer = {
    .name = "producer-consumer",
    .summary = "every object is freed by another thread, through rings that bound what is live",
    .source = "the producer-consumer pattern of Berger and others, Hoard (2000)",
    .surprise = "memory that grows while the run goes on: the rings bound what is live, so "
                "consumers would keep what producers need (blow-up)",
    .params = params,
    .threads_min = 2,
    .claims = pc_claims,
    .share_below = pc_share_below,
    .extent = pc_extent,
    .plan = pc_plan,
};
