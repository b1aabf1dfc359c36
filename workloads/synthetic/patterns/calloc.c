/*
 * calloc of memory that was used before, and of memory that was not.
 *
 * Recycled: small and middle sizes come round again and again; the allocator has to clear each
 * object, whatever it knows. Fresh: blocks larger than any that glibc keeps (its mmap threshold
 * rises to 32 MiB at most), of which a program then uses a few pages. Who gets them from the system
 * anew gets them cleared; who clears them again, or keeps freed ones, makes all pages resident.
 *
 * A pass of the fresh ones takes a tenth of a millisecond where nothing is cleared and up to a tenth
 * of a second where all is.
 */
#include "generate.h"
#include "patterns.h"
#include "set_life.h"

enum { LIVE, MIN, MAX, PAGES, OPS, MAIN };

#define PAGES_ROW(preset) \
    { \
        "pages", PARAM_COUNT, preset, 0, 1000000, "of 4 KiB that are used of each; 0: all" \
    }

static const struct param recycled_params[] = {
    [LIVE] = {"live", PARAM_COUNT, 500, 1, 10000000, "objects that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(32 * KIB),
    [PAGES] = PAGES_ROW(0),
    [OPS] = GENERATE_OPS_ROW(20000, "calls of one thread in one pass, besides the first and last "
                                    "of each object held"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static const struct param fresh_params[] = {
    [LIVE] = {"live", PARAM_COUNT, 2, 1, 10000, "blocks that each thread holds"},
    [MIN] = GENERATE_MIN_ROW(33 * MIB),
    [MAX] = GENERATE_MAX_ROW(64 * MIB),
    [PAGES] = PAGES_ROW(16),
    [OPS] = GENERATE_OPS_ROW(4, "calls of one thread in one pass, besides the first and last of "
                                "each block held"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int calloc_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    extent->threads = args->threads;
    extent->words = args->threads * (set_life_words(v[LIVE], v[OPS] / 2, 2) + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

static void calloc_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct sizes sizes = sizes_for(args);
    *claims = (struct workload_claims){0};
    generate_claim_peaks(&sizes, args->values[LIVE], args->threads,
                         args->threads * args->values[OPS] / 2, claims);
}

static double calloc_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void make_cleared(const void *context, struct rng *rng, struct plan_builder *b, uint32_t t,
                         uint32_t slot)
{
    const struct workload_args *args = context;
    struct sizes sizes = sizes_for(args);
    plan_builder_touch_pages(b, t, (uint32_t)args->values[PAGES]);
    plan_builder_calloc(b, t, slot, sizes_draw(&sizes, rng));
}

static int calloc_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    struct set_life set = {
        .n_objects = args->values[LIVE],
        .n_replaced = args->values[OPS] / 2,
        .make = make_cleared,
        .context = args,
    };
    for (uint32_t t = 0; t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        set_life_body(&set, &rng, b, t);
    }
    return 0;
}

const struct workload workload_calloc_recycled = {
    .name = "calloc-recycled",
    .summary = "calloc of small and middle sizes in memory that was used before: clearing",
    .source = "scripting languages and codecs, which clear what they allocate; the question in "
              "gperftools issue 22 whether calloc is slower than it must be",
    .surprise = "a middle size that costs much more than writing its bytes: then clearing goes "
                "through new pages instead",
    .params = recycled_params,
    .threads_min = 1,
    .claims = calloc_claims,
    .share_below = calloc_share_below,
    .extent = calloc_extent,
    .plan = calloc_plan,
};

const struct workload workload_calloc_fresh = {
    .name = "calloc-fresh",
    .summary = "calloc of blocks beyond 32 MiB, of which a few pages are used: who clears what the "
               "system cleared",
    .source = "sparse arrays and hash tables; oneTBB issue 178, where calloc made a gigabyte "
              "resident that nobody used",
    .surprise = "resident memory near the blocks' size, and a thousandth of the speed, with "
                "an allocator that maps each such block anew, as glibc and jemalloc do: "
                "nobody has to clear what the system just cleared (with one that does not "
                "tell, as gperftools' tcmalloc, it is the rule)",
    .params = fresh_params,
    .threads_min = 1,
    .claims = calloc_claims,
    .share_below = calloc_share_below,
    .extent = calloc_extent,
    .plan = calloc_plan,
};
