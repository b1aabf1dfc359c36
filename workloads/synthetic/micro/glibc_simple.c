/*
 * Blocks of one size: so many are allocated, then freed in the order in which they were. How many
 * decides what serves them: few fit the per-thread cache or the fast bins, many go through the bins
 * behind.
 *
 * The three scenarios of the original are main=yes with one thread (the main arena of a process
 * without threads), main=yes with more, and main=no (a thread's arena).
 */
#include "generate.h"
#include "micro.h"

enum { SIZE, BLOCKS, OPS, MAIN };

static const struct param params[] = {
    [SIZE] = {"size", PARAM_BYTES, 128, 1, GIB, "of every block"},
    [BLOCKS] = {"blocks", PARAM_COUNT, 400, 1, 10000000, "allocated in a row, then freed in a row"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass; cut to whole rows"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t n_rounds(const struct workload_args *args)
{
    return generate_at_least_1(args->values[OPS] / (2 * args->values[BLOCKS]));
}

static int simple_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * args->values[BLOCKS] * n_rounds(args) + 1);
    return 0;
}

/* Threads need not hold all at the same time. */
static void simple_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t own = args->values[BLOCKS] * args->values[SIZE];
    *claims = (struct workload_claims){.live_min = own, .live_max = args->threads * own};
}

static double simple_share_below(const struct workload_args *args, uint64_t bytes)
{
    return bytes > args->values[SIZE] ? 1 : 0;
}

static int simple_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    uint32_t n = (uint32_t)args->values[BLOCKS];
    for (uint32_t t = 0; t < args->threads; t++) {
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < n_rounds(args); i++) {
            for (uint32_t slot = 0; slot < n; slot++)
                plan_builder_malloc(b, t, slot, args->values[SIZE]);
            for (uint32_t slot = 0; slot < n; slot++)
                plan_builder_free_slot(b, t, slot);
        }
        plan_builder_loop_end(b, t);
    }
    return 0;
}

const struct workload workload_glibc_simple = {
    .name = "glibc-simple",
    .summary = "blocks of one size, allocated in a row and freed in a row: the paths of malloc",
    .source = "malloc-simple of the GNU C library's benchtests, as its change log describes it",
    .surprise = "main=no as fast as main=yes at one thread with glibc: a process that never made "
                "a thread is spared its locks",
    .params = params,
    .threads_min = 1,
    .known = true,
    .seedless = true,
    .claims = simple_claims,
    .share_below = simple_share_below,
    .extent = simple_extent,
    .plan = simple_plan,
};
