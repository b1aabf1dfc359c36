/*
 * The cheapest sequence there is: one slot, freed and filled again with the same size. On the
 * allocator that does nothing, what it takes is the bench's own cost.
 */
#include "generate.h"
#include "known.h"

enum { SIZE, OPS, MAIN };

static const struct param params[] = {
    [SIZE] = {"size", PARAM_BYTES, 64, 1, GIB, "of every object"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int nop_extent(const struct workload_args *args, struct workload_extent *extent,
                      struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (args->values[OPS] / 2 + 3);
    return 0;
}

static void nop_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t live = args->threads * args->values[SIZE];
    *claims = (struct workload_claims){.live_min = live, .live_max = live};
}

static double nop_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static int nop_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++) {
        plan_builder_malloc(b, t, 0, args->values[SIZE]);
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < args->values[OPS] / 2; i++) {
            plan_builder_free_slot(b, t, 0);
            plan_builder_malloc(b, t, 0, args->values[SIZE]);
        }
        plan_builder_loop_end(b, t);
        plan_builder_free_slot(b, t, 0);
    }
    return 0;
}

const struct workload workload_nop = {
    .name = "nop",
    .summary =
        "malloc and free of one small object in turn: with allocator null, the bench's own cost",
    .source = "the null engine of the disk benchmark fio",
    .surprise = "more than some tens of nanoseconds a call, or a rate that does not grow "
                "with the threads: then not even the block just freed is at hand",
    .params = params,
    .threads_min = 1,
    .seedless = true,
    .claims = nop_claims,
    .share_below = nop_share_below,
    .extent = nop_extent,
    .plan = nop_plan,
};
