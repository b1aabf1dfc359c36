/*
 * Producers and consumers in batches: even threads allocate, odd ones free; an odd number of threads
 * makes one more producer. A producer makes a whole batch before it hands it over, and a consumer
 * frees one after it has taken all of it, so that lists of free objects grow long on one side and
 * run dry on the other.
 *
 *      producer p ──batch, batch, .. at most `queue`──► consumer p mod consumers
 *
 * The original has one queue for all, guarded by a lock, whose length swings with the speed of the
 * two sides. Here each producer has a bounded one of its own, and a batch needs no memory of the
 * heap, so that what is live does not depend on who is faster.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { MIN, MAX, BATCH, QUEUE, OPS, MAIN };

static const struct param params[] = {
    [MIN] = GENERATE_MIN_ROW(8),
    [MAX] = GENERATE_MAX_ROW(2048),
    [BATCH] = {"batch", PARAM_COUNT, 512, 1, 1000000, "objects that are handed over together"},
    [QUEUE] = {"queue", PARAM_COUNT, 4, 1, 1000,
               "batches at most between a producer and its consumer"},
    [OPS] = GENERATE_OPS_ROW(20000,
                             "objects that each producer makes in one pass; cut to whole batches"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

struct queues {
    uint32_t n_producers, n_consumers, n_batch;
    uint64_t n_batches, n_queue; /* of each producer */
    uint32_t *cells;             /* n_queue batches for each producer */
};

static struct queues queues_of(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    struct queues q = {
        .n_consumers = args->threads / 2,
        .n_batch = (uint32_t)v[BATCH],
        .n_batches = generate_at_least_1(v[OPS] / v[BATCH]),
    };
    q.n_producers = args->threads - q.n_consumers;
    q.n_queue = generate_at_least_1(v[QUEUE] < q.n_batches ? v[QUEUE] : q.n_batches);
    return q;
}

static uint64_t n_cells(const struct queues *q)
{
    return q->n_producers * q->n_queue * q->n_batch;
}

static const uint32_t *cells_of(const struct queues *q, uint32_t producer, uint64_t batch)
{
    return q->cells + (producer * q->n_queue + batch % q->n_queue) * q->n_batch;
}

static int xmalloc_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    struct queues q = queues_of(args);
    extent->threads = args->threads;
    extent->words = 4 * q.n_batches * q.n_batch * q.n_producers + args->threads;
    return sizes_check(args->values[MIN], args->values[MAX], err);
}

/* How much lies in the queues at a time is a matter of how the threads run. */
static void xmalloc_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct queues q = queues_of(args);
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, q.n_batch, claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, n_cells(&q) + (uint64_t)args->threads * q.n_batch,
                        q.n_producers * q.n_batches * q.n_batch, claims);
    claims->live_min = live_min;
    generate_claim_remote(1, claims);
}

static double xmalloc_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    return sizes_share_below(&sizes, bytes);
}

static void append_producer(const struct queues *q, const struct workload_args *args,
                            uint32_t producer, struct plan_builder *b)
{
    uint32_t t = 2 * producer;
    struct rng rng = generate_rng(args->seed, t);
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    plan_builder_loop_begin(b, t);
    for (uint64_t batch = 0; batch < q->n_batches; batch++) {
        for (uint32_t i = 0; i < q->n_batch; i++)
            plan_builder_malloc(b, t, i, sizes_draw(&sizes, &rng));
        for (uint32_t i = 0; i < q->n_batch; i++)
            plan_builder_give(b, t, i, cells_of(q, producer, batch)[i]);
    }
    plan_builder_loop_end(b, t);
}

/* Batches in the order of their numbers, then of their producers: so nobody waits for ever. */
static void append_consumer(const struct queues *q, uint32_t consumer, struct plan_builder *b)
{
    uint32_t t = 2 * consumer + 1;
    plan_builder_loop_begin(b, t);
    for (uint64_t batch = 0; batch < q->n_batches; batch++) {
        for (uint32_t p = consumer; p < q->n_producers; p += q->n_consumers) {
            for (uint32_t i = 0; i < q->n_batch; i++)
                plan_builder_take(b, t, i, cells_of(q, p, batch)[i]);
            for (uint32_t i = 0; i < q->n_batch; i++)
                plan_builder_free_slot(b, t, i);
        }
    }
    plan_builder_loop_end(b, t);
}

static int xmalloc_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct queues q = queues_of(args);
    q.cells = calloc(n_cells(&q) + 1, sizeof(q.cells[0]));
    if (!q.cells)
        return err_set(err, ENOMEM, "no memory for %lu cells", n_cells(&q));
    for (uint64_t i = 0; i < n_cells(&q); i++)
        q.cells[i] = plan_builder_cell(b);
    for (uint32_t producer = 0; producer < q.n_producers; producer++)
        append_producer(&q, args, producer, b);
    for (uint32_t consumer = 0; consumer < q.n_consumers; consumer++)
        append_consumer(&q, consumer, b);
    free(q.cells);
    return 0;
}

const struct workload workload_xmalloc_test = {
    .name = "xmalloc-test",
    .summary = "whole batches are made by one thread and freed by another",
    .source = "Lever and Boreham, malloc() performance in a multithreaded Linux environment "
              "(2000), and xmalloc-test of mimalloc-bench",
    .surprise = "memory that grows while the run goes on: what is live is bounded, so what "
                "one side frees would not come back to the other",
    .params = params,
    .threads_min = 2,
    .known = true,
    .claims = xmalloc_claims,
    .share_below = xmalloc_share_below,
    .extent = xmalloc_extent,
    .plan = xmalloc_plan,
};
