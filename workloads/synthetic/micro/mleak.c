/*
 * Threads come and go, and each frees all that it made before it ends: nothing is live between two
 * of them. So memory must not grow with the number of threads that ever were, whatever an allocator
 * keeps for a thread.
 */
#include "generate.h"
#include "micro.h"

enum { STARTS, AT_ONCE, OBJECTS, MIN, MAX, MAIN };

static const struct param params[] = {
    [STARTS] = {"starts", PARAM_COUNT, 16, 1, 100000, "threads that each root starts in one pass"},
    [AT_ONCE] = {"at-once", PARAM_COUNT, 2, 1, 1000, "of them, alive together"},
    [OBJECTS] = {"objects", PARAM_COUNT, 500, 1, 10000000, "that a thread makes, then frees"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(4096),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int mleak_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    const uint64_t *v = args->values;
    extent->threads = args->threads * (1 + v[STARTS]);
    extent->words = args->threads * (v[STARTS] * (2 * v[OBJECTS] + 3) + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

/* Threads need not hold all at the same time. */
static void mleak_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of(v[MIN], v[MAX]);
    uint64_t at_once = v[AT_ONCE] < v[STARTS] ? v[AT_ONCE] : v[STARTS];
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, v[OBJECTS], claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, args->threads * at_once * v[OBJECTS],
                        args->threads * v[STARTS] * v[OBJECTS], claims);
    claims->live_min = live_min;
}

static double mleak_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    return sizes_share_below(&sizes, bytes);
}

static void append_life(const struct workload_args *args, struct rng *rng, struct plan_builder *b,
                        uint32_t t)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    uint32_t n = (uint32_t)args->values[OBJECTS];
    for (uint32_t slot = 0; slot < n; slot++)
        plan_builder_malloc(b, t, slot, sizes_draw(&sizes, rng));
    for (uint32_t slot = 0; slot < n; slot++)
        plan_builder_free_slot(b, t, slot);
}

/* `first`: the first of the threads that `root` starts. */
static void append_root(const struct workload_args *args, struct plan_builder *b, uint32_t root,
                        uint32_t first)
{
    uint64_t n_starts = args->values[STARTS];
    uint64_t at_once = args->values[AT_ONCE];
    plan_builder_loop_begin(b, root);
    for (uint64_t from = 0; from < n_starts; from += at_once) {
        uint64_t to = from + at_once < n_starts ? from + at_once : n_starts;
        for (uint64_t i = from; i < to; i++)
            plan_builder_spawn(b, root, first + (uint32_t)i);
        for (uint64_t i = from; i < to; i++)
            plan_builder_join(b, root, first + (uint32_t)i);
    }
    plan_builder_loop_end(b, root);
}

static int mleak_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    uint32_t n_starts = (uint32_t)args->values[STARTS];
    for (uint32_t root = 0; root < args->threads; root++) {
        uint32_t first = args->threads + root * n_starts;
        struct rng rng = generate_rng(args->seed, root);
        append_root(args, b, root, first);
        for (uint32_t i = 0; i < n_starts; i++)
            append_life(args, &rng, b, first + i);
    }
    return 0;
}

const struct workload workload_mleak = {
    .name = "mleak",
    .summary = "threads come and go and free all that they made: memory must not grow",
    .source =
        "mleak of mimalloc-bench (Leijen), in spirit: its threads also leave one small object each to a later one, as in thread-churn",
    .surprise = "resident memory that is greater after many passes than after one: what was kept "
                "for threads that ended would be lost",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = mleak_claims,
    .share_below = mleak_share_below,
    .extent = mleak_extent,
    .plan = mleak_plan,
};
