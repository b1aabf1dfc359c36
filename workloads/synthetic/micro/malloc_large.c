/*
 * Few large blocks, replaced at random. What such a program pays is three things, and `part` tells
 * them apart by what two variants differ in:
 *
 *      allocate    only the first page of a block is written: the calls alone
 *      touch       the same requests, all pages are written: what is more than above is page faults,
 *                  zeroing by the kernel, and the writes
 *      reuse       all pages are written, but a block is replaced by one of the same size, so that
 *                  an allocator that kept the block has a use for it: what is less than above is
 *                  what keeping saves
 *
 * Read them with the policy of touching left at its default or at `page`.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "micro.h"

enum { PART, LIVE, MIN, MAX, OPS, MAIN };
enum { PART_ALLOCATE, PART_TOUCH, PART_REUSE };

static const char *const parts[] = {"allocate", "touch", "reuse"};

static const struct param params[] = {
    [PART] = {"part", PARAM_CHOICE, PART_TOUCH, 0, ARRAY_SIZE(parts) - 1,
              "write one page of new blocks, or all pages, or all and let sizes return", parts},
    [LIVE] = {"live", PARAM_COUNT, 4, 1, 100000, "blocks that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(5 * MIB),
    [MAX] = {"max", PARAM_BYTES, 25 * MIB, 1, GIB,
             "greatest size; all from min to max are equally likely"},
    [OPS] = GENERATE_OPS_ROW(4, "calls of one thread in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static int large_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    const uint64_t *v = args->values;
    extent->threads = args->threads;
    extent->words = args->threads * (3 * v[LIVE] + 3 * (v[OPS] / 2) + 1); /* prefixes too */
    return sizes_check(v[MIN], v[MAX], err);
}

static struct sizes sizes_of_args(const struct workload_args *args)
{
    return sizes_shaped(args->values[MIN], args->values[MAX], SIZES_EVEN);
}

static void large_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of_args(args);
    *claims = (struct workload_claims){0};
    uint64_t draws = v[PART] == PART_REUSE ? 0 : args->threads * (v[OPS] / 2);
    generate_claim_peak(&sizes, args->threads * v[LIVE], draws, claims);
    /* the same few sizes return, however many requests there are */
    claims->sizes_slack = v[PART] == PART_REUSE ? 1 : 0;
}

static double large_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of_args(args);
    return sizes_share_below(&sizes, bytes);
}

static void append_block(const struct workload_args *args, struct plan_builder *b, uint32_t t,
                         uint32_t slot, uint64_t bytes)
{
    if (args->values[PART] == PART_ALLOCATE)
        plan_builder_touch_pages(b, t, 1);
    plan_builder_malloc(b, t, slot, bytes);
}

/*
 * One pass; without a builder only its effect on the sizes. As the stream comes by value, passes are
 * alike: the dry one finds the sizes that a pass leaves.
 */
static void replace(const struct workload_args *args, uint64_t *bytes, struct rng rng,
                    struct plan_builder *b, uint32_t t)
{
    struct sizes sizes = sizes_of_args(args);
    for (uint64_t i = 0; i < args->values[OPS] / 2; i++) {
        uint32_t slot = (uint32_t)rng_below(&rng, args->values[LIVE]);
        uint64_t size = sizes_draw(&sizes, &rng);
        if (args->values[PART] != PART_REUSE)
            bytes[slot] = size;
        if (!b)
            continue;
        plan_builder_free_slot(b, t, slot);
        append_block(args, b, t, slot, bytes[slot]);
    }
}

static void append_thread(const struct workload_args *args, uint64_t *bytes, struct plan_builder *b,
                          uint32_t t)
{
    struct sizes sizes = sizes_of_args(args);
    struct rng rng = generate_rng(args->seed, t);
    uint32_t n = (uint32_t)args->values[LIVE];
    for (uint32_t slot = 0; slot < n; slot++)
        bytes[slot] = sizes_draw(&sizes, &rng);
    replace(args, bytes, rng, NULL, t);
    for (uint32_t slot = 0; slot < n; slot++)
        append_block(args, b, t, slot, bytes[slot]);
    plan_builder_loop_begin(b, t);
    replace(args, bytes, rng, b, t);
    plan_builder_loop_end(b, t);
    for (uint32_t slot = 0; slot < n; slot++)
        plan_builder_free_slot(b, t, slot);
}

static int large_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    uint64_t *bytes = calloc(args->values[LIVE], sizeof(bytes[0]));
    if (!bytes)
        return err_set(err, ENOMEM, "no memory to lay out %lu blocks", args->values[LIVE]);
    for (uint32_t t = 0; t < args->threads; t++)
        append_thread(args, bytes, b, t);
    free(bytes);
    return 0;
}

const struct workload workload_malloc_large = {
    .name = "malloc-large",
    .summary = "few large blocks, replaced: the calls, the first touch and the reuse told apart",
    .source = "malloc-large of mimalloc-bench (Stolyarov, Leijen), in three parts",
    .surprise = "part=reuse as slow as part=touch with an allocator that says it keeps large "
                "blocks: it would fault them in again all the same",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = large_claims,
    .share_below = large_share_below,
    .extent = large_extent,
    .plan = large_plan,
};
