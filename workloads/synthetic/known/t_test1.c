/*
 * ptmalloc's own test: threads with bins that hold one block each. A thread fills its bins, then
 * acts on random ones: a block is freed or changes its size, an empty bin gets a block by malloc,
 * calloc or memalign. After so many actions it frees all and ends, and its root starts the next.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { BINS, ACTIONS, THREADS, MIN, SIZE, REALLOC, CALLOC, MEMALIGN, MAIN };
enum { ALIGNMENT_LOG2_MIN = 4, ALIGNMENTS = 5 };

static const struct param params[] = {
    [BINS] = {"bins", PARAM_COUNT, 1000, 1, 1000000, "blocks at most that a thread holds"},
    [ACTIONS] = {"actions", PARAM_COUNT, 10000, 1, 100000000, "on bins in the life of a thread"},
    [THREADS] = {"lives", PARAM_COUNT, 2, 1, 10000,
                 "threads that each root starts in one pass, one after the other"},
    [MIN] = {"min", PARAM_BYTES, 1, 1, GIB, "least size"},
    [SIZE] = {"size", PARAM_BYTES, 10000, 1, GIB,
              "greatest size; all from min to it are equally likely"},
    [REALLOC] = {"realloc", PARAM_SHARE, PARAM_MILLIONTHS(0.25), 0, PARAM_MILLIONTHS(0.95),
                 "of the actions on blocks; the others free"},
    [CALLOC] = {"calloc", PARAM_SHARE, PARAM_MILLIONTHS(0.1), 0, PARAM_ONE,
                "of the actions on empty bins"},
    [MEMALIGN] = {"memalign", PARAM_SHARE, PARAM_MILLIONTHS(0.1), 0, PARAM_ONE,
                  "of the actions on empty bins; alignments are 16 to 256"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int t_test1_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    const uint64_t *v = args->values;
    if (v[CALLOC] + v[MEMALIGN] > PARAM_ONE)
        return err_set(err, EINVAL,
                       "calloc and memalign are shares of the same actions: their sum "
                       "is above 1");
    /* prefixes too */
    uint64_t life = 3 * v[BINS] + 2 * v[ACTIONS] + 1;
    extent->threads = args->threads * (1 + v[THREADS]);
    extent->words = args->threads * (v[THREADS] * (life + 2) + 1);
    return sizes_check(v[MIN], v[SIZE], err);
}

static struct sizes sizes_of_args(const struct workload_args *args)
{
    return sizes_shaped(args->values[MIN], args->values[SIZE], SIZES_EVEN);
}

/* Threads need not hold all at the same time. */
static void t_test1_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of_args(args);
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, v[BINS], claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, args->threads * v[BINS],
                        args->threads * v[THREADS] * (v[BINS] + v[ACTIONS]), claims);
    claims->live_min = live_min;
}

static double t_test1_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of_args(args);
    return sizes_share_below(&sizes, bytes);
}

/* The bins of one thread. */
struct bins {
    const struct workload_args *args;
    struct sizes sizes;
    struct rng rng;
    uint64_t *bytes; /* 0: empty */
    uint32_t t;
};

static void fill(struct bins *bins, struct plan_builder *b, uint32_t bin)
{
    const uint64_t *v = bins->args->values;
    uint64_t bytes = bins->bytes[bin] = sizes_draw(&bins->sizes, &bins->rng);
    uint64_t how = rng_below(&bins->rng, PARAM_ONE);
    if (how < v[CALLOC]) {
        plan_builder_calloc(b, bins->t, bin, bytes);
    } else if (how < v[CALLOC] + v[MEMALIGN]) {
        uint64_t log2 = ALIGNMENT_LOG2_MIN + rng_below(&bins->rng, ALIGNMENTS);
        plan_builder_aligned(b, bins->t, bin, UINT64_C(1) << log2, bytes);
    } else {
        plan_builder_malloc(b, bins->t, bin, bytes);
    }
}

static void empty(struct bins *bins, struct plan_builder *b, uint32_t bin)
{
    plan_builder_free_slot(b, bins->t, bin);
    bins->bytes[bin] = 0;
}

static void act(struct bins *bins, struct plan_builder *b)
{
    uint32_t bin = (uint32_t)rng_below(&bins->rng, bins->args->values[BINS]);
    uint64_t old = bins->bytes[bin];
    if (old == 0) {
        fill(bins, b, bin);
    } else if (rng_below(&bins->rng, PARAM_ONE) < bins->args->values[REALLOC]) {
        bins->bytes[bin] = sizes_draw(&bins->sizes, &bins->rng);
        plan_builder_realloc(b, bins->t, bin, old, bins->bytes[bin]);
    } else {
        empty(bins, b, bin);
    }
}

static void append_life(struct bins *bins, struct plan_builder *b)
{
    uint32_t n = (uint32_t)bins->args->values[BINS];
    for (uint32_t bin = 0; bin < n; bin++)
        fill(bins, b, bin);
    for (uint64_t i = 0; i < bins->args->values[ACTIONS]; i++)
        act(bins, b);
    for (uint32_t bin = 0; bin < n; bin++)
        if (bins->bytes[bin] != 0)
            empty(bins, b, bin);
}

static void append_root(struct bins *bins, struct plan_builder *b, uint32_t root)
{
    uint32_t n_lives = (uint32_t)bins->args->values[THREADS];
    uint32_t first = bins->args->threads + root * n_lives;
    bins->rng = generate_rng(bins->args->seed, root);
    plan_builder_loop_begin(b, root);
    for (uint32_t i = 0; i < n_lives; i++) {
        plan_builder_spawn(b, root, first + i);
        plan_builder_join(b, root, first + i);
    }
    plan_builder_loop_end(b, root);
    for (uint32_t i = 0; i < n_lives; i++) {
        bins->t = first + i;
        append_life(bins, b);
    }
}

static int t_test1_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct bins bins = {.args = args, .sizes = sizes_of_args(args)};
    bins.bytes = calloc(args->values[BINS], sizeof(bins.bytes[0]));
    if (!bins.bytes)
        return err_set(err, ENOMEM, "no memory to lay out %lu bins", args->values[BINS]);
    for (uint32_t root = 0; root < args->threads; root++)
        append_root(&bins, b, root);
    free(bins.bytes);
    return 0;
}

const struct workload workload_t_test1 = {
    .name = "t-test1",
    .summary = "threads with bins of random sizes: malloc, calloc, memalign, realloc and free",
    .source = "t-test1 of Gloger's ptmalloc",
    .surprise = "glibc behind allocators that it leads elsewhere: this is the test that its "
                "ancestor was made with",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = t_test1_claims,
    .share_below = t_test1_share_below,
    .extent = t_test1_extent,
    .plan = t_test1_plan,
};
