/*
 * Batches of small objects, allocated one after the other and freed in the same order, in the
 * reverse one, or at random. LIFO is what a stack of free blocks likes best: every request gets the
 * block that was freed last, still in the cache. FIFO turns the batch round each time. At random the
 * lists of an allocator lose their order over the passes, and neighbours in memory are no neighbours
 * in time any more. A batch larger than what a thread keeps for itself goes to and fro between the
 * thread and what all share; one that fits no cache shows where the order has put it.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "order.h"
#include "patterns.h"

enum { BATCH, ORDER, MIN, MAX, OPS, MAIN };

static const struct param params[] = {
    [BATCH] = {"batch", PARAM_COUNT, 20000, 1, 10000000,
               "objects allocated in a row, then freed in a row"},
    [ORDER] = ORDER_ROW(ORDER_LIFO, "of the frees: last or first allocated first, or at random"),
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(256),
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass; cut to whole batches"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static uint64_t n_batches(const struct workload_args *args)
{
    return generate_at_least_1(args->values[OPS] / (2 * args->values[BATCH]));
}

static int batch_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    extent->threads = args->threads;
    extent->words = args->threads * (n_batches(args) * args->values[BATCH] * 2 + 1);
    return sizes_check(args->values[MIN], args->values[MAX], err);
}

static void batch_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct sizes sizes = sizes_for(args);
    *claims = (struct workload_claims){0};
    generate_claim_peaks(&sizes, args->values[BATCH], args->threads,
                         args->threads * n_batches(args), claims);
}

static double batch_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void append_thread(const struct workload_args *args, uint32_t *slots, struct plan_builder *b,
                          uint32_t t)
{
    struct rng rng = generate_rng(args->seed, t);
    struct sizes sizes = sizes_for(args);
    uint32_t n = (uint32_t)args->values[BATCH];
    plan_builder_loop_begin(b, t);
    for (uint64_t batch = 0; batch < n_batches(args); batch++) {
        for (uint32_t i = 0; i < n; i++)
            plan_builder_malloc(b, t, i, sizes_draw(&sizes, &rng));
        order_slots((enum order)args->values[ORDER], slots, n, &rng);
        for (uint32_t i = 0; i < n; i++)
            plan_builder_free_slot(b, t, slots[i]);
    }
    plan_builder_loop_end(b, t);
}

static int batch_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    uint32_t *slots = calloc(args->values[BATCH], sizeof(slots[0]));
    if (!slots)
        return err_set(err, ENOMEM, "no memory for a batch of %lu", args->values[BATCH]);
    for (uint32_t t = 0; t < args->threads; t++)
        append_thread(args, slots, b, t);
    free(slots);
    return 0;
}

const struct workload workload_batch_free = {
    .name = "batch-free",
    .summary = "batches of small objects, freed in the order of their allocation, the reverse one, "
               "or at random",
    .source = "the LIFO and FIFO cases in allocator test suites; Grunwald and others, Improving "
              "the cache locality of memory allocation (1993), for why the order matters",
    .surprise = "order=random as fast as lifo with an allocator that has one list of free "
                "blocks for each size, as tcmalloc does: it hands them out as they were "
                "freed, so that the next batch lies scattered",
    .params = params,
    .threads_min = 1,
    .claims = batch_claims,
    .share_below = batch_share_below,
    .extent = batch_extent,
    .plan = batch_plan,
};
