/*
 * Objects of mixed sizes that ask for mixed alignments, each power of two from 16 bytes to 2 MiB
 * equally likely: of vector registers, cache lines, pages, direct I/O, huge pages. An allocator may
 * cut the object out of a larger block (and keep what lies before it in use, or not), search among
 * blocks that are aligned already, or round everything up.
 */
#include <errno.h>

#include "generate.h"
#include "patterns.h"
#include "set_life.h"

enum { LIVE, MIN, MAX, FROM, TO, OPS, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_COUNT, 200, 1, 10000000, "objects that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(64 * KIB),
    [FROM] = {"from", PARAM_BYTES, 16, 8, GIB, "least alignment, a power of two"},
    [TO] = {"to", PARAM_BYTES, 2 * MIB, 8, GIB,
            "greatest alignment, a power of two; each from the least on is equally likely"},
    [OPS] = GENERATE_OPS_ROW(10000, "calls of one thread in one pass, besides the first and last "
                                    "of each object held"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int alignment_extent(const struct workload_args *args, struct workload_extent *extent,
                            struct err *err)
{
    const uint64_t *v = args->values;
    if (!is_power_of_two(v[FROM]) || !is_power_of_two(v[TO]) || v[FROM] > v[TO])
        return err_set(err, EINVAL,
                       "alignments from %lu to %lu: both have to be powers of two, and from no "
                       "greater than to",
                       v[FROM], v[TO]);
    extent->threads = args->threads;
    extent->words = args->threads * (set_life_words(v[LIVE], v[OPS] / 2, 2) + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

static void alignment_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct sizes sizes = sizes_for(args);
    *claims = (struct workload_claims){0};
    generate_claim_peaks(&sizes, args->values[LIVE], args->threads,
                         args->threads * args->values[OPS] / 2, claims);
}

static double alignment_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void make_aligned(const void *context, struct rng *rng, struct plan_builder *b, uint32_t t,
                         uint32_t slot)
{
    const struct workload_args *args = context;
    struct sizes sizes = sizes_for(args);
    unsigned n = log2_floor(args->values[TO] / args->values[FROM]) + 1;
    uint64_t alignment = args->values[FROM] << rng_below(rng, n);
    plan_builder_aligned(b, t, slot, alignment, sizes_draw(&sizes, rng));
}

static int alignment_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    struct set_life set = {
        .n_objects = args->values[LIVE],
        .n_replaced = args->values[OPS] / 2,
        .make = make_aligned,
        .context = args,
    };
    for (uint32_t t = 0; t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        set_life_body(&set, &rng, b, t);
    }
    return 0;
}

const struct workload workload_alignment = {
    .name = "alignment",
    .summary = "objects of mixed sizes with alignments of 16 bytes to 2 MiB",
    .source = "direct I/O, vector units and huge pages; rpmalloc issue 89 and mimalloc issues 577 "
              "and 628 on large alignments",
    .surprise =
        "resident memory near what is live: what lies before an aligned object would then all "
        "serve others, although hardly anything else fits there",
    .params = params,
    .threads_min = 1,
    .claims = alignment_claims,
    .share_below = alignment_share_below,
    .extent = alignment_extent,
    .plan = alignment_plan,
};
