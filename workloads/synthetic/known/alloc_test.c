/*
 * Slots that are filled and emptied by power laws: a random slot is picked, and what it holds is
 * freed, or if it is empty a new object is made. Few slots are picked often and most seldom; few
 * sizes are large and most small. So objects of every age are live at any time.
 *
 * The first half of a pass picks at random; the second picks the same slots as often, in another
 * order. So each slot is full at the end if it was at the beginning.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { SLOTS, MIN, MAX, OPS, MAIN };

static const struct param params[] = {
    [SLOTS] = {"slots", PARAM_COUNT, 10000, 1, 10000000,
               "of each thread, half of them full; each halving of their numbers is picked twice "
               "as often"},
    [MIN] = GENERATE_MIN_ROW(8),
    [MAX] = {"max", PARAM_BYTES, 1024, 1, GIB,
             "greatest size; each doubling from min on is half as likely as the one before"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_of_args(const struct workload_args *args)
{
    return sizes_shaped(args->values[MIN], args->values[MAX], SIZES_PARETO);
}

static int alloc_test_extent(const struct workload_args *args, struct workload_extent *extent,
                             struct err *err)
{
    const uint64_t *v = args->values;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * v[SLOTS] + v[OPS] + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

static void alloc_test_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of_args(args);
    double mean = sizes_mean(&sizes);
    double variance = sizes_variance(&sizes);
    struct generate_spread slot = {
        .mean = mean / 2,
        .variance = variance / 2 + mean * mean / 4, /* of nothing or a size, by a fair coin */
        .most = (double)sizes.max,
    };
    *claims = (struct workload_claims){0};
    generate_claim_spread(&slot, args->threads * v[SLOTS], args->threads * v[OPS], claims);
}

static double alloc_test_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of_args(args);
    return sizes_share_below(&sizes, bytes);
}

/* The slots of one thread. */
struct slots {
    struct sizes sizes;
    uint64_t n;
    uint64_t *bytes; /* 0: empty */
    uint32_t *picks; /* of a pass, in order */
    uint64_t n_picks;
};

/* Numbers below n / 2^k, where k is the heads before the first tail of a coin. */
static uint32_t pick(uint64_t n, struct rng *rng)
{
    uint64_t coins = rng_next(rng) | UINT64_C(1) << log2_floor(n);
    return (uint32_t)rng_below(rng, n >> __builtin_ctzll(coins));
}

static void draw_picks(struct slots *s, struct rng *rng)
{
    uint64_t half = s->n_picks / 2;
    for (uint64_t i = 0; i < half; i++) {
        s->picks[i] = pick(s->n, rng);
        uint64_t j = rng_below(rng, i + 1); /* the copy is shuffled as it grows */
        s->picks[half + i] = s->picks[half + j];
        s->picks[half + j] = s->picks[i];
    }
}

/*
 * One pass; without a builder only its effect on what is held. As the stream comes by value, passes
 * are alike: the dry one finds the sizes that a pass leaves.
 */
static void act(struct slots *s, struct rng rng, struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < s->n_picks; i++) {
        uint32_t slot = s->picks[i];
        bool fills = s->bytes[slot] == 0;
        s->bytes[slot] = fills ? sizes_draw(&s->sizes, &rng) : 0;
        if (b && fills)
            plan_builder_malloc(b, t, slot, s->bytes[slot]);
        else if (b)
            plan_builder_free_slot(b, t, slot);
    }
}

static void append_thread(struct slots *s, struct rng rng, struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < s->n; i++)
        s->bytes[i] = rng_below(&rng, 2) * sizes_draw(&s->sizes, &rng);
    draw_picks(s, &rng);
    act(s, rng, NULL, t);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->bytes[i] != 0)
            plan_builder_malloc(b, t, i, s->bytes[i]);
    plan_builder_loop_begin(b, t);
    act(s, rng, b, t);
    plan_builder_loop_end(b, t);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->bytes[i] != 0)
            plan_builder_free_slot(b, t, i);
}

static int alloc_test_plan(const struct workload_args *args, struct plan_builder *b,
                           struct err *err)
{
    const uint64_t *v = args->values;
    struct slots s = {
        .sizes = sizes_of_args(args),
        .n = v[SLOTS],
        .n_picks = v[OPS] / 2 * 2,
        .bytes = calloc(v[SLOTS], sizeof(s.bytes[0])),
        .picks = calloc(v[OPS], sizeof(s.picks[0])),
    };
    bool has_memory = s.bytes && s.picks;
    for (uint32_t t = 0; has_memory && t < args->threads; t++)
        append_thread(&s, generate_rng(args->seed, t), b, t);
    free(s.bytes);
    free(s.picks);
    return has_memory ? 0 : err_set(err, ENOMEM, "no memory to lay out %lu slots", v[SLOTS]);
}

const struct workload workload_alloc_test = {
    .name = "alloc-test",
    .summary = "objects of every age and most of them small, by power laws of sizes and of slots",
    .source = "Ignatchenko and others' alloc-test (node-dynamics)",
    .surprise = "resident memory of several times what is live: old objects among young ones "
                "would hold pages that are nearly empty",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = alloc_test_claims,
    .share_below = alloc_test_share_below,
    .extent = alloc_test_extent,
    .plan = alloc_test_plan,
};
